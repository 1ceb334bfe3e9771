// @ts-check
/** @file Each target beside what was measured. In: findings. Out: lines: target, measured, met or not, or not
 *  measured. Pure; targets are data here and nowhere else. */
import { groupOf, PEERS } from "./peers.mjs";
import { caseName, fastest, ofCase, speedup } from "./rows.mjs";
import { median, short } from "./stats.mjs";
import { PEAK } from "./tables.mjs";

/**
 * @typedef {import("./rows.mjs").Row} Row
 * @typedef {Readonly<Record<string, number | string>>} Limit
 * @typedef {object} Findings
 * @property {readonly Row[]} rows
 * @property {Readonly<Record<string, Limit>>} limits
 * @property {readonly Readonly<Record<string, any>>[]} measures Lines of the scripts in ours/.
 *
 * @typedef {object} Verdict
 * @property {string} workload
 * @property {string} target
 * @property {string} measured
 * @property {boolean | null} met Null: not measured.
 *
 * @typedef {object} Comparison
 * @property {string} workload
 * @property {(p: Readonly<Record<string, any>>) => boolean} where
 * @property {readonly string[]} over Peers.
 * @property {string} called
 * @property {number} least
 */

const named = (/** @type {string} */ group) =>
  PEERS.filter((p) => p.group === group && !p.name.startsWith("pytorch ")).map((p) => p.name);
const JAVASCRIPT = named("javascript");
const NATIVE = named("native");
const any = () => true;

/** @type {readonly Comparison[]} */
export const COMPARISONS = [
  {
    workload: "W1",
    where: (p) => p.cell === "lstm" && p.H <= 256,
    over: [...JAVASCRIPT, ...NATIVE],
    called: "every peer",
    least: 1,
  },
  {
    workload: "W1",
    where: (p) => p.cell === "lstm" && p.H === 512,
    over: NATIVE,
    called: "the best native peer",
    least: 0.75,
  },
  {
    workload: "W1",
    where: (p) => p.cell === "lstm" && p.H === 512,
    over: JAVASCRIPT,
    called: "the best JavaScript peer",
    least: 1,
  },
  { workload: "W2", where: any, over: JAVASCRIPT, called: "the best JavaScript peer", least: 1.3 },
  { workload: "W2", where: any, over: NATIVE, called: "the best native peer", least: 0.35 },
  { workload: "W3", where: any, over: JAVASCRIPT, called: "the best JavaScript peer", least: 3 },
  { workload: "W3", where: any, over: ["pytorch"], called: "PyTorch", least: 0.6 },
  { workload: "W4", where: any, over: JAVASCRIPT, called: "the best JavaScript peer", least: 1.2 },
  { workload: "W4", where: any, over: NATIVE, called: "the best native peer", least: 0.4 },
  {
    workload: "W6",
    where: any,
    over: ["pytorch loop", "pytorch jit.script"],
    called: "the better of PyTorch's loop and its jit.script",
    least: 3,
  },
  {
    workload: "W6",
    where: any,
    over: JAVASCRIPT,
    called: "TensorFlow.js's custom cell",
    least: 10,
  },
];

/**
 * @param {Findings} found
 * @returns {Verdict[]}
 */
export function verdicts(found) {
  return [
    ...COMPARISONS.flatMap((c) => compared(found.rows, c)),
    ...coldStart(found),
    ...products(found),
    ...secondThread(found),
    ...compileTime(found),
    ...streaming(found),
    ...backends(found),
  ];
}

/**
 * Thread for thread: a line for each case and each number of threads that both have.
 * @param {readonly Row[]} rows
 * @param {Comparison} comparison
 * @returns {Verdict[]}
 */
function compared(rows, { workload, where, over, called, least }) {
  const ours = rows.filter(
    (r) => groupOf(r.peer) === "cellc" && r.workload === workload && where(r.params),
  );
  const lines = ours.flatMap((mine) => {
    const others = ofCase(rows, workload, mine.params).filter(
      (r) => over.includes(r.peer) && r.threads === mine.threads,
    );
    const best = fastest(others);
    if (best === null) return [];
    const ratio = speedup(mine, best);
    const minima = (ratio * spread(mine)) / spread(best);
    const wrong = mine.checked.startsWith("wrong");
    const threads = mine.threads === 1 ? "1 thread" : `${mine.threads} threads`;
    return [
      {
        workload,
        target: `${caseName(mine.params)}, ${threads}${setting(mine)}: ≥ ${least} × ${called}`,
        measured: `${ratio.toFixed(2)} × (${best.peer}; minima ${minima.toFixed(2)} ×)${wrong ? ", but our numbers are wrong" : ""}`,
        met: !wrong && (least === 1 ? ratio > 1 : ratio >= least),
      },
    ];
  });
  const none = { workload, target: `≥ ${least} × ${called}`, measured: "not measured", met: null };
  return lines.length === 0 ? [none] : lines;
}

/** Median over minimum. */
const spread = (/** @type {Row} */ { median_ms, min_ms }) => median_ms / min_ms;

/** What a row of ours was told beside the defaults. */
const setting = (/** @type {Readonly<Record<string, any>>} */ { peer }) =>
  peer === "cellc" ? "" : `, ${peer.replace("cellc ", "")}-bit vectors`;

/**
 * @param {Findings} found
 * @returns {Verdict[]}
 */
function coldStart({ rows, measures }) {
  const cold = rows.filter((r) => r.workload === "W5");
  const ours = cold.find((r) => r.peer === "cellc");
  const best = fastest(cold.filter((r) => r.peer !== "cellc"));
  const bundle = measures.find((m) => m.measure === "bundle");
  return [
    line(
      "W5",
      "cold start under every peer",
      ours && best && `${short(ours.median_ms)} ms; ${best.peer} ${short(best.median_ms)} ms`,
      () => /** @type {Row} */ (ours).median_ms < /** @type {Row} */ (best).median_ms,
    ),
    line("W5", "cold start < 100 ms", ours && `${short(ours.median_ms)} ms`, () => {
      return /** @type {Row} */ (ours).median_ms < 100;
    }),
    line(
      "W5",
      "browser bundle of runtime and wasm path ≤ 60 KB gzipped",
      bundle && `${bundle.gzipped_kb} KB`,
      () => bundle?.gzipped_kb <= 60,
    ),
  ];
}

/**
 * @param {Findings} found
 * @returns {Verdict[]}
 */
function products({ rows, limits }) {
  const peak = Number(limits[PEAK]?.gflops ?? Number.NaN);
  const mine = rows.filter((r) => r.workload === "products" && r.threads === 1);
  if (mine.length === 0 || !(peak > 0))
    return [line("products", "≥ 60 % of the f32x4 multiply-add peak", undefined, () => false)];
  return mine.map((r) => {
    const share = Number(r.gflops) / peak;
    return line(
      "products",
      `B = ${r.params.B}, H = ${r.params.H}: ≥ 60 % of the f32x4 multiply-add peak`,
      `${(100 * share).toFixed(0)} % (${short(r.gflops)} of ${short(peak)} GFLOP/s)`,
      () => share >= 0.6,
    );
  });
}

/**
 * By the calls that took turns with those of one thread, while the machine had two cores.
 * @param {Findings} found
 * @returns {Verdict[]}
 */
function secondThread({ measures }) {
  const lines = measures
    .filter((m) => m.measure === "pairs")
    .map((m) => {
      const ratio = (/** @type {readonly [number, number]} */ [one, two]) => one / two;
      const all = ratio(m.median_ms);
      const there = m.there === null ? all : ratio(m.there.median_ms);
      const when =
        m.there === null
          ? "the second core was never there"
          : `${m.there.turns} of ${m.there.of} turns; ${all.toFixed(2)} × over all, bare multiply-adds ${Number(m.second_core).toFixed(2)} ×`;
      return line(
        m.workload,
        `${caseName(m.params)}${setting(m)}: a second thread ≥ 1.6 ×`,
        m.threads[1] === 2 && `${there.toFixed(2)} × (${when})`,
        () => there >= 1.6,
      );
    });
  return lines.length > 0
    ? lines
    : [line("W2, W3", "a second thread ≥ 1.6 ×", undefined, () => false)];
}

/**
 * @param {Findings} found
 * @returns {Verdict[]}
 */
function compileTime({ measures }) {
  const of = (/** @type {number} */ T) =>
    measures.filter((m) => m.measure === "compile" && m.T === T).map((m) => Number(m.cold_ms));
  const [short_, long] = [median(of(16)), median(of(4096))];
  const warm = median(
    measures.filter((m) => m.measure === "compile").map((m) => Number(m.warm_ms)),
  );
  const known = Number.isFinite(short_) && Number.isFinite(long);
  return [
    line(
      "compile",
      "peephole LSTM, D = H = 128, training: ≤ 300 ms",
      known && `${short(short_)} ms in a fresh process, ${short(warm)} ms again`,
      () => short_ <= 300,
    ),
    line(
      "compile",
      "within 10 % the same for T = 16 and T = 4096",
      known && `${short(short_)} and ${short(long)} ms (T is a symbol: one artifact for both)`,
      () => Math.abs(long / short_ - 1) <= 0.1,
    ),
  ];
}

/**
 * @param {Findings} found
 * @returns {Verdict[]}
 */
function streaming({ measures }) {
  const m = measures.find((x) => x.measure === "streaming");
  const few = m !== undefined && m.steps < 1e6 ? ` in ${m.steps} steps` : "";
  const verdict = (/** @type {Verdict} */ v) => (few === "" ? v : { ...v, met: null });
  return [
    line(
      "streaming",
      "1,000,000 steps: resident memory flat (± 1 MB after warm-up)",
      m && `${Number(m.largest_change_mb).toFixed(2)} MB${few}`,
      () => Math.abs(m?.largest_change_mb) <= 1,
    ),
    line(
      "streaming",
      "1,000,000 steps: no garbage collection",
      m && `${m.collections}${few}`,
      () => m?.collections === 0,
    ),
  ].map(verdict);
}

/**
 * @param {Findings} found
 * @returns {Verdict[]}
 */
function backends({ measures }) {
  const specs = measures.filter((m) => m.measure === "backends");
  const slower = specs.filter((m) => slowerThan(m).length > 0);
  return [
    line(
      "backends",
      "no spec slower on wasm than on any other backend at hand",
      specs.length > 0 &&
        `${slower.length} of ${specs.length} specs slower${slower.length > 0 ? `: ${slower.map((m) => m.entry).join(", ")}` : ""}`,
      () => slower.length === 0,
    ),
  ];
}

/**
 * The backends that beat wasm on a spec, by kind: ["run: cpu"]; wasm itself failing counts.
 * @param {Readonly<Record<string, any>>} spec
 * @returns {string[]}
 */
export function slowerThan(spec) {
  return ["run", "grad"].flatMap((kind) => {
    /** @type {Readonly<Record<string, number>>} */
    const ms = spec[`${kind}_ms`];
    const wasm = ms.wasm ?? Number.POSITIVE_INFINITY;
    return Object.entries(ms)
      .filter(([, other]) => other < wasm)
      .map(([name]) => `${kind}: ${name}`);
  });
}

/**
 * @param {string} workload
 * @param {string} target
 * @param {string | false | null | undefined} measured
 * @param {() => boolean} met
 * @returns {Verdict}
 */
function line(workload, target, measured, met) {
  return measured
    ? { workload, target, measured, met: met() }
    : { workload, target, measured: "not measured", met: null };
}
