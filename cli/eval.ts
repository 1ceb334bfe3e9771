/** @file `cellc eval`: the loss and metrics of a split. In: a run folder, or a spec with weights and data.
 *  Out: a table or JSON; for a series, beside the naive forecasts that any model must beat. */
import { writeFileSync } from "node:fs";
import { type Command, Option } from "commander";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import type { Dataset } from "../runtime/data/dataset.ts";
import type { BackendReport } from "../runtime/devices/device.ts";
import { unwrap } from "../runtime/errors.ts";
import { baselines } from "../runtime/train/baselines.ts";
import { evaluate, evaluationPlan } from "../runtime/train/evaluate.ts";
import type { Forecast } from "../runtime/train/metrics.ts";
import { readConfig } from "../runtime/train/run-folder.ts";
import { type BackendOptions, backendOption, backendText, wholeNumber } from "./backend.ts";
import { Failure } from "./fail.ts";
import { datasetOf, datasetOfRun, isRunFolder, openModelFile } from "./model-file.ts";
import { printJson, table } from "./render.ts";
import { type EntryOptions, entryOptions } from "./source.ts";

interface EvalOptions extends EntryOptions, BackendOptions {
  readonly data?: string;
  readonly weights?: string;
  readonly split: "train" | "validation" | "test";
  readonly period?: number;
  readonly forecasts?: string;
  readonly json?: boolean;
}

export function evalCommand(program: Command): void {
  backendOption(
    entryOptions(
      program
        .command("eval <file>")
        .summary("loss and metrics of a run, or of weights, on a split"),
    ),
  )
    .option("--data <file>", "declaration of the data (default: the run's own)")
    .option("--weights <file>", "trained weights (default: the run's best)")
    .addOption(
      new Option("--split <name>", "which part")
        .choices(["train", "validation", "test"])
        .default("test"),
    )
    .option(
      "--period <n>",
      "compare with naive forecasts; steps of a season, 12 for months",
      wholeNumber,
    )
    .option("--forecasts <file>", "write every forecast as JSON lines")
    .option("--json", "print as JSON")
    .addHelpText("after", "\nExample:\n  cellc eval runs/co2 --period 12")
    .action(async (file: string, options: EvalOptions) => {
      const model = await openModelFile(file, options);
      try {
        const { artifact } = model;
        const dataset = await dataOf(file, artifact, options);
        const forecasts: Forecast[] = [];
        const request = {
          artifact,
          session: model.session,
          dataset,
          split: options.split,
          batch: dataset.carries ? 1 : (artifact.train?.batch ?? 32),
          context: "all" as const,
          onForecast: (f: Forecast) => forecasts.push(f),
        };
        const result = unwrap(await evaluate(request));
        if (result === null) throw new Failure(`error: the ${options.split} split is empty`, 1);
        if (options.forecasts !== undefined) {
          writeFileSync(options.forecasts, forecasts.map((f) => `${JSON.stringify(f)}\n`).join(""));
        }
        const naive =
          options.period === undefined
            ? null
            : baselines(dataset, options.split, evaluationPlan(request), options.period);
        const report = {
          entry: artifact.entry.name,
          split: options.split,
          backend: model.backend.backend,
          threads: model.backend.threads,
          vectors: model.backend.vectors,
          ...result,
          baselines: naive,
        };
        if (options.json) printJson(report);
        else process.stdout.write(textOf(report));
      } finally {
        model.close();
      }
    });
}

async function dataOf(file: string, artifact: Artifact, options: EvalOptions): Promise<Dataset> {
  if (isRunFolder(file)) {
    const run = unwrap(await readConfig(file));
    return options.data === undefined
      ? datasetOfRun(artifact, run)
      : (await datasetOf(artifact, options.data, run.fitted)).dataset;
  }
  if (options.data === undefined)
    throw new Failure("error: --data is missing: a JSON declaration of the data", 2);
  return (await datasetOf(artifact, options.data)).dataset;
}

interface Report {
  readonly entry: string;
  readonly split: string;
  readonly backend: string;
  readonly threads: number;
  readonly vectors: BackendReport["vectors"];
  readonly loss: number;
  readonly steps: number;
  readonly metrics: readonly {
    readonly name: string;
    readonly target: string;
    readonly column: string | null;
    readonly value: number;
  }[];
  readonly baselines:
    | readonly { readonly name: string; readonly rmse: number; readonly mae: number }[]
    | null;
}

function textOf(r: Report): string {
  const head = `${r.entry}, ${r.split} split: ${r.steps} steps, loss ${r.loss.toPrecision(4)} (${backendText(r)})\n\n`;
  const value = (name: string): number | undefined => r.metrics.find((m) => m.name === name)?.value;
  const rmse = value("rmse");
  const mae = value("mae");
  if (r.baselines !== null && rmse !== undefined && mae !== undefined) {
    const rows = [{ name: r.entry, rmse, mae }, ...r.baselines];
    return `${head}${table([
      ["forecast", "rmse", "mae", "rmse of it / ours"],
      ...rows.map((b) => [b.name, b.rmse.toFixed(4), b.mae.toFixed(4), (b.rmse / rmse).toFixed(2)]),
    ])}`;
  }
  return `${head}${table([
    ["metric", "of", "value"],
    ...r.metrics.map((m) => [m.name, m.column ?? m.target, m.value.toPrecision(5)]),
  ])}`;
}
