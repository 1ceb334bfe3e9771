/** @file What a traced run is fed. In: a batch of data, or nothing. Out: a bound request: every tensor that the
 *  forward pass reads but parameters, and all sizes. */
import type { Artifact } from "../../runtime/artifact/artifact.ts";
import { elements, shapeOf } from "../../runtime/artifact/extent.ts";
import { inputSlot, sequences } from "../../runtime/artifact/signature.ts";
import type { Batch } from "../../runtime/data/batch.ts";
import type { Dataset } from "../../runtime/data/dataset.ts";
import type { SplitName } from "../../runtime/data/split.ts";
import { unwrap } from "../../runtime/errors.ts";
import { random } from "../../runtime/random.ts";
import { type BoundRequest, bindInitial } from "../../runtime/request.ts";
import type { Tensor } from "../../runtime/values.ts";
import { Failure } from "../fail.ts";

/** A batch of data, from fresh states. */
export function boundBatch(artifact: Artifact, batch: Batch): BoundRequest {
  const { inputs, lengths, sizes } = batch;
  const named = (prefix: string, list: ReadonlyMap<string, Tensor>): [string, Tensor][] =>
    [...list].map(([name, tensor]) => [`${prefix}:${name}`, tensor]);
  const own = new Set(sequences(artifact));
  const given = [...(lengths ?? [])].filter(([sequence]) => own.has(sequence));
  return {
    sizes,
    tensors: new Map([
      ...unwrap(bindInitial(artifact, {}, sizes.B ?? 1)),
      ...named("input", inputs),
      ...named("length", new Map(given)),
    ]),
    masked: given.length > 0,
  };
}

/** The first `samples` sequences of a split, whole or their first `steps` steps. */
export function firstBatch(
  dataset: Dataset,
  split: SplitName,
  samples: number,
  steps: number | null,
): Batch {
  const [chunk] = dataset.evaluationPlan(split, { batch: samples, carry: null });
  if (chunk === undefined) throw new Failure(`error: the ${split} split is empty`, 1);
  const cut = (n: number): number => (steps === null ? n : Math.min(n, steps));
  return dataset.batch({
    ...chunk,
    steps: cut(chunk.steps),
    rows: chunk.rows.map((row) => ({ ...row, length: cut(row.length) })),
  });
}

/** Standard normal numbers, tokens each equally likely: the same for the same seed and input's name. */
export function noise(
  artifact: Artifact,
  {
    samples,
    steps,
    seed,
  }: { readonly samples: number; readonly steps: number; readonly seed: number },
): BoundRequest {
  const sizes = {
    B: samples,
    ...Object.fromEntries(sequences(artifact).map((sequence) => [sequence, steps])),
  };
  const inputs = artifact.inputs.map((input): [string, Tensor] => {
    const shape = shapeOf(inputSlot(input).shape, sizes);
    const { normal, uniform } = random(seed, `noise:${input.name}`);
    const draw = input.of === null ? normal : () => Math.floor(uniform() * input.of!);
    return [`input:${input.name}`, { data: new Float64Array(elements(shape)).map(draw), shape }];
  });
  return {
    sizes,
    tensors: new Map([...unwrap(bindInitial(artifact, {}, samples)), ...inputs]),
    masked: false,
  };
}
