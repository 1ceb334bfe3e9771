/** @file A training run, epoch by epoch. In: a request, where the run stands. Out: steps, validation,
 *  checkpoints, metrics. Holds the run's state; every part of it that matters is in its snapshots. */
import { encodeCheckpoint } from "../checkpoint.ts";
import type { Chunk } from "../data/plan.ts";
import { type DataFault, fail, ok, type Result } from "../data/fault.ts";
import type { TrainOutcome, TrainRequest } from "../train.ts";
import type { Tensor } from "../values.ts";
import { saveWeights } from "../weights.ts";
import { evaluate, weightOf } from "./evaluate.ts";
import type { Carry } from "./feed.ts";
import { openLagProbe } from "./lags.ts";
import { openLoop } from "./loop.ts";
import { explain } from "./non-finite.ts";
import { gradientNorms, isProbed, isRecorded } from "./record.ts";
import {
  type Progress,
  paramsOf,
  restoreSnapshot,
  type Snapshot,
  takeSnapshot,
} from "./snapshot.ts";

export type Params = Readonly<Record<string, Tensor>>;

export interface Run {
  readonly progress: Progress;
  /** Looks at the weights and records what it finds, where the settings want it at this point of the run. */
  probe(): Promise<void>;
  /** The rest of the epoch that `progress` names: its chunks, validation, a checkpoint. */
  epoch(): Promise<Result<"done" | "interrupted">>;
  outcome(ended: TrainOutcome["ended"]): TrainOutcome;
  /** Puts the best weights in the session, where there are any. */
  useBest(): void;
}

/** Steps between copies in memory from which a gradient that is not finite is traced. */
const TRACE_EVERY = 64;

/** `chunksOf`: the chunks of an epoch, the same whenever asked. `total`: updates of the whole run. */
export function openRun(
  request: TrainRequest,
  start: { readonly snapshot: Snapshot; readonly best: Params | null },
  chunksOf: (epoch: number) => readonly Chunk[],
  total: number,
): Run {
  const { artifact, session, dataset, settings, sink, signal, clock } = request;
  const loop = openLoop(artifact, session, settings, total);
  const lags = openLagProbe(artifact, dataset, settings);
  const startedAt = clock();
  const elapsed = (): number => start.snapshot.progress.elapsedMs + clock() - startedAt;
  const speed = { tokens: 0, ms: 0 };
  /** When the first update of this call began: what was looked at before it takes no part in forecasts. */
  let updatesFrom: number | null = null;
  let progress = start.snapshot.progress;
  let carry: Carry | null = start.snapshot.carry;
  let best: Params | null = start.best;
  let trace = start.snapshot;

  const save = async (): Promise<void> => {
    progress = { ...progress, elapsedMs: elapsed() };
    trace = await takeSnapshot(artifact, session, progress, carry);
    if (best === null) await keep(paramsOf(trace), {});
    await sink.checkpoint(encodeCheckpoint(artifact, settings, trace));
  };

  const keep = async (params: Params, about: Readonly<Record<string, string>>): Promise<void> => {
    const { step, epoch } = progress;
    const metadata = { step: String(step), epoch: String(epoch + 1), ...about };
    await sink.best(saveWeights(artifact, params, metadata));
  };

  /** One update; a fault where a number is not finite. */
  const advance = async (chunks: readonly Chunk[]): Promise<DataFault | null> => {
    const { step, epoch, chunk: index } = progress;
    if (step - trace.progress.step >= TRACE_EVERY)
      trace = await takeSnapshot(artifact, session, progress, carry);
    const chunk = chunks[index]!;
    const batch = dataset.batch(chunk);
    const from = clock();
    updatesFrom ??= from;
    const { loss, program, ...left } = await loop.gradient(batch, chunk.fresh ? null : carry, step);
    const when = `at step ${step + 1} (epoch ${epoch + 1})`;
    const { sizes } = batch;
    if (!Number.isFinite(loss))
      return explain(artifact, session, { what: "the loss", value: loss, when, program, sizes });
    const norm = await loop.update(step);
    if (!Number.isFinite(norm)) {
      await replay(step);
      const what = "the norm of the gradient";
      return explain(artifact, session, { what, value: norm, when, program, sizes });
    }
    carry = chunks[index + 1]?.fresh === false ? await left.carry() : null;
    const ms = clock() - from;
    speed.tokens += batch.tokens;
    speed.ms += ms;
    const weight = weightOf(artifact, batch);
    progress = {
      ...progress,
      step: step + 1,
      chunk: index + 1,
      lossSum: progress.lossSum + loss * weight,
      lossWeight: progress.lossWeight + weight,
    };
    report(loss, norm, ms > 0 ? (1000 * batch.tokens) / ms : 0);
    if (isRecorded(settings, step + 1, total)) {
      const norms = await gradientNorms(artifact, session, settings);
      sink.metrics({ step: step + 1, epoch: epoch + 1, ...norms });
    }
    return null;
  };

  /** Runs again from the last copy up to the gradient of update `step`, with the weights it was taken at. */
  const replay = async (step: number): Promise<void> => {
    restoreSnapshot(session, trace);
    let { epoch, chunk: index } = trace.progress;
    let states = trace.carry;
    for (let at = trace.progress.step; at <= step; at++) {
      while (index >= chunksOf(epoch).length) {
        epoch += 1;
        index = 0;
      }
      const chunks = chunksOf(epoch);
      const chunk = chunks[index]!;
      const { carry: left } = await loop.gradient(
        dataset.batch(chunk),
        chunk.fresh ? null : states,
        at,
      );
      index += 1;
      if (at === step) return;
      await loop.update(at);
      states = chunks[index]?.fresh === false ? await left() : null;
    }
  };

  const report = (loss: number, norm: number, tokensPerSecond: number): void => {
    const { step, epoch } = progress;
    const lr = loop.rate(step - 1);
    sink.metrics({
      step,
      epoch: epoch + 1,
      loss,
      lr,
      grad_norm: norm,
      clipped: settings.clip.norm !== null && norm > settings.clip.norm,
      tokens_per_s: tokensPerSecond,
      elapsed_ms: elapsed(),
    });
    const done = step - start.snapshot.progress.step;
    request.onProgress?.({
      epoch: epoch + 1,
      epochs: settings.epochs,
      step,
      steps: total,
      loss,
      gradNorm: norm,
      lr,
      tokensPerSecond: speed.ms > 0 ? (1000 * speed.tokens) / speed.ms : 0,
      etaMs: ((clock() - (updatesFrom ?? startedAt)) / done) * Math.max(0, total - step),
      best: progress.best,
    });
  };

  const probe = async (epoch: number): Promise<void> => {
    if (!isProbed(settings, epoch)) return;
    const found = { lags: await lags(session), gates: (await request.gates?.(session)) ?? null };
    if (found.lags !== null || found.gates !== null)
      sink.metrics({ step: progress.step, epoch, ...found });
  };

  /** The epoch's validation and its place in the run; "interrupted" leaves it to be done again. */
  const validate = async (): Promise<Result<"done" | "interrupted">> => {
    const measured = await evaluate({
      artifact,
      session,
      dataset,
      split: "validation",
      batch: settings.batch,
      chunk: settings.truncate,
      ...(signal === undefined ? {} : { signal }),
    });
    if (!measured.ok) return measured;
    if (signal?.aborted) return ok("interrupted");
    const { step, epoch, lossSum, lossWeight } = progress;
    const found = measured.value;
    const better = found !== null && found.loss < (progress.best?.loss ?? Number.POSITIVE_INFINITY);
    if (found !== null && better) {
      const now = await takeSnapshot(artifact, session, progress, null);
      best = paramsOf(now);
      progress = { ...progress, best: { loss: found.loss, epoch: epoch + 1, step } };
      await keep(best, { val_loss: String(found.loss) });
    }
    sink.metrics({
      step,
      epoch: epoch + 1,
      train_loss: lossSum / lossWeight,
      val_loss: found?.loss ?? null,
      val_metrics: found?.metrics ?? [],
      best: better,
      elapsed_ms: elapsed(),
    });
    await probe(epoch + 1);
    progress = { ...progress, sinceBest: better ? 0 : progress.sinceBest + 1 };
    return ok("done");
  };

  return {
    get progress() {
      return progress;
    },
    probe: () => probe(progress.epoch),
    epoch: async () => {
      const chunks = chunksOf(progress.epoch);
      if (progress.chunk === 0) progress = { ...progress, lossSum: 0, lossWeight: 0 };
      while (progress.chunk < chunks.length && !signal?.aborted) {
        const wrong = await advance(chunks);
        if (wrong !== null) return fail(wrong);
        const every = settings.checkpointEvery;
        if (every !== null && progress.step % every === 0) await save();
        await pause();
      }
      const ended: Result<"done" | "interrupted"> = signal?.aborted
        ? ok("interrupted")
        : await validate();
      if (!ended.ok) return ended;
      if (ended.value === "done") progress = { ...progress, epoch: progress.epoch + 1, chunk: 0 };
      await save();
      return ended;
    },
    outcome: (ended) => ({
      ended,
      steps: progress.step,
      epochs: progress.epoch,
      loss: progress.lossWeight === 0 ? null : progress.lossSum / progress.lossWeight,
      best: progress.best,
    }),
    useBest: () => {
      for (const [name, { data, shape }] of Object.entries(best ?? {}))
        session.write(`param:${name}`, data, shape);
    },
  };
}

/** Lets timers, signals and the screen have their turn: devices on a processor never wait for one. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
