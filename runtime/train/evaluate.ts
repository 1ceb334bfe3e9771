/** @file The loss and metrics of a split. In: a session with its weights, data. Out: numbers, nothing
 *  changed. States are carried through a series where model and data allow it, as a stream would. */
import type { Artifact } from "../artifact/artifact.ts";
import type { Batch } from "../data/batch.ts";
import type { Dataset } from "../data/dataset.ts";
import { fail, fault, ok, type Result } from "../data/fault.ts";
import type { EvaluationPlan } from "../data/plan.ts";
import type { SplitName } from "../data/split.ts";
import type { Real, Session } from "../devices/device.ts";
import { type Carry, feed, programFor, readCarry } from "./feed.ts";
import { type Forecast, type Metric, openMeter } from "./metrics.ts";
import { explain } from "./non-finite.ts";

export interface EvaluateRequest {
  readonly artifact: Artifact;
  readonly session: Session;
  readonly dataset: Dataset;
  readonly split: SplitName;
  /** Rows at once. With `context` "all", 1 gives exactly what a stream from the first step gives. */
  readonly batch: number;
  /** Steps before the scored ones that bring states up to date; a window's length by default. */
  readonly context?: number | "all";
  /** Steps of a run where states are carried. */
  readonly chunk?: number | null;
  readonly signal?: AbortSignal;
  readonly onForecast?: (forecast: Forecast) => void;
}

export interface Evaluation {
  readonly loss: number;
  readonly metrics: readonly Metric[];
  /** Steps that were scored; samples, where the model has no sequence. */
  readonly steps: number;
}

/** Null where the split is empty, or `signal` ended it. D203 where the loss is not finite. */
export async function evaluate(request: EvaluateRequest): Promise<Result<Evaluation | null>> {
  const { artifact, session, dataset, split, signal } = request;
  if (artifact.programs.loss === null)
    return fail(fault("D202", `${artifact.entry.name} has no train block, so no loss`));
  const meter = openMeter(artifact, dataset, request.onForecast ?? null);
  const chunks = dataset.evaluationPlan(split, evaluationPlan(request));
  let carry: Carry | null = null;
  let sum = 0;
  let weight = 0;
  let steps = 0;
  for (const [i, chunk] of chunks.entries()) {
    if (signal?.aborted) return ok(null);
    const batch = dataset.batch(chunk);
    const program = programFor("loss", batch);
    feed(artifact, session, program, batch, {
      carry: chunk.fresh ? null : carry,
      seed: 0,
      step: 0,
    });
    await session.run(program, batch.sizes);
    if (chunk.scored) {
      const [loss] = await session.read("loss");
      if (!Number.isFinite(loss)) {
        const when = `in the ${split} split, batch ${i + 1} of ${chunks.length}`;
        const what = { what: "the loss", value: loss!, when, program, sizes: batch.sizes };
        return fail(await explain(artifact, session, what));
      }
      const outputs = new Map<string, Real>();
      for (const name of meter.outputs) outputs.set(name, await session.read(`output:${name}`));
      meter.add(batch, outputs);
      sum += loss! * weightOf(artifact, batch);
      weight += weightOf(artifact, batch);
      steps += batch.tokens;
    }
    const next = chunks[i + 1];
    carry = next !== undefined && !next.fresh ? await readCarry(artifact, session, program) : null;
  }
  if (weight === 0) return ok(null);
  const loss = sum / weight;
  return ok({ loss, metrics: meter.metrics(loss), steps });
}

/**
 * What a batch's loss is the mean over: steps that are not padding, where the targets have the steps of
 * an output; else samples.
 */
export function weightOf(artifact: Artifact, batch: Batch): number {
  const seqs = (artifact.train?.targets ?? []).map((t) => t.seq);
  const stepwise = seqs.every((s) => s !== null && artifact.outputs.some((o) => o.seq === s));
  return stepwise ? batch.tokens : batch.chunk.rows.length;
}

/** States are carried where each step has its targets, and the model can be run a step at a time. */
export function evaluationPlan(
  request: Pick<EvaluateRequest, "artifact" | "dataset" | "batch" | "context" | "chunk">,
): EvaluationPlan {
  const { artifact, dataset, batch } = request;
  if (!dataset.carries || artifact.programs.step === null) return { batch, carry: null };
  const chunk = request.chunk ?? dataset.window ?? DEFAULT_CHUNK;
  return { batch, carry: { context: request.context ?? dataset.window ?? chunk, chunk } };
}

const DEFAULT_CHUNK = 64;
