/** @file Data bound to a model: what training, evaluation and reports take batches from. In: prepared data,
 *  the model's inputs and targets. Out: a Dataset. Never opens a file, never runs a model. */
import type { Artifact } from "../artifact/artifact.ts";
import { type Batch, featureOf, gather, stepOf } from "./batch.ts";
import { type Bound, bind, type Slot } from "./bind.ts";
import { fault, fail, ok, type Result } from "./fault.ts";
import { denormalised, type Fitted } from "./fitted.ts";
import {
  canCarry,
  type Chunk,
  type EvaluationPlan,
  planEvaluation,
  planTraining,
  type TrainPlan,
} from "./plan.ts";
import type { DataReport, Prepared } from "./prepare.ts";
import type { SplitName } from "./split.ts";

export interface Dataset {
  readonly report: DataReport;
  readonly fitted: Fitted;
  /** The slots of the model's targets, in its order. */
  readonly targets: readonly Slot[];
  /** Whether states may be carried through the data: a series whose targets stand at every step. */
  readonly carries: boolean;
  /** Steps of a window; null where samples are of any length. */
  readonly window: number | null;
  /** The chunks of an epoch; a chunk becomes tensors by `batch`. D109, D112. */
  trainingPlan(plan: TrainPlan): Result<readonly Chunk[]>;
  evaluationPlan(split: SplitName, plan: EvaluationPlan): readonly Chunk[];
  batch(chunk: Chunk): Batch;
  /** `trainingPlan`, each chunk as tensors. */
  batches(plan: TrainPlan): Result<Iterable<Batch>>;
  /** Where a target's value stands in the file's own numbers; see `Place`. Null for a category. */
  place(target: Slot, feature: number, row: Chunk["rows"][number], t: number): Place | null;
}

/** One value of a number column, and its past, in the units of the file. */
export interface Place {
  /** Step within the sample, rows lost to differences counted. */
  readonly step: number;
  readonly actual: number;
  /** The value k steps before; null before the start. */
  readonly before: (k: number) => number | null;
  /** A model's value here in the units of the file: scale and difference undone. */
  readonly restore: (value: number) => number;
}

/** D107, D108, D110, D111, D202. */
export function openDataset(prepared: Prepared, artifact: Artifact): Result<Dataset> {
  if (artifact.train === null)
    return fail(
      fault("D202", `${artifact.entry.name} has no train block, so no targets`, {
        help: "add `train … { loss … }` to the spec",
      }),
    );
  const bound = bind(prepared, { inputs: artifact.inputs, targets: artifact.train.targets });
  if (!bound.ok) return bound;
  return ok(datasetOf(bound.value));
}

function datasetOf(bound: Bound): Dataset {
  const { prepared } = bound;
  const { samples } = prepared.decl;
  const batch = (chunk: Chunk): Batch => gather(bound, chunk);
  return {
    report: prepared.report,
    fitted: prepared.fitted,
    targets: bound.slots.filter((s) => s.role === "target"),
    carries: canCarry(bound),
    window: samples.kind === "series" ? (samples.windows?.length ?? null) : null,
    trainingPlan: (plan) => planTraining(bound, "train", plan),
    evaluationPlan: (split, plan) => planEvaluation(bound, split, plan),
    batch,
    batches: (plan) => {
      const chunks = planTraining(bound, "train", plan);
      return chunks.ok ? ok(gathered(chunks.value, batch)) : chunks;
    },
    place: (target, feature, row, t) => placeOf(bound, target, feature, row, t),
  };
}

function* gathered(chunks: readonly Chunk[], batch: (chunk: Chunk) => Batch): Generator<Batch> {
  for (const chunk of chunks) yield batch(chunk);
}

function placeOf(
  bound: Bound,
  target: Slot,
  feature: number,
  row: Chunk["rows"][number],
  t: number,
): Place | null {
  const { field, at } = featureOf(target, feature);
  const { raw, width, fitted } = field;
  if (raw === null || fitted.kind !== "number") return null;
  const step = stepOf(bound, target, row, t) + field.skip;
  const value = (s: number): number => raw.data[(raw.starts[row.sample]! + s) * width + at]!;
  const base = fitted.difference === 0 ? 0 : value(step - fitted.difference);
  return {
    step,
    actual: value(step),
    before: (k) => (step - k < 0 ? null : value(step - k)),
    restore: (v) => denormalised(fitted, v, at) + base,
  };
}
