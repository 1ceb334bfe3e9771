// @ts-check
/** @file One row of the results from the samples of all rounds. In: the JSON lines of peers' processes.
 *  Out: rows, and how two rows compare. Pure. */
import { median } from "./stats.mjs";

/**
 * @typedef {Readonly<Record<string, unknown>>} Params
 * @typedef {object} Sample What one process says of one case.
 * @property {string} peer
 * @property {string} version
 * @property {string} workload
 * @property {Params} params
 * @property {number} threads
 * @property {number=} median_ms
 * @property {number=} min_ms
 * @property {number=} tokens_per_s
 * @property {number=} gflops
 * @property {number | readonly number[] | null=} check
 * @property {string=} error
 * @property {string=} note
 * @property {number=} others
 * @property {number=} peak_mb
 * @property {number=} first_ms
 * @property {number=} import_ms
 * @property {number=} build_ms
 *
 * @typedef {object} Row
 * @property {string} peer
 * @property {string} version
 * @property {string} workload
 * @property {Params} params
 * @property {number} threads
 * @property {number} median_ms Median over rounds of the rounds' medians.
 * @property {number} min_ms
 * @property {number | null} tokens_per_s
 * @property {number | null} gflops
 * @property {number | readonly number[] | null} check
 * @property {string} checked What the check values were found to be: see checks.mjs.
 * @property {number} rounds
 * @property {number} others Cores' worth of other work on the machine, the median over rounds.
 * @property {number | null} peak_mb
 * @property {number | null} import_ms
 * @property {number | null} build_ms
 * @property {number | null} first_ms
 * @property {string | null} note
 */

/** @param {Pick<Sample, "peer" | "workload" | "params" | "threads">} s */
export const keyOf = (s) => JSON.stringify([s.workload, s.params, s.peer, s.threads]);

/**
 * Samples with an error make no row.
 * @param {readonly Sample[]} samples
 * @param {(sample: Sample) => string} check
 * @returns {Row[]}
 */
export function rowsOf(samples, check) {
  /** @type {Map<string, Sample[]>} */
  const groups = new Map();
  for (const s of samples) {
    if (s.median_ms === undefined) continue;
    groups.set(keyOf(s), [...(groups.get(keyOf(s)) ?? []), s]);
  }
  return [...groups.values()].map((group) => {
    const first = /** @type {Sample} */ (group[0]);
    const all = (/** @type {keyof Sample} */ field) =>
      group.flatMap((s) =>
        typeof s[field] === "number" ? [/** @type {number} */ (s[field])] : [],
      );
    const middle = (/** @type {keyof Sample} */ field) =>
      all(field).length === 0 ? null : round(median(all(field)));
    const ms = median(all("median_ms"));
    // Rates belong to the median time: what one round says, scaled to it.
    const rate = (/** @type {"tokens_per_s" | "gflops"} */ field) =>
      first[field] === undefined
        ? null
        : round((first[field] * /** @type {number} */ (first.median_ms)) / ms);
    const wrong = group.find((s) => check(s).startsWith("wrong"));
    return {
      peer: first.peer,
      version: first.version,
      workload: first.workload,
      params: first.params,
      threads: first.threads,
      median_ms: round(ms),
      min_ms: round(Math.min(...all("min_ms"))),
      tokens_per_s: rate("tokens_per_s"),
      gflops: rate("gflops"),
      check: (wrong ?? first).check ?? null,
      checked: check(wrong ?? first),
      rounds: group.length,
      others: middle("others") ?? 0,
      peak_mb: middle("peak_mb"),
      import_ms: middle("import_ms"),
      build_ms: middle("build_ms"),
      first_ms: middle("first_ms"),
      note: first.note ?? null,
    };
  });
}

/** @param {number} x */
const round = (x) => Number(x.toPrecision(5));

/**
 * How many times as fast `ours` is: by tokens a second, as some peers do one sequence at a time; by time
 * where there are no tokens.
 * @param {Row} ours
 * @param {Row} theirs
 */
export function speedup(ours, theirs) {
  return ours.tokens_per_s !== null && theirs.tokens_per_s !== null
    ? ours.tokens_per_s / theirs.tokens_per_s
    : theirs.median_ms / ours.median_ms;
}

/**
 * The fastest of the rows whose numbers were right, or null.
 * @param {readonly Row[]} rows
 * @returns {Row | null}
 */
export function fastest(rows) {
  const right = rows.filter((r) => !r.checked.startsWith("wrong"));
  return right.reduce(
    (/** @type {Row | null} */ best, r) => (best === null || speedup(r, best) > 1 ? r : best),
    null,
  );
}

/**
 * Rows of one case.
 * @param {readonly Row[]} rows
 * @param {string} workload
 * @param {Params} params
 */
export const ofCase = (rows, workload, params) =>
  rows.filter(
    (r) => r.workload === workload && JSON.stringify(r.params) === JSON.stringify(params),
  );

/**
 * What people call a case: "BiLSTM×2 H = 128".
 * @param {Params} p
 */
export function caseName(p) {
  const layers = Number(p.layers ?? 1) > 1 ? `×${p.layers}` : "";
  const names = { layernorm: "layer-norm LSTM", peephole: "peephole LSTM", products: "products" };
  const cell = String(p.cell);
  const name = /** @type {Record<string, string>} */ (names)[cell] ?? cell.toUpperCase();
  return `${p.bidirectional ? "Bi" : ""}${name}${layers} H = ${p.H}`;
}
