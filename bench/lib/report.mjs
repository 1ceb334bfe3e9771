// @ts-check
/** @file RESULTS.md from results.json. In: all that a run found. Out: its text. Pure. */
import { growthTables } from "./growth.mjs";
import { short } from "./stats.mjs";
import {
  backendTable,
  caseTables,
  coldTable,
  compileTable,
  limitTable,
  markdown,
  pairTable,
  sizeLines,
} from "./tables.mjs";
import { slowerThan, verdicts } from "./targets.mjs";

/**
 * @typedef {import("./targets.mjs").Findings & {
 *   date: string,
 *   machine: Readonly<Record<string, unknown>>,
 *   run: { command: string, rounds: number, quick: boolean, interrupted: boolean },
 *   missing: readonly { peer: string, workload: string | null, threads: number | null, reason: string }[],
 * }} Results
 */

const TITLES = {
  W1: "W1: one streaming step, B = 1, the state carried by the caller",
  W2: "W2: inference, T = 64, B = 32",
  W3: "W3: training step (forward, full BPTT, Adam), T = 64, B = 32, I = 32, O = 32",
  W4: "W4: long sequence, T = 2048, B = 1",
  W6: "W6: training step of cells without a library kernel; sizes of W3",
  products: "Products of an LSTM's step, hardly anything else, T = 64, B = 32",
};

/**
 * @param {Results} results
 * @returns {string}
 */
export function report(results) {
  const { rows, limits, measures, missing, machine, run, date } = results;
  const judged = verdicts(results);
  const count = (/** @type {boolean | null} */ met) => judged.filter((v) => v.met === met).length;
  const versions = [...new Set(rows.map((r) => `${r.peer} ${r.version}`))];
  const busy = rows.filter((r) => r.others > 0.3).length;
  /** @type {string[]} */
  const parts = [
    "# Results\n",
    `Written by \`${run.command}\` on ${date}${run.interrupted ? ", interrupted: rows measured until then" : ""}. ${run.rounds} round${run.rounds === 1 ? "" : "s"}${run.quick ? ", short samples" : ""}; medians are over rounds of a round's median.\n`,
    ...Object.entries(machine).map(([what, is]) => `- ${what}: ${is}`),
    `- measured: ${versions.join(", ") || "nothing"}`,
    ...(busy === 0
      ? []
      : [
          `- **not quiet**: in ${busy} of ${rows.length} rows other programs used more than 0.3 of a core; trust ratios of neighbours only`,
        ]),
    "\n## Targets\n",
    `${count(true)} met, ${count(false)} not met, ${count(null)} not measured. Ratios are of medians, by tokens a second, thread for thread.\n`,
    markdown(
      ["workload", "target", "measured", ""],
      judged.map((v) => [
        v.workload,
        v.target,
        v.measured,
        v.met === null ? "not measured" : v.met ? "met" : "**not met**",
      ]),
    ),
  ];
  if (missing.length > 0)
    parts.push(
      "## Not measured\n",
      markdown(
        ["peer", "workload", "threads", "reason"],
        missing.map((m) => [
          m.peer,
          m.workload ?? "all",
          m.threads ?? "all",
          m.reason.replaceAll("|", "\\|"),
        ]),
      ),
    );
  if (Object.keys(limits).length > 0)
    parts.push(
      "## Floors\n",
      '"Of the floor" below: GFLOP/s over the f32x4 multiply-add peak of this engine, a thread; where B = 1 over its matrix-vector product of the same size. Above 100 % are wider vectors.\n',
      limitTable(limits),
    );
  for (const [workload, title] of Object.entries(TITLES))
    if (rows.some((r) => r.workload === workload))
      parts.push(`## ${title}\n`, caseTables(rows, workload, limits));
  /** @param {boolean} measured @param {readonly string[]} texts */
  const section = (measured, ...texts) => {
    if (measured) parts.push(...texts);
  };
  const has = (/** @type {string} */ what) => measures.some((m) => m.measure === what);
  section(
    rows.some((r) => r.workload === "W5") || has("installed"),
    "## W5: cold start, T = 16, B = 1, H = 128\n",
    "From the start of the process to the first result.\n",
    coldTable(rows, measures),
    `${sizeLines(measures)}\n`,
  );
  section(
    rows.some((r) => r.workload === "W7"),
    "## W7: how cost grows\n",
    growthTables(rows),
  );
  section(
    has("pairs"),
    "## A second thread\n",
    "One process, a tenth of a second with one thread and a tenth with two in turn, and multiply-adds in registers between: what else the machine does happens to all.\n",
    pairTable(measures),
  );
  section(
    has("compile"),
    "## Compile time: peephole LSTM with a head and training, D = H = 128\n",
    compileTable(measures),
  );
  section(has("streaming"), "## Streaming\n", streamingLine(measures));
  section(
    has("backends"),
    "## Every spec on every processor backend, at the sizes of the tests\n",
    "Milliseconds, T = 4, B = 2; calls through the public interface.\n",
    backendTable(measures),
    slowest(measures),
  );
  return `${parts.join("\n")}\n`;
}

/** @param {readonly Readonly<Record<string, any>>[]} measures */
function streamingLine(measures) {
  const m = measures.find((x) => x.measure === "streaming");
  if (m === undefined) return "";
  return `LSTM, H = ${m.H}, ${m.steps} steps after a warm-up: ${short(m.us_per_step)} µs a step, resident memory ${short(m.resident_mb)} MB, largest change ${Number(m.largest_change_mb).toFixed(2)} MB, ${m.collections} collections.\n`;
}

/** @param {readonly Readonly<Record<string, any>>[]} measures */
function slowest(measures) {
  const slower = measures
    .filter((m) => m.measure === "backends" && slowerThan(m).length > 0)
    .map((m) => `- ${m.entry}: wasm is slower than ${slowerThan(m).join(", ")}`);
  return slower.join("\n");
}
