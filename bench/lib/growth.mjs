// @ts-check
/** @file How cost grows (W7). In: rows. Out: tables of time and memory, exponents beside the theory. Pure. */
import { caseName } from "./rows.mjs";
import { exponent, short, upperExponent } from "./stats.mjs";
import { markdown } from "./tables.mjs";

/** @typedef {import("./rows.mjs").Row} Row */

/**
 * Powers that an LSTM's arithmetic and what it keeps have: products are 8·H·(I+H)·T·B with I = H; inference
 * keeps inputs and outputs, T·B·H, and weights, H²; training also what each step saves.
 */
export const THEORY = {
  T: { time: "1", memory: "1" },
  B: { time: "1 (less while weights are read for few rows)", memory: "1" },
  H: { time: "2", memory: "2 (weights), 1 (what steps keep)" },
};

/**
 * Points of one peer, one kind of run and one size that varies.
 * @param {readonly Row[]} rows
 */
export function seriesOf(rows) {
  /** @type {Map<string, Row[]>} */
  const found = new Map();
  for (const r of rows.filter((x) => x.workload === "W7")) {
    const kind = r.params.O === undefined ? "inference" : "training step";
    const key = JSON.stringify([kind, r.params.vary, r.peer]);
    found.set(key, [...(found.get(key) ?? []), r]);
  }
  return [...found].map(([key, points]) => {
    const [kind, vary, peer] = /** @type {[string, "T" | "H" | "B", string]} */ (JSON.parse(key));
    const size = (/** @type {Row} */ r) => Number(r.params[vary]);
    const sorted = [...points].sort((a, b) => size(a) - size(b));
    // A process without the model has memory too: what grows is above the least.
    const base = Math.min(...sorted.map((r) => Number(r.peak_mb ?? Number.NaN)));
    return {
      kind,
      vary,
      peer,
      rows: sorted,
      times: sorted.map((r) => /** @type {const} */ ([size(r), r.median_ms])),
      memory: sorted.map((r) => /** @type {const} */ ([size(r), Number(r.peak_mb) - base])),
    };
  });
}

/** @param {readonly Row[]} rows */
export function growthTables(rows) {
  const series = seriesOf(rows);
  const power = (/** @type {number | null} */ p) => (p === null ? "–" : p.toFixed(2));
  const exponents = markdown(
    [
      "what",
      "varies",
      "peer",
      "time ∝, all",
      "upper half",
      "theory",
      "memory above the least ∝, upper half",
      "theory",
    ],
    series.map((s) => [
      s.kind,
      s.vary,
      s.peer,
      power(exponent(s.times)),
      power(upperExponent(s.times)),
      THEORY[s.vary].time,
      power(upperExponent(s.memory.filter(([, mb]) => mb > 1))),
      THEORY[s.vary].memory,
    ]),
  );
  const points = markdown(
    ["what", "case", "peer", "median ms", "GFLOP/s", "peak MB"],
    series.flatMap((s) =>
      s.rows.map((r) => [
        s.kind,
        `${caseName(r.params)}, T = ${r.params.T}, B = ${r.params.B}`,
        s.peer,
        short(r.median_ms),
        short(r.gflops),
        short(r.peak_mb),
      ]),
    ),
  );
  return series.length === 0 ? "Not measured.\n" : `${exponents}\n${points}`;
}
