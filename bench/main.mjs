/** @file `npm run bench`: cellc and its peers, measured in turn in one run. In: the command line. Out:
 *  bench/results.json and bench/RESULTS.md, written again after every process, so that nothing measured is
 *  ever lost. Never installs anything into the package. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkedBy } from "./lib/checks.mjs";
import { extraJobs, limitName } from "./lib/extras.mjs";
import { install } from "./lib/install.mjs";
import { CORES, machine } from "./lib/machine.mjs";
import { HELP, optionsOf } from "./lib/options.mjs";
import { PEERS } from "./lib/peers.mjs";
import { planOf } from "./lib/plan.mjs";
import { report } from "./lib/report.mjs";
import { rowsOf } from "./lib/rows.mjs";
import { linesOf } from "./lib/spawn.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const home = process.env.PEERS_HOME ?? join(here, ".installs");
const json = (path) => JSON.parse(readFileSync(join(here, path), "utf8"));
const workloads = json("workloads.json");
const agreed = json("lib/agreed.json");
const say = (text) => process.stderr.write(`${text}\n`);

const known = {
  workloads: Object.keys(workloads),
  peers: PEERS.filter((p) => p.name !== "cellc").map((p) => p.name),
};
const argv = process.argv.slice(2);
const { options, wrong } = optionsOf(argv, known, CORES);
if (wrong !== undefined) {
  say(`error: ${wrong}\n\n${HELP}`);
  process.exit(2);
}
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
async function main() {
  const started = performance.now();
  const stop = new AbortController();
  process.once("SIGINT", () => {
    say("\nstopping; what was measured is kept (Ctrl-C again ends at once)");
    stop.abort();
  });
  const samples = [];
  const limits = {};
  const measures = [];
  const missing = [];
  const out = resolve(options.out ?? here);
  const results = () => ({
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    run: {
      command: ["npm run bench", ...(argv.length > 0 ? ["--", ...argv] : [])].join(" "),
      rounds: options.rounds,
      quick: options.quick,
      interrupted: stop.signal.aborted,
    },
    rows: rowsOf(samples, (s) => checkedBy(s, agreed)),
    limits,
    measures,
    missing,
  });
  const write = () => {
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "results.json"), `${JSON.stringify(results(), null, 1)}\n`);
    writeFileSync(join(out, "RESULTS.md"), report(results()));
  };

  const peers = await ready(missing);
  const wanted = (name) => options.only === null || options.only.includes(name);
  await prepare(stop.signal);
  const jobs = planOf({
    peers,
    workloads,
    only: options.only?.filter((w) => w in workloads) ?? null,
    threads: options.threads,
    rounds: options.rounds,
    quick: options.quick,
  });
  const extras = extraJobs({ wanted, options, home, root: here, say });
  let done = 0;
  const progress = (what) => {
    done += 1;
    const seconds = Math.round((performance.now() - started) / 1000);
    say(`[${done}/${jobs.length + extras.length}, ${seconds} s] ${what}`);
  };
  for (const extra of extras) {
    if (stop.signal.aborted) break;
    progress(extra.name);
    const { lines, failed } = await linesOf({
      cwd: here,
      limit: 900,
      signal: stop.signal,
      ...extra,
    });
    for (const { wall_ms: _, ...line } of lines) {
      if (line.limit === undefined) measures.push(line);
      else limits[limitName(line)] = line;
    }
    if (failed !== null && failed !== "interrupted")
      missing.push({
        peer: extra.name,
        workload: null,
        threads: extra.threads ?? null,
        reason: failed,
      });
    write();
  }
  for (const job of jobs) {
    if (stop.signal.aborted) break;
    progress(
      `${job.workload}, round ${job.round + 1}: ${job.peer.name}, ${job.threads} thread${job.threads > 1 ? "s" : ""}`,
    );
    keep(await measured(job, stop.signal), job, samples, missing);
    write();
  }
  write();
  say(`wrote ${join(out, "results.json")} and RESULTS.md`);
  if (stop.signal.aborted) return 130;
  return failures(results()).length > 0 ? 1 : 0;
}

/** The peers that can be measured; the others are named in `missing`. */
async function ready(missing) {
  const chosen = PEERS.filter(
    (p) => p.name === "cellc" || options.peers === null || options.peers.includes(p.name),
  );
  const miss = (peer, reason, threads = null) =>
    missing.push({ peer, workload: null, threads, reason });
  for (const t of options.leftOut) miss("all", `the machine has ${CORES} core`, t);
  let reasons = new Map();
  if (options.install) reasons = await install(chosen, home, say);
  for (const peer of chosen) {
    const place = peer.with === "python" ? "system-python" : peer.folder;
    if (place !== null && !reasons.has(peer.name) && !existsSync(join(home, place)))
      reasons.set(peer.name, "not installed (--no-install)");
  }
  for (const [peer, reason] of reasons) {
    say(`${peer} is left out: ${reason}`);
    miss(peer, reason);
  }
  return chosen.filter((p) => !reasons.has(p.name));
}

/** Our artifacts, compiled once, as an application ships them. */
async function prepare(signal) {
  rmSync(join(home, "artifacts"), { recursive: true, force: true });
  say("compiling the specs");
  const only = options.only === null ? [] : ["--only", options.only.join(",")];
  const { failed } = await linesOf({
    command: process.execPath,
    args: ["peers/cellc.mjs", "--prepare", ...only, ...(options.quick ? ["--quick"] : [])],
    cwd: here,
    env: { PEERS_HOME: home },
    signal,
  });
  if (failed !== null) say(`compiling: ${failed}`);
}

function measured({ peer, threads, args, limit }, signal) {
  const command = peer.with === "python" ? join(home, "system-python") : process.execPath;
  const env = { PEERS_HOME: home };
  return linesOf({
    command,
    args: [...peer.script, ...args],
    cwd: here,
    threads,
    env,
    limit,
    signal,
  });
}

/** A process's lines to samples; what failed to `missing`, once. */
function keep({ lines, failed }, job, samples, missing) {
  const { workload, peer, threads, cold } = job;
  const miss = (reason) => {
    const entry = { peer: peer.name, workload, threads, reason };
    if (!missing.some((m) => JSON.stringify(m) === JSON.stringify(entry))) missing.push(entry);
  };
  for (const { wall_ms, ...line } of lines) {
    // A cold start is from the spawn to the line, as a user waits for it.
    // Threads that did not run are no row: the same work is measured under the number that did.
    if (line.threads !== threads) miss(`asked for ${threads} threads, ran on ${line.threads}`);
    else if (cold) samples.push({ ...line, median_ms: wall_ms, min_ms: wall_ms });
    else if (line.error !== undefined)
      miss(`${line.params?.cell} H = ${line.params?.H}: ${line.error}`);
    else samples.push(line);
    const checked = line.error === undefined && !cold ? checkedBy(line, agreed) : "";
    if (checked.startsWith("wrong")) miss(`${line.params.cell} H = ${line.params.H}: ${checked}`);
  }
  if (failed !== null && failed !== "interrupted") miss(failed);
}

/** Cases in which cellc itself failed: no result to be proud of. */
const failures = ({ missing }) => missing.filter((m) => m.peer === "cellc");

process.exitCode = await main();
