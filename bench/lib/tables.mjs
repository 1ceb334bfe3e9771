// @ts-check
/** @file Tables of the results. In: findings. Out: Markdown. Pure: never measures, never judges. */
import { groupOf } from "./peers.mjs";
import { caseName, fastest, ofCase, speedup } from "./rows.mjs";
import { short } from "./stats.mjs";

/**
 * @typedef {import("./rows.mjs").Row} Row
 * @typedef {Readonly<Record<string, any>>} Measure
 * @typedef {Readonly<Record<string, Readonly<Record<string, any>>>>} Limits
 */

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly (string | number)[])[]} rows
 */
export function markdown(head, rows) {
  const lines = [head, head.map(() => "---"), ...rows];
  return `${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}

/**
 * A table a case: every peer and number of threads, fastest first, beside the best of each group at the
 * same number of threads and the least time that the floor allows.
 * @param {readonly Row[]} rows
 * @param {string} workload
 * @param {Limits} limits
 */
export function caseTables(rows, workload, limits) {
  const params = new Map(
    rows.filter((r) => r.workload === workload).map((r) => [JSON.stringify(r.params), r.params]),
  );
  return [...params.values()]
    .map(
      (p) => `#### ${caseName(p)}\n\n${caseTable(ofCase(rows, workload, p), floorOf(p, limits))}`,
    )
    .join("\n");
}

/**
 * GFLOP/s of one thread in this engine: the f32x4 multiply-add peak; for one sample the measured
 * matrix-vector product of the same size, which reads each weight for one multiplication.
 * @param {Readonly<Record<string, unknown>>} params
 * @param {Limits} limits
 * @returns {number | null}
 */
export function floorOf(params, limits) {
  const single = limits[`wasm matrix-vector [4H, 2H], H = ${params.H}, 1 thread`];
  const limit = (params.B ?? 1) === 1 && single !== undefined ? single : limits[PEAK];
  return typeof limit?.gflops === "number" ? limit.gflops : null;
}

/** The limit that products are held against: what limits/wasm.mjs measures. */
export const PEAK = "wasm f32x4 multiply-add peak, 1 thread";

/**
 * @param {readonly Row[]} rows
 * @param {number | null} peak
 */
function caseTable(rows, peak) {
  const ordered = [...rows].sort((a, b) => (speedup(a, b) > 1 ? -1 : 1));
  const ratio = (/** @type {Row} */ mine, /** @type {string} */ group) => {
    const best = fastest(
      rows.filter((r) => groupOf(r.peer) === group && r.threads === mine.threads),
    );
    return best === null ? "–" : speedup(mine, best).toFixed(2);
  };
  const head = [
    "peer",
    "threads",
    "median",
    "minimum",
    "tokens/s",
    "GFLOP/s",
    "× best JavaScript",
    "× best native",
    "of the floor",
    "check",
  ];
  return markdown(
    head,
    ordered.map((r) => [
      groupOf(r.peer) === "cellc" ? `**${r.peer}**` : r.peer,
      r.threads,
      time(r.median_ms),
      time(r.min_ms),
      short(r.tokens_per_s),
      short(r.gflops),
      ratio(r, "javascript"),
      ratio(r, "native"),
      peak === null || r.gflops === null
        ? "–"
        : `${((100 * r.gflops) / (peak * r.threads)).toFixed(0)} %`,
      `${r.checked}${r.note === null ? "" : `; ${r.note}`}${r.others > 0.3 ? `; machine busy (${r.others})` : ""}`,
    ]),
  );
}

/** @param {number} ms */
const time = (ms) => (ms < 1 ? `${short(ms * 1000)} µs` : `${short(ms)} ms`);

/**
 * @param {readonly Row[]} rows
 * @param {readonly Measure[]} measures
 */
export function coldTable(rows, measures) {
  const cold = rows.filter((r) => r.workload === "W5").sort((a, b) => a.median_ms - b.median_ms);
  const size = (/** @type {string} */ peer) =>
    measures.find((m) => m.measure === "installed" && m.peer === peer);
  return markdown(
    ["peer", "median ms", "minimum", "import", "build", "first result", "installed MB", "packages"],
    cold.map((r) => [
      groupOf(r.peer) === "cellc" ? `**${r.peer}**` : r.peer,
      short(r.median_ms),
      short(r.min_ms),
      short(r.import_ms),
      short(r.build_ms),
      short(r.first_ms),
      size(r.peer)?.mb ?? "–",
      size(r.peer)?.packages ?? "–",
    ]),
  );
}

/** @param {readonly Measure[]} measures */
export function sizeLines(measures) {
  const ours = measures.find((m) => m.measure === "installed" && m.peer === "cellc");
  const bundle = measures.find((m) => m.measure === "bundle");
  return [
    ours &&
      `cellc installs ${ours.mb} MB in ${ours.packages} packages: ${ours.own_mb} MB are its own, ${ours.gpu_js_mb} MB in ${ours.gpu_js_packages} packages come with gpu.js.`,
    bundle &&
      `Browser bundle of the runtime and its wasm path: ${bundle.gzipped_kb} KB gzipped (${bundle.minified_kb} KB minified); gpu.js is not in it.`,
  ]
    .filter(Boolean)
    .join("\n");
}

/** @param {readonly Measure[]} measures */
export function pairTable(measures) {
  const times = (/** @type {readonly [number, number]} */ [one, two]) => [
    `${short(one)}, ${short(two)}`,
    (one / two).toFixed(2),
  ];
  return markdown(
    [
      ...["peer", "workload", "case", "two cores there", "medians there ms", "×"],
      ...["all medians ms", "×", "minima ms", "×", "bare multiply-adds ×"],
    ],
    measures
      .filter((m) => m.measure === "pairs")
      .map((m) => [
        ...[m.peer, m.workload, caseName(m.params)],
        ...(m.there === null
          ? ["never", "–", "–"]
          : [`${m.there.turns} of ${m.there.of} turns`, ...times(m.there.median_ms)]),
        ...[m.median_ms, m.min_ms].flatMap(times),
        Number(m.second_core).toFixed(2),
      ]),
  );
}

/** @param {readonly Measure[]} measures */
export function compileTable(measures) {
  return markdown(
    ["T", "compile(), fresh process ms", "again ms", "first run ms", "next run ms", "artifact KB"],
    measures
      .filter((m) => m.measure === "compile")
      .map((m) => [
        m.T,
        short(m.cold_ms),
        short(m.warm_ms),
        short(m.first_run_ms),
        short(m.next_run_ms),
        Math.round(m.artifact_bytes / 1024),
      ]),
  );
}

/** @param {readonly Measure[]} measures */
export function backendTable(measures) {
  const backends = ["wasm", "webasm", "cpu", "reference"];
  return markdown(
    ["spec", ...backends.map((b) => `run, ${b}`), ...backends.map((b) => `gradient, ${b}`)],
    measures
      .filter((m) => m.measure === "backends")
      .map((m) => [
        m.entry,
        ...["run", "grad"].flatMap((kind) =>
          backends.map((b) => (b in m.failed ? "fails" : short(m[`${kind}_ms`][b]))),
        ),
      ]),
  );
}

/** @param {Limits} limits */
export function limitTable(limits) {
  const figure = (/** @type {Readonly<Record<string, any>>} */ l) =>
    [
      l.gflops !== undefined && `${short(l.gflops)} GFLOP/s`,
      l.gb_per_s !== undefined && `${short(l.gb_per_s)} GB/s`,
      l.us !== undefined && `${short(l.us)} µs`,
      l.ns !== undefined && `${short(l.ns)} ns`,
      l.error !== undefined && `not measured: ${l.error}`,
    ]
      .filter(Boolean)
      .join(", ");
  return markdown(
    ["limit", "figure"],
    Object.entries(limits).map(([name, l]) => [name, figure(l)]),
  );
}
