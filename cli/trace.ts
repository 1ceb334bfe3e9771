/** @file `cellc trace`: every gate, state and let over time. In: a spec, an artifact or a run folder; values,
 *  data, or seeded noise. Out: a table, JSON, a folder of .npy files and a page. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import type { SplitName } from "../runtime/data/split.ts";
import { unwrap } from "../runtime/errors.ts";
import { type BoundRequest, bindRequest, type Values } from "../runtime/request.ts";
import { readConfig, RUN_FILES } from "../runtime/train/run-folder.ts";
import { type BackendOptions, backendOption, countOption } from "./backend.ts";
import { Failure, inFile } from "./fail.ts";
import { artifactAt, datasetOf, datasetOfRun, isRunFolder } from "./model-file.ts";
import { printJson, table } from "./render.ts";
import { readRunInput } from "./run-input.ts";
import { type EntryOptions, entryOptions, needFile, readJson } from "./source.ts";
import { boundBatch, firstBatch, noise } from "./trace/input.ts";
import { countOf, filesOf, MOST_NUMBERS, reportOf, withNumbers } from "./trace/report.ts";
import { type Trace, traceOf, TOLERANCE } from "./trace/run.ts";

interface TraceOptions extends EntryOptions, BackendOptions {
  readonly inputs?: string;
  readonly data?: string;
  readonly split: SplitName;
  readonly steps?: number;
  readonly samples?: number;
  readonly weights?: string;
  readonly saturated: number;
  readonly out?: string;
  readonly json?: boolean;
}

export function traceCommand(program: Command): void {
  backendOption(
    entryOptions(
      program
        .command("trace <file>")
        .summary("every gate, state and let over time: heat maps, histograms, saturation")
        .description(
          "Runs a .cell spec, an artifact or a run folder and shows every named value at every step, as the\nspec names it. The input is a JSON file as `cellc run` reads it (--inputs), sequences of a data\ndeclaration (--data; a run folder has its own), or else seeded noise. The numbers are those of the\nspec's own equations: the forward pass is compiled with an output more for each of them.",
        ),
    ),
  )
    .option("--inputs <file>", "values, JSON: { inputs, initial, lengths, params } as for run")
    .option("--data <file>", "declaration of the data, JSON")
    .addOption(
      new Option("--split <name>", "of the data, which part")
        .choices(["train", "validation", "test"])
        .default("test"),
    )
    .option("--steps <n>", "steps of noise (default: 100), or the most of data", countOption)
    .option(
      "--samples <n>",
      "sequences of noise (default: 1), or of data (default: 4)",
      countOption,
    )
    .option("--weights <file>", "trained weights, safetensors (default: a run's best, or initial)")
    .option(
      "--saturated <share>",
      "saturated is what lies this near an end of its range, as a share of it",
      shareOption,
      TOLERANCE,
    )
    .option("--out <folder>", "write trace.json, an .npy file a value and trace.html there")
    .option("--json", "print trace.json")
    .addHelpText(
      "after",
      "\nExample:\n  cellc trace specs/cells/lstm.cell --entry LSTM --set D=4 --set H=16 --steps 200 --out trace\n  cellc trace runs/co2 --out runs/co2/trace",
    )
    .action(async (file: string, options: TraceOptions) => {
      const artifact = await artifactAt(file, options, options.json);
      const { bound, said, params } = await inputOf(file, artifact, options);
      const path = options.weights ?? (isRunFolder(file) ? join(file, RUN_FILES.best) : null);
      if (path !== null && params === null) needFile(path);
      const weights = params ?? (path === null ? null : readFileSync(path));
      const { backend, seed, saturated: tolerance } = options;
      const request = { artifact, weights, backend, seed, bound, tolerance };
      const trace = await (params === null && path !== null
        ? inFile(path, () => traceOf(request))
        : traceOf(request));
      const from =
        params !== null
          ? "weights of the values file"
          : path !== null
            ? `weights of ${path}`
            : `initial weights, seed ${seed}`;
      const facts = reportOf(trace, said, from);
      if (options.out !== undefined) {
        mkdirSync(options.out, { recursive: true });
        for (const [name, content] of await filesOf(facts, trace))
          writeFileSync(join(options.out, name), content);
      }
      if (countOf(trace) > MOST_NUMBERS && (options.json || options.out !== undefined))
        process.stderr.write(
          `note: ${countOf(trace)} numbers are too many for JSON: "data" is null there${options.out === undefined ? "; --out writes them as .npy" : ", the .npy files have them"}\n`,
        );
      if (options.json) printJson(withNumbers(facts, trace));
      else process.stdout.write(textOf(trace, `${said}; ${from}`, options.out));
    });
}

interface Input {
  readonly bound: BoundRequest;
  readonly said: string;
  readonly params: Values | null;
}

async function inputOf(file: string, artifact: Artifact, options: TraceOptions): Promise<Input> {
  const { inputs, data, split, steps = null, seed } = options;
  if (inputs !== undefined) {
    if (data !== undefined) throw new Failure("error: --inputs and --data: give one of them", 2);
    const { params = null, upstream: _, ...request } = readRunInput(readJson(inputs), inputs);
    const bound = await inFile(inputs, () => unwrap(bindRequest(artifact, request)));
    return { bound, said: `values of ${inputs}`, params };
  }
  const run = isRunFolder(file) ? unwrap(await readConfig(file)) : null;
  if (data === undefined && run === null) {
    const request = { samples: options.samples ?? 1, steps: steps ?? 100, seed };
    return { bound: noise(artifact, request), said: `noise, seed ${seed}`, params: null };
  }
  const dataset =
    data === undefined && run !== null
      ? await datasetOfRun(artifact, run)
      : (await datasetOf(artifact, data ?? "", run?.fitted ?? null)).dataset;
  const bound = boundBatch(artifact, firstBatch(dataset, split, options.samples ?? 4, steps));
  const of = data === undefined ? "the run's data" : data;
  return { bound, said: `the first of the ${split} split of ${of}`, params: null };
}

function textOf(
  { entry, dims, sizes, values, backend }: Trace,
  said: string,
  out?: string,
): string {
  const all = Object.entries({ ...dims, ...sizes }).map(([k, v]) => `${k} = ${v}`);
  const number = (x: number): string => x.toPrecision(4);
  const percent = (x: number | undefined): string =>
    x === undefined ? "–" : `${(100 * x).toFixed(1)} %`;
  const rows = values.map(({ label, role, extents, stats: s }) => [
    label,
    role,
    `[${extents.slice(2).join(", ")}]`,
    number(s.min),
    number(s.mean),
    number(s.max),
    percent(s.saturation?.low),
    percent(s.saturation?.high),
  ]);
  const head = [
    "value",
    "kind",
    "shape",
    "min",
    "mean",
    "max",
    "at the low end",
    "at the high end",
  ];
  const bad = values.filter((v) => v.stats.nonFinite > 0);
  return [
    `${entry.kind} ${entry.name}, ${all.join(", ")}: ${said} (${backend.backend})\n`,
    table([head, ...rows]),
    ...bad.map((v) => `${v.label}: ${v.stats.nonFinite} values are not finite\n`),
    ...(out === undefined ? [] : [`${join(out, "trace.html")} has the pictures\n`]),
  ].join("\n");
}

function shareOption(text: string): number {
  const share = Number(text);
  if (share > 0 && share < 0.5) return share;
  throw new InvalidArgumentError("It has to be a number between 0 and 0.5.");
}
