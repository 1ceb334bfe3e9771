/** @file `npm run bench`: cellc and its peers, measured in turn in one run. In: the command line. Out:
 *  bench/results.json and bench/RESULTS.md, written again after every process, so that nothing measured is
 *  ever lost. Never installs anything into the package. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createCollector } from "./lib/collector.mjs";
import { extraJobs } from "./lib/extras.mjs";
import { install } from "./lib/install.mjs";
import { CORES, machine } from "./lib/machine.mjs";
import { HELP, optionsOf } from "./lib/options.mjs";
import { groupOf, PEERS } from "./lib/peers.mjs";
import { planOf } from "./lib/plan.mjs";
import { linesOf } from "./lib/spawn.mjs";

/** What --quick measures for at most; its word is 3 minutes, on a busy machine too. */
const QUICK_SECONDS = 165;

const here = dirname(fileURLToPath(import.meta.url));
const home = process.env.PEERS_HOME ?? join(here, ".installs");
const json = (path) => JSON.parse(readFileSync(join(here, path), "utf8"));
const workloads = json("workloads.json");
const say = (text) => process.stderr.write(`${text}\n`);

const argv = process.argv.slice(2);
const known = {
  workloads: Object.keys(workloads),
  peers: PEERS.filter((p) => p.group !== "cellc").map((p) => p.name),
};
const { options, wrong } = optionsOf(argv, known, CORES);
if (wrong !== undefined) {
  say(`error: ${wrong}\n\n${HELP}`);
  process.exitCode = 2;
} else if (options.help) process.stdout.write(HELP);
else process.exitCode = await main();

async function main() {
  const stop = new AbortController();
  process.once("SIGINT", () => {
    say("\nstopping; what was measured is kept (Ctrl-C again ends at once)");
    stop.abort();
  });
  const { rounds, quick } = options;
  const out = resolve(options.out ?? here);
  const command = ["npm run bench", ...(argv.length > 0 ? ["--", ...argv] : [])].join(" ");
  const found = createCollector({
    about: () => ({
      date: new Date().toISOString().slice(0, 10),
      machine: machine(),
      run: { command, rounds, quick, interrupted: stop.signal.aborted },
    }),
    agreed: json("lib/agreed.json"),
    out,
  });

  const peers = await ready(found);
  await prepare(stop.signal);
  const started = performance.now();
  const elapsed = () => Math.round((performance.now() - started) / 1000);
  const tasks = tasksOf(peers);
  for (const [i, task] of tasks.entries()) {
    if (stop.signal.aborted) break;
    const left = quick ? QUICK_SECONDS - elapsed() : Number.POSITIVE_INFINITY;
    if (left < 1) {
      const name = task.peer?.name ?? task.name;
      found.miss(name, task.workload ?? null, task.threads ?? null, "--quick had no time left");
      continue;
    }
    say(`[${i + 1}/${tasks.length}, ${elapsed()} s] ${titleOf(task)}`);
    const limit = Math.min(task.limit, left);
    found.add(task, await linesOf({ ...task, cwd: here, limit, signal: stop.signal }));
    found.write();
  }
  found.write();
  say(`wrote ${join(out, "results.json")} and RESULTS.md`);
  if (stop.signal.aborted) return 130;
  return found.results().missing.some(isOurFailure) ? 1 : 0;
}

/** Processes in order: limits, the peers by workload, what is measured of cellc alone. */
function tasksOf(peers) {
  const { only, threads, rounds, quick } = options;
  const wanted = (name) => only === null || only.includes(name);
  const asked = only?.filter((w) => w in workloads) ?? null;
  const jobs = planOf({ peers, workloads, only: asked, threads, rounds, quick }).map((job) => ({
    ...job,
    command: job.peer.with === "python" ? join(home, "system-python") : process.execPath,
    args: [...job.peer.script, ...job.args],
    env: { PEERS_HOME: home },
  }));
  const extras = extraJobs({ wanted, options, home, root: here, say });
  return [...extras.filter((e) => e.first), ...jobs, ...extras.filter((e) => !e.first)];
}

function titleOf({ name, workload, round, peer, threads }) {
  if (peer === undefined) return name;
  return `${workload}, round ${round + 1}: ${peer.name}, ${threads} thread${threads > 1 ? "s" : ""}`;
}

/** Threads that the planner did not use, time that there was not and vectors that Node has not are no failures. */
function isOurFailure({ peer, reason }) {
  const isNone = /^asked for|^--quick|^took longer than|: R403 /.test(reason);
  return groupOf(peer) === "cellc" && !isNone;
}

/** The peers that can be measured; the others are named. */
async function ready(found) {
  const chosen = PEERS.filter(
    (p) => p.group === "cellc" || options.peers === null || options.peers.includes(p.name),
  );
  for (const t of options.leftOut) found.miss("all", null, t, `the machine has ${CORES} core`);
  const reasons = options.install ? await install(chosen, home, say) : new Map();
  for (const peer of chosen) {
    const place = peer.with === "python" ? "system-python" : peer.folder;
    if (place !== null && !reasons.has(peer.name) && !existsSync(join(home, place)))
      reasons.set(peer.name, "not installed (--no-install)");
  }
  for (const [peer, reason] of reasons) {
    say(`${peer} is left out: ${reason}`);
    found.miss(peer, null, null, reason);
  }
  return chosen.filter((p) => !reasons.has(p.name));
}

/** Our artifacts, compiled once, as an application ships them. */
async function prepare(signal) {
  rmSync(join(home, "artifacts"), { recursive: true, force: true });
  say("compiling the specs");
  const only = options.only === null ? [] : ["--only", options.only.join(",")];
  const quick = options.quick ? ["--quick"] : [];
  const args = ["peers/cellc.mjs", "--prepare", ...only, ...quick];
  const env = { PEERS_HOME: home };
  const { failed } = await linesOf({ command: process.execPath, args, cwd: here, env, signal });
  if (failed !== null) say(`compiling: ${failed}`);
}
