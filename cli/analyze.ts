/** @file `cellc analyze`: what a spec does over time. In: a spec, an artifact or a run, others beside it. Out: the step's
 *  Jacobian as equations, bounds and measurements of how far a state reaches; as text, JSON, a picture. */
import { writeFileSync } from "node:fs";
import { extname } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { WHOLE } from "../compiler/analyse/bound.ts";
import { unwrap } from "../runtime/errors.ts";
import { initialise } from "../runtime/initialise.ts";
import type { SplitName } from "../runtime/data/split.ts";
import { loadWeights } from "../runtime/weights.ts";
import { type Sample, noise, sampleOf } from "./analyse/inputs.ts";
import { measure, type Weights } from "./analyse/measure.ts";
import { htmlFile, svgFile } from "./analyse/picture.ts";
import { openSteps } from "./analyse/progress.ts";
import { type Report, reportOf } from "./analyse/report.ts";
import { type Subject, subjectOf, weightBytes } from "./analyse/subject.ts";
import { textOf } from "./analyse/text.ts";
import { type BackendOptions, backendOption, countOption } from "./backend.ts";
import { Failure, inFile } from "./fail.ts";
import { datasetOf } from "./model-file.ts";
import { printJson } from "./render.ts";
import { type EntryOptions, entryOptions } from "./source.ts";

interface AnalyzeOptions extends EntryOptions, BackendOptions {
  readonly layer?: string;
  readonly weights?: string;
  readonly data?: string;
  readonly split: SplitName;
  readonly lags: number;
  readonly runs?: number;
  readonly of?: readonly string[];
  readonly to?: readonly string[];
  readonly compare?: readonly string[];
  readonly out?: string;
  readonly json?: boolean;
}

export function analyzeCommand(program: Command): void {
  backendOption(
    entryOptions(
      program
        .command("analyze <file>")
        .summary("how far states and gradients reach: derived, bounded, measured, drawn")
        .description(
          "The step's Jacobian as equations, a term for each path from a state to a state before it;\nbounds of the norm of its products over time; and that norm measured, with the gradient by\nlag, its half-life and the Lyapunov exponents. See docs/analyze.md.",
        ),
    ),
  )
    .option("--layer <name>", "of a model with several recurrent layers, the one analysed")
    .option("--weights <file>", "trained weights (default: a run's best, else initial ones)")
    .option("--data <file>", "declaration of data to run on (default: standard normal noise)")
    .addOption(
      new Option("--split <name>", "part of the data")
        .choices(["train", "validation", "test"])
        .default("test"),
    )
    .option("--lags <n>", "steps back", countOption, 1000)
    .option(
      "--runs <n>",
      "seeds of weights, where they are initial, and of inputs (default: 3)",
      countOption,
    )
    .option("--of <states>", "only rows of these states, by comma", names)
    .option("--to <states>", "only columns of these states, by comma", names)
    .option("--compare <specs...>", "others on the same picture: a file, or file#Entry")
    .option(
      "--out <file>",
      "write the picture: .svg, or .html with equations and tables",
      pictureFile,
    )
    .option("--json", "print the whole report as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  cellc analyze specs/cells/lstm.cell --entry LSTM --set H=128\n  cellc analyze specs/cells/elman.cell --entry ElmanRNN --compare specs/cells/lstm.cell#LSTM --out reach.html\n  cellc analyze runs/co2 --data specs/apps/co2.data.json --json",
    )
    .action(async (file: string, options: AnalyzeOptions) => {
      const reports = [await reportFor(file, options)];
      for (const other of options.compare ?? [])
        reports.push(await reportFor(...split(other, options)));
      if (options.json) {
        const [first, ...rest] = reports;
        printJson(rest.length === 0 ? first : { ...first, compare: rest });
      } else process.stdout.write(reports.map(textOf).join("\n"));
      if (options.out === undefined) return;
      const picture = extname(options.out) === ".svg" ? svgFile(reports) : htmlFile(reports);
      writeFileSync(options.out, await picture);
      process.stderr.write(`wrote ${options.out}\n`);
    });
}

/** `file#Entry`, at the sizes of the first; weights are the first's alone. */
function split(other: string, options: AnalyzeOptions): readonly [string, AnalyzeOptions] {
  const at = other.indexOf("#");
  const { weights: _, layer: _layer, entry: _entry, ...rest } = options;
  return at < 0 ? [other, rest] : [other.slice(0, at), { ...rest, entry: other.slice(at + 1) }];
}

async function reportFor(file: string, options: AnalyzeOptions): Promise<Report> {
  const subject = await subjectOf(file, options, options.json === true);
  const { artifact, assumed, loop } = subject;
  const given = Object.entries(assumed).map(([k, v]) => `${k} = ${v}`);
  if (given.length > 0)
    process.stderr.write(`${artifact.entry.name}: sizes not given: ${given.join(", ")} (--set)\n`);
  const weights = options.weights ?? subject.weights;
  const states = [...new Set(loop.slots.map((s) => s.state))];
  const part = {
    of: options.of === undefined ? WHOLE.of : stated(options.of, states, "--of"),
    to: options.to === undefined ? WHOLE.to : stated(options.to, states, "--to"),
  };
  const runs = await runsOf(subject, weights, options);
  const bar = openSteps(artifact.entry.name);
  try {
    const { lags, backend, threads = "auto", vectors = "auto" } = options;
    const open = { threads, vectors };
    const m = await measure(subject, { runs, lags, part, backend, open, onProgress: bar.show });
    return reportOf(subject, m, { file, weights, data: options.data ?? null });
  } finally {
    bar.close();
  }
}

async function runsOf(subject: Subject, weights: string | null, options: AnalyzeOptions) {
  const { artifact, loop } = subject;
  const trained: Weights | null =
    weights === null
      ? null
      : await inFile(weights, () => unwrap(loadWeights(artifact, weightBytes(weights))));
  const dataset =
    options.data === undefined ? null : (await datasetOf(artifact, options.data)).dataset;
  const sample = (seed: number): Sample =>
    dataset === null
      ? noise(artifact, loop.scan.over, options.lags, seed)
      : sampleOf(artifact, dataset, options.split, loop.scan.over, options.lags, seed);
  return Array.from({ length: options.runs ?? 3 }, (_, k) => {
    const seed = options.seed + k;
    return { weights: trained ?? initialise(artifact.params, seed), sample: sample(seed) };
  });
}

function stated(
  wanted: readonly string[],
  states: readonly string[],
  option: string,
): (state: string) => boolean {
  const unknown = wanted.find((w) => !states.includes(w));
  if (unknown !== undefined)
    throw new Failure(`error: ${option}: no state ${unknown}; there are ${states.join(", ")}`, 2);
  return (state) => wanted.includes(state);
}

const names = (text: string): readonly string[] =>
  text
    .split(",")
    .map((n) => n.trim())
    .filter((n) => n !== "");

function pictureFile(path: string): string {
  if ([".svg", ".html"].includes(extname(path))) return path;
  throw new InvalidArgumentError("It has to end in .svg or .html.");
}
