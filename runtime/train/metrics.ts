/** @file Metrics besides the loss. In: batches' predictions beside their targets. Out: accuracy, rmse and mae
 *  in the units of the file, perplexity. Never runs a model. */
import type { Artifact, ValueInfo } from "../artifact/artifact.ts";
import { elements, shapeOf } from "../artifact/extent.ts";
import type { Batch } from "../data/batch.ts";
import type { Slot } from "../data/bind.ts";
import type { Dataset, Place } from "../data/dataset.ts";
import type { Real } from "../devices/device.ts";

/** `column` is null where a target's columns are counted together (accuracy). */
export interface Metric {
  readonly name: "accuracy" | "rmse" | "mae" | "perplexity" | "bits";
  readonly target: string;
  readonly column: string | null;
  readonly value: number;
}

/** One forecast of a number, in the units of the file. */
export interface Forecast {
  readonly target: string;
  readonly column: string;
  readonly sample: number;
  /** Of the sample, the file's steps counted from 0. */
  readonly step: number;
  readonly predicted: number;
  readonly actual: number;
}

export interface Meter {
  /** The outputs that `add` needs, by name. */
  readonly outputs: readonly string[];
  add(batch: Batch, outputs: ReadonlyMap<string, Real>): void;
  metrics(loss: number): readonly Metric[];
}

/** What a loss's prediction is: a class by its largest logit, a bit by its logit's sign, or a number. */
const PREDICTIONS: Readonly<Record<string, "class" | "bit" | "number">> = {
  cross_entropy: "class",
  binary_cross_entropy: "bit",
  mse: "number",
  mae: "number",
  huber: "number",
};

/** Losses that are a mean of -log p: e to the loss is a perplexity. */
const NATS: readonly string[] = ["cross_entropy"];

/** The prediction of a target is the first output that has its steps and its shape (or its classes). */
export function openMeter(
  artifact: Artifact,
  dataset: Dataset,
  onForecast: ((forecast: Forecast) => void) | null = null,
): Meter {
  const kind = PREDICTIONS[artifact.train?.loss ?? ""];
  const pairs = dataset.targets.flatMap((target) => {
    const output = kind === undefined ? undefined : predictionOf(artifact, target, kind);
    return output === undefined ? [] : [{ target, output }];
  });
  const tallies = new Map<string, Tally>();
  const tally = (name: Metric["name"], target: Slot, column: string | null): Tally => {
    const key = `${name} ${target.info.name} ${column ?? ""}`;
    const found = tallies.get(key) ?? { name, target: target.info.name, column, sum: 0, count: 0 };
    tallies.set(key, found);
    return found;
  };
  const number = (target: Slot, place: Place, feature: number, value: number, sample: number) => {
    const column = columnOf(target, feature);
    const predicted = place.restore(value);
    const error = predicted - place.actual;
    count(tally("rmse", target, column), error * error);
    count(tally("mae", target, column), Math.abs(error));
    const { step, actual } = place;
    onForecast?.({ target: target.info.name, column, sample, step, predicted, actual });
  };
  return {
    outputs: [...new Set(pairs.map((p) => p.output.name))],
    add: (batch, outputs) => {
      for (const { target, output } of pairs)
        eachCell(batch, target, (at, b, t) => {
          const values = outputs.get(output.name)!;
          const wanted = batch.targets.get(target.info.name)!.data;
          const width = elements(target.info.shape);
          const row = batch.chunk.rows[b]!;
          for (let f = 0; f < width; f++) {
            const cell = at * width + f;
            switch (kind) {
              case "class":
                count(
                  tally("accuracy", target, null),
                  largest(values, cell, target.info.of!) === wanted[cell] ? 1 : 0,
                );
                break;
              case "bit":
                count(
                  tally("accuracy", target, null),
                  values[cell]! > 0 === wanted[cell]! > 0.5 ? 1 : 0,
                );
                break;
              case "number": {
                const place = dataset.place(target, f, row, t);
                if (place !== null) number(target, place, f, values[cell]!, row.sample);
                break;
              }
            }
          }
        });
    },
    metrics: (loss) => {
      const means = [...tallies.values()].map(({ name, target, column, sum, count: n }): Metric => {
        const value = name === "rmse" ? Math.sqrt(sum / n) : sum / n;
        return { name, target, column, value };
      });
      const [only] = pairs;
      if (only === undefined || !NATS.includes(artifact.train?.loss ?? "")) return means;
      const target = only.target.info.name;
      return [
        ...means,
        { name: "perplexity", target, column: null, value: Math.exp(loss) },
        { name: "bits", target, column: null, value: loss / Math.LN2 },
      ];
    },
  };
}

interface Tally {
  readonly name: Metric["name"];
  readonly target: string;
  readonly column: string | null;
  sum: number;
  count: number;
}

function count(tally: Tally, value: number): void {
  tally.sum += value;
  tally.count += 1;
}

function predictionOf(
  artifact: Artifact,
  { info }: Slot,
  kind: "class" | "bit" | "number",
): ValueInfo | undefined {
  const shape = kind === "class" ? [...info.shape, info.of ?? 0] : info.shape;
  return artifact.outputs.find(
    (o) =>
      o.seq === info.seq &&
      o.shape.length === shape.length &&
      shapeOf(o.shape, {}).every((extent, i) => extent === shape[i]),
  );
}

/** Steps of the batch that are not padding: `at` counts [T][B] (or [B]) in the layout of both tensors. */
function eachCell(
  batch: Batch,
  target: Slot,
  visit: (at: number, b: number, t: number) => void,
): void {
  const rows = batch.chunk.rows.length;
  const { seq } = target.info;
  if (seq === null) {
    for (let b = 0; b < rows; b++) visit(b, b, 0);
    return;
  }
  const lengths = batch.lengths?.get(seq)?.data;
  const steps = batch.sizes[seq]!;
  for (let t = 0; t < steps; t++)
    for (let b = 0; b < rows; b++)
      if (lengths === undefined || t < lengths[b]!) visit(t * rows + b, b, t);
}

/** Index of the largest of `classes` numbers; the first of equals. */
function largest(values: Real, cell: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++)
    if (values[cell * classes + c]! > values[cell * classes + best]!) best = c;
  return best;
}

function columnOf(target: Slot, feature: number): string {
  let at = feature;
  for (const [i, field] of target.fields.entries()) {
    if (at < field.width) return field.width === 1 ? target.names[i]! : `${target.names[i]}[${at}]`;
    at -= field.width;
  }
  return String(feature);
}
