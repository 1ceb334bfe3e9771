/** @file The driver that every JavaScript peer shares. In: a peer's functions, the command line. Out: one
 *  line of JSON for each case. A peer is
 *
 *    await bench({
 *      peer: "name", threads: [1],                  // what --threads may be
 *      async load({ threads }) → { version, … },    // the library
 *      async stream(lib, case) → { step(), check() },              W1
 *      async infer(lib, case) → { run(), check() },                W2, W4, W5, W7
 *      async train(lib, case) → { step() → loss, tokens?, note? }, W3, W7
 *      async custom(lib, case) → the same,                         W6
 *      async products(lib, case) → { run(), check() }
 *    });
 *
 *  A function left out, or one that gives null, means that the peer cannot; what it throws is reported in
 *  its line. Never decides what is right: `check` is compared by the runner. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { flopsPerToken } from "./data.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const home = process.env.PEERS_HOME ?? join(root, ".installs");
const workloads = JSON.parse(readFileSync(join(root, "workloads.json"), "utf8"));

/** `require` as if from inside the peer's own install folder. */
export const requireFrom = (install) =>
  createRequire(pathToFileURL(join(home, install, "package.json")));
export const versionOf = (install, pkg) =>
  JSON.parse(readFileSync(pathIn(install, pkg, "package.json"), "utf8")).version;
export const pathIn = (install, ...rest) => join(home, install, "node_modules", ...rest);

// Not imported: for an import the engine looks at all that node:util has, 5 ms of every cold start.
const { parseArgs } = process.getBuiltinModule("node:util");
const { values: options } = parseArgs({
  options: {
    threads: { type: "string", default: "1" },
    only: { type: "string" },
    case: { type: "string" },
    quick: { type: "boolean", default: false },
    cold: { type: "boolean", default: false },
    prepare: { type: "boolean", default: false },
    pairs: { type: "boolean", default: false },
    vectors: { type: "string" },
  },
});

const round = (x, digits = 5) =>
  typeof x === "number" && Number.isFinite(x) ? Number(x.toPrecision(digits)) : x;
const print = (row) => process.stdout.write(`${JSON.stringify(row)}\n`);

/** The case without what only tells the runner how to use it. */
export const paramsOf = ({ quick: _, kind: __, ...params }) => params;

/** A setting that a peer's script may have beside those of all. */
export const { vectors } = options;

export async function bench(peer) {
  if (options.pairs) {
    await pairs(peer);
    process.exit(0);
  }
  const threads = Number(options.threads);
  if (!peer.threads.includes(threads)) return;
  if (options.prepare) await peer.prepare?.(chosen());
  else if (options.cold) await cold(peer, threads);
  else await warm(peer, threads);
  process.exit(0);
}

/** [workload, kind, case] of what the command line asks for. */
function chosen() {
  const only = options.only?.split(",");
  return Object.entries(workloads)
    .filter(
      ([name, { kind }]) => (kind !== "cold" || options.prepare) && (!only || only.includes(name)),
    )
    .flatMap(([name, { kind, cases }]) =>
      cases
        .filter((_, i) => options.case === undefined || Number(options.case) === i)
        .filter((c) => !options.quick || c.quick)
        .map((c) => [name, c.kind ?? kind, c]),
    );
}

async function cold(peer, threads) {
  const params = paramsOf(workloads.W5.cases[0]);
  if (!peer.infer) return;
  const started = performance.now();
  const lib = await peer.load({ threads });
  const loaded = performance.now();
  const made = await peer.infer(lib, params);
  const built = performance.now();
  await made.run();
  const done = performance.now();
  const { user, system } = process.cpuUsage();
  print({
    peer: peer.peer,
    version: lib.version,
    workload: "W5",
    params,
    threads,
    total_ms: round(done),
    cpu_ms: round((user + system) / 1000),
    import_ms: round(loaded - started),
    build_ms: round(built - loaded),
    first_ms: round(done - built),
  });
}

const TURN_MS = 100;
/** What the yardstick says where there are two cores and they are as fast. */
const TWO_CORES = [1.75, 2.25];

/**
 * The same work with one thread and with two, a tenth of a second each in turn, and the yardstick before and after: what
 * else the machine does meanwhile happens to both. Of each turn the first call is left out: the second thread has rested.
 * A line for each case: the threads that ran, medians and minima; `second_core`, the yardstick's median; `there`, the
 * medians of those turns between which the yardstick found two cores as fast, and how many of all they are.
 */
async function pairs(peer) {
  const libs = [await peer.load({ threads: 1 }), await peer.load({ threads: 2 })];
  const budget = options.quick ? 800 : 6000;
  const { createYardstick } = await import("./yardstick.mjs");
  const worth = createYardstick();
  for (let i = 0; i < 3; i++) worth(); // warm-up
  for (const [workload, kind, c] of chosen()) {
    const params = paramsOf(c);
    const made = [await peer[kind](libs[0], params), await peer[kind](libs[1], params)];
    const turn = async (i) => {
      const call = made[i].step ?? made[i].run;
      await call();
      const found = [];
      for (const end = performance.now() + TURN_MS; found.length < 2 || performance.now() < end; ) {
        const from = performance.now();
        await call();
        found.push(performance.now() - from);
      }
      return found;
    };
    for (const i of [0, 1]) await turn(i); // warm-up
    const turns = [];
    let before = worth();
    for (const start = performance.now(); performance.now() - start < budget; ) {
      const taken = [await turn(0), await turn(1)];
      const after = worth();
      turns.push({ taken, gains: [before, after] });
      before = after;
    }
    const isThere = ({ gains }) => gains.every((g) => TWO_CORES[0] <= g && g <= TWO_CORES[1]);
    const there = turns.filter(isThere);
    const all = (list, i) => list.flatMap((t) => t.taken[i]);
    const medians = (list) => [0, 1].map((i) => round(median(all(list, i))));
    print({
      measure: "pairs",
      peer: peer.peer,
      workload,
      params,
      threads: made.map((m) => m.threads()),
      median_ms: medians(turns),
      min_ms: [0, 1].map((i) => round(Math.min(...all(turns, i)))),
      calls: all(turns, 1).length,
      second_core: round(median(turns.map((t) => t.gains[1])), 3),
      there:
        there.length === 0
          ? null
          : { turns: there.length, of: turns.length, median_ms: medians(there) },
    });
    for (const m of made) await m.dispose?.();
  }
}

async function warm(peer, threads) {
  const lib = await peer.load({ threads });
  for (const [workload, kind, c] of chosen()) {
    if (!peer[kind]) continue;
    const params = paramsOf(c);
    const base = { peer: peer.peer, version: lib.version, workload, params, threads };
    try {
      const row = await timed(peer, lib, kind, params);
      if (row !== null) print({ ...base, ...row });
    } catch (error) {
      print({
        ...base,
        error: String(error?.message ?? error)
          .split("\n")[0]
          .slice(0, 200),
      });
    }
  }
}

async function timed(peer, lib, kind, params) {
  const start = performance.now();
  const made = await peer[kind](lib, params);
  if (!made) return null;
  const build_ms = performance.now() - start;
  const first = performance.now();
  const training = kind === "train" || kind === "custom";
  const calls = [];
  const check = training ? await losses(made, calls) : round(await made.check(), 6);
  const first_ms = performance.now() - first;
  if (!training) calls.push(first_ms);
  const one = Math.min(...calls);
  const slow = kind !== "stream" && one > 2500;
  const short = options.quick ? { budget: 300, warm: 100, minSamples: 3 } : {};
  // --quick takes the calls that gave the check values where one takes a second.
  const time =
    options.quick && kind !== "stream" && one > 1000
      ? {
          median_ms: median(calls),
          min_ms: one,
          user_ms: one,
          sys_ms: 0,
          samples: calls.length,
          others: 0,
        }
      : await measure(made.step ?? made.run, { ...made.measure, ...short, slow });
  const tokens = made.tokens ?? (params.T ?? 1) * (params.B ?? 1);
  const flops = flopsPerToken(params) * (training ? 3 : 1) * tokens;
  const row = {
    ...(made.threads === undefined ? {} : { threads: made.threads() }),
    median_ms: round(time.median_ms),
    min_ms: round(time.min_ms),
    user_ms: round(time.user_ms),
    sys_ms: round(time.sys_ms),
    tokens_per_s: round((tokens / time.median_ms) * 1000),
    gflops: round(flops / time.median_ms / 1e6),
    check,
    build_ms: round(build_ms),
    first_ms: round(first_ms),
    peak_mb: round(process.resourceUsage().maxRSS / 1024),
    samples: time.samples,
    others: time.others,
    note: made.note,
  };
  await made.dispose?.();
  return row;
}

/** Before updates 1, 2, 3; fewer where one takes many seconds. `calls` gets their milliseconds. */
async function losses(made, calls) {
  const found = [];
  const limit = options.quick ? 2000 : 15000;
  const begun = performance.now();
  while (found.length < 3 && (found.length < 2 || performance.now() - begun < limit)) {
    const start = performance.now();
    found.push(round(await made.step(), 6));
    calls.push(performance.now() - start);
  }
  return found;
}

/**
 * Warm-up, then samples of `inner` calls each for about `budget` ms. `slow`: one call already took
 * seconds, and has been made: no more warm-up, two samples.
 */
async function measure(fn, settings) {
  const defaults = { budget: 1500, warm: 600, minSamples: 5, maxSamples: 60, slow: false };
  const { budget, warm, minSamples, maxSamples, slow } = { ...defaults, ...settings };
  let calls = slow ? 2 : 0;
  let one = Number.POSITIVE_INFINITY;
  const call = async () => {
    const result = fn();
    if (result?.then) await result;
  };
  const begun = performance.now();
  while (!slow && (performance.now() - begun < warm || calls < 2)) {
    const t = performance.now();
    await call();
    one = Math.min(one, performance.now() - t);
    calls++;
  }
  const inner = slow ? 1 : Math.max(1, Math.ceil(4 / Math.max(one, 1e-4)));
  const samples = [];
  const busyBefore = busy();
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const elapsed = () => performance.now() - start;
  const more = () =>
    samples.length < maxSamples &&
    (elapsed() < budget || (samples.length < minSamples && elapsed() < 4 * budget));
  while (samples.length < 2 || (!slow && more())) {
    const t = performance.now();
    for (let i = 0; i < inner; i++) {
      const result = fn();
      if (result?.then) await result;
    }
    samples.push((performance.now() - t) / inner);
  }
  const cpu = process.cpuUsage(cpuBefore);
  const wall = elapsed() / 1000;
  const others = (busy() - busyBefore - (cpu.user + cpu.system) / 1e6) / wall;
  const n = samples.length * inner;
  return {
    median_ms: median(samples),
    min_ms: Math.min(...samples),
    user_ms: cpu.user / 1000 / n,
    sys_ms: cpu.system / 1000 / n,
    samples: samples.length,
    others: Number(Math.max(0, others).toFixed(2)),
  };
}

function median(values) {
  const sorted = [...values].sort((x, y) => x - y);
  const m = sorted.length >> 1;
  return sorted.length % 2 ? sorted[m] : (sorted[m - 1] + sorted[m]) / 2;
}

/** CPU seconds that the whole machine has been busy: how much of it other processes took. */
function busy() {
  try {
    const fields = readFileSync("/proc/stat", "utf8")
      .split("\n")[0]
      .trim()
      .split(/\s+/)
      .slice(1, 9);
    const [all, idle] = [
      fields.map(Number).reduce((a, b) => a + b),
      Number(fields[3]) + Number(fields[4]),
    ];
    return (all - idle) / 100;
  } catch {
    return 0; // no /proc: `others` then says nothing
  }
}
