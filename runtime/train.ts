/** @file Training. In: an artifact, a session, data, settings. Out: trained weights in the session; metrics
 *  and checkpoints through a sink. The same seed, backend and data give the same bits, interrupted and
 *  resumed or not. Reads no clock and no disk of its own. */
import type { Artifact } from "./artifact/artifact.ts";
import { decodeCheckpoint } from "./checkpoint.ts";
import type { Dataset } from "./data/dataset.ts";
import { type DataFault, fail, fault, ok, type Result } from "./data/fault.ts";
import type { Chunk } from "./data/plan.ts";
import type { Session } from "./devices/device.ts";
import { evaluationPlan } from "./train/evaluate.ts";
import { cannotCut } from "./train/loop.ts";
import { openRun, type Params } from "./train/run.ts";
import type { TrainSettings } from "./train/settings.ts";
import type { GateHistogram, RunSink } from "./train/sink.ts";
import { type Best, firstSnapshot, restoreSnapshot, type Snapshot } from "./train/snapshot.ts";
import { loadWeights } from "./weights.ts";

export interface TrainRequest {
  readonly artifact: Artifact;
  readonly session: Session;
  readonly dataset: Dataset;
  readonly settings: TrainSettings;
  /** Milliseconds from any start; for metrics alone. */
  readonly clock: () => number;
  readonly sink: RunSink;
  /** Goes on from the sink's checkpoint; D205 where it has none. */
  readonly resume?: boolean;
  /** Ends the run after the step it is in, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Histograms of the gates with the session's weights, for the record. */
  readonly gates?: (session: Session) => Promise<Readonly<Record<string, GateHistogram>>>;
}

/** `step` and `epoch` count from 1; `steps` and `etaMs` suppose that nothing ends the run early. */
export interface ProgressEvent {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** ‖g‖₂ before clipping. */
  readonly gradNorm: number;
  readonly lr: number;
  readonly tokensPerSecond: number;
  readonly etaMs: number;
  readonly best: Best | null;
}

export interface TrainOutcome {
  readonly ended: "epochs" | "patience" | "interrupted";
  /** Updates, and epochs completed. */
  readonly steps: number;
  readonly epochs: number;
  /** Mean training loss of the last epoch begun; null before its first step. */
  readonly loss: number | null;
  /** Null without a validation split. The session holds these weights, unless interrupted. */
  readonly best: Best | null;
}

/**
 * Initial weights are drawn by the settings' seed. After each epoch the validation split is scored; the
 * weights of its least loss are what the run ends with. Rejects only for our bugs and DeviceErrors.
 * Faults: D109, D112, D201, D202, D203 (a number that is not finite), D204, D205.
 */
export async function train(request: TrainRequest): Promise<Result<TrainOutcome>> {
  const { artifact, settings } = request;
  const faults = [...cannotCut(artifact, settings), ...cannotWait(request)];
  if (faults.length > 0) return fail(...faults);
  const first = planEpoch(request, 0);
  if (!first.ok) return first;
  const start = await startOf(request);
  if (!start.ok) return start;
  const total = first.value.length * settings.epochs;
  const run = openRun(request, start.value, epochsOf(request, first.value), total);
  if (request.resume !== true) await run.probe();
  const isOutOfPatience = (): boolean =>
    settings.patience !== null && run.progress.sinceBest >= settings.patience;
  while (run.progress.epoch < settings.epochs && !isOutOfPatience()) {
    const ended = await run.epoch();
    if (!ended.ok) return ended;
    if (ended.value === "interrupted") return ok(run.outcome("interrupted"));
  }
  run.useBest();
  return ok(run.outcome(isOutOfPatience() ? "patience" : "epochs"));
}

function planEpoch({ dataset, settings }: TrainRequest, epoch: number): Result<readonly Chunk[]> {
  const { batch, seed, truncate } = settings;
  return dataset.trainingPlan({ batch, seed, epoch, shuffle: true, truncate });
}

/** Plans by epoch; what an epoch can be planned of does not depend on which one it is. */
function epochsOf(
  request: TrainRequest,
  first: readonly Chunk[],
): (epoch: number) => readonly Chunk[] {
  let last = { epoch: 0, chunks: first };
  return (epoch) => {
    if (last.epoch !== epoch) {
      const planned = planEpoch(request, epoch);
      last = { epoch, chunks: planned.ok ? planned.value : [] };
    }
    return last.chunks;
  };
}

/** D201 where early stopping has nothing to watch. */
function cannotWait(request: TrainRequest): readonly DataFault[] {
  const { dataset, settings } = request;
  const plan = evaluationPlan({ ...request, batch: settings.batch, chunk: settings.truncate });
  if (settings.patience === null || dataset.evaluationPlan("validation", plan).length > 0)
    return [];
  return [
    fault("D201", "patience watches the validation loss, and there is no validation split", {
      help: 'add "validation" to the split of the data declaration, or take patience off',
    }),
  ];
}

async function startOf(
  request: TrainRequest,
): Promise<Result<{ readonly snapshot: Snapshot; readonly best: Params | null }>> {
  const { artifact, session, settings, sink } = request;
  if (request.resume !== true) {
    const snapshot = firstSnapshot(artifact, settings.seed);
    restoreSnapshot(session, snapshot);
    await sink.start(null);
    return ok({ snapshot, best: null });
  }
  const bytes = await sink.readCheckpoint();
  if (bytes === null)
    return fail(
      fault("D205", "the run has no checkpoint to go on from", { help: "start it anew" }),
    );
  const snapshot = decodeCheckpoint(artifact, settings, bytes);
  if (!snapshot.ok) return snapshot;
  const { progress } = snapshot.value;
  const best = progress.best === null ? null : await sink.readBest();
  const weights = best === null ? null : loadWeights(artifact, best);
  if (progress.best !== null && !weights?.ok)
    return fail(fault("D205", "the weights of the run's best epoch cannot be read"));
  restoreSnapshot(session, snapshot.value);
  await sink.start(progress);
  return ok({
    snapshot: snapshot.value,
    best: weights?.ok ? Object.fromEntries(weights.value) : null,
  });
}
