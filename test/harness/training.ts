/** @file Training runs of small models, for tests. In: a spec, a declaration, a file's text, settings. Out:
 *  what a run left behind. Time stands still: metrics are the same each time. */
import type { Artifact } from "../../runtime/artifact/artifact.ts";
import { type Dataset, openDataset } from "../../runtime/data/dataset.ts";
import type { DataDecl } from "../../runtime/data/declaration.ts";
import type { Result } from "../../runtime/data/fault.ts";
import { deviceNamed } from "../../runtime/devices/table.ts";
import { type Model, openModel } from "../../runtime/model.ts";
import { type TrainOutcome, type TrainRequest, train } from "../../runtime/train.ts";
import { resolveSettings, type TrainOverrides } from "../../runtime/train/settings.ts";
import { type MemorySink, memorySink } from "../../runtime/train/sink.ts";
import { accepted, preparedOf } from "./data.ts";
import { compileSpec } from "./spec.ts";

export interface Task {
  readonly artifact: Artifact;
  readonly dataset: Dataset;
}

/** `entry`: the model that `spec` declares and trains. */
export async function taskOf(
  spec: string,
  entry: string,
  decl: DataDecl,
  file: string,
  dims: Readonly<Record<string, number>> = {},
): Promise<Task> {
  const artifact = compileSpec({ file: "task.cell", text: spec, entry, dims });
  const dataset = accepted(openDataset(await preparedOf(decl, file), artifact));
  return { artifact, dataset };
}

export interface TrainOptions {
  readonly overrides?: TrainOverrides;
  readonly backend?: string;
  readonly sink?: MemorySink;
  readonly resume?: boolean;
  /** Interrupts after this many steps of this call. */
  readonly stopAfter?: number;
  readonly onProgress?: TrainRequest["onProgress"];
  readonly gates?: TrainRequest["gates"];
}

export interface Trained {
  readonly result: Result<TrainOutcome>;
  readonly model: Model;
  readonly sink: MemorySink;
}

export async function trained(task: Task, options: TrainOptions = {}): Promise<Trained> {
  const { artifact, dataset } = task;
  const settings = accepted(resolveSettings(artifact, options.overrides ?? {}));
  const model = await openModel(artifact, await deviceNamed(options.backend ?? "reference"), 0);
  const sink = options.sink ?? memorySink();
  const stop = new AbortController();
  let steps = 0;
  const result = await train({
    artifact,
    session: model.session,
    dataset,
    settings,
    clock: () => 0,
    sink,
    resume: options.resume ?? false,
    ...(options.gates === undefined ? {} : { gates: options.gates }),
    signal: stop.signal,
    onProgress: (event) => {
      steps += 1;
      if (steps === options.stopAfter) stop.abort();
      options.onProgress?.(event);
    },
  });
  return { result, model, sink };
}

/** All parameters, by name, as numbers. */
export async function weightsOf(
  model: Model,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const params = await model.params();
  return Object.fromEntries(Object.entries(params).map(([name, { data }]) => [name, [...data]]));
}

/** A sine of period 8 with a slow trend, as the CSV of column v. */
export function wave(count: number): string {
  const values = Array.from({ length: count }, (_, t) => Math.sin((t * Math.PI) / 4) + t / 50);
  return `v\n${values.join("\n")}\n`;
}
