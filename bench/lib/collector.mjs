/** @file What a run has found so far. In: the lines of processes. Out: results, and the two files, which can be
 *  written at any time. Never drops in silence what failed: it is in `missing`, once. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkedBy } from "./checks.mjs";
import { limitName } from "./extras.mjs";
import { report } from "./report.mjs";
import { rowsOf } from "./rows.mjs";

/** `about`: () → date, machine, run. `agreed`: the check values. */
export function createCollector({ about, agreed, out }) {
  const samples = [];
  const limits = {};
  const measures = [];
  const missing = [];
  const miss = (peer, workload, threads, reason) => {
    const entry = { peer, workload, threads, reason };
    if (!missing.some((m) => JSON.stringify(m) === JSON.stringify(entry))) missing.push(entry);
  };
  const results = () => ({
    ...about(),
    rows: rowsOf(samples, (s) => checkedBy(s, agreed)),
    limits,
    measures,
    missing,
  });

  /** A line of a peer's process. */
  const sample = ({ wall_ms, ...line }, { workload, peer, threads, cold }) => {
    const miss_ = (reason) => miss(peer.name, workload, threads, reason);
    const name = `${line.params?.cell} H = ${line.params?.H}`;
    if (line.error !== undefined) return miss_(`${name}: ${line.error}`);
    // Threads that did not run are no row: the same work is measured under the number that did.
    if (line.threads !== threads)
      return miss_(`asked for ${threads} threads, ran on ${line.threads}`);
    // A cold start is from the spawn to the line, as a user waits for it.
    if (cold) return void samples.push({ ...line, median_ms: wall_ms, min_ms: wall_ms });
    const checked = checkedBy(line, agreed);
    if (checked.startsWith("wrong")) miss_(`${name}: ${checked}`);
    samples.push(line);
  };

  return {
    miss,
    results,
    /** A process's lines and how it ended; `task` is of plan.mjs or extras.mjs. */
    add(task, { lines, failed }) {
      for (const line of lines) {
        if (task.peer !== undefined) sample(line, task);
        else {
          const { wall_ms: _, ...found } = line;
          if (found.limit === undefined) measures.push(found);
          else limits[limitName(found)] = found;
        }
      }
      if (failed !== null && failed !== "interrupted")
        miss(task.peer?.name ?? task.name, task.workload ?? null, task.threads ?? null, failed);
    },
    write() {
      mkdirSync(out, { recursive: true });
      writeFileSync(join(out, "results.json"), `${JSON.stringify(results(), null, 1)}\n`);
      writeFileSync(join(out, "RESULTS.md"), report(results()));
    },
  };
}
