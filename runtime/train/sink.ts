/** @file Where a run leaves what it makes. In: metrics, checkpoints, weights. Out: the interface that the
 *  trainer writes to, and one that keeps all in memory. Never touches a disk: `run-folder.ts` does. */
import type { LagNorms } from "./lags.ts";
import type { Metric } from "./metrics.ts";
import type { Progress } from "./snapshot.ts";

/** A training step. `step` counts updates from 1, `epoch` from 1; `clipped`: the norm was above its limit. */
export interface StepLine {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly lr: number;
  readonly grad_norm: number;
  readonly clipped: boolean;
  readonly tokens_per_s: number;
  readonly elapsed_ms: number;
}

/** The end of an epoch; `val_loss` null without a validation split. */
export interface EpochLine {
  readonly step: number;
  readonly epoch: number;
  readonly train_loss: number;
  readonly val_loss: number | null;
  readonly val_metrics: readonly Metric[];
  readonly best: boolean;
  readonly elapsed_ms: number;
}

/** Of an update: ‖g‖₂ after clipping, and of each parameter's gradient before it. */
export interface GradientLine {
  readonly step: number;
  readonly epoch: number;
  readonly norm_after: number;
  readonly grad_norms: Readonly<Record<string, number>>;
}

/**
 * How the weights behave on a few fixed sequences, after `epoch` epochs: 0 is before the first update.
 * `lags` null where the model has none (see `lags.ts`), `gates` null where nobody looked.
 */
export interface ProbeLine {
  readonly step: number;
  readonly epoch: number;
  readonly lags: LagNorms | null;
  readonly gates: Readonly<Record<string, GateHistogram>> | null;
}

/**
 * Of a gate's values: the share in each of equal bins over [from, to], which is [0, 1] where all lie in it;
 * their mean; the shares within 0.05 of 0 and of 1.
 */
export interface GateHistogram {
  readonly from: number;
  readonly to: number;
  readonly shares: readonly number[];
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export type MetricsLine = StepLine | EpochLine | GradientLine | ProbeLine;

export interface RunSink {
  /** Once, before anything else: null for a new run; else lines that are not `isBefore` it are forgotten. */
  start(from: Progress | null): Promise<void>;
  metrics(line: MetricsLine): void;
  /** Replaces the checkpoint; whole, or not at all. */
  checkpoint(bytes: Uint8Array): Promise<void>;
  readCheckpoint(): Promise<Uint8Array | null>;
  /** Replaces the weights to use: the best of validation, else the last. */
  best(bytes: Uint8Array): Promise<void>;
  readBest(): Promise<Uint8Array | null>;
}

/** Whether a line was written before a run stood at `from`: it is not written again. */
export function isBefore(line: MetricsLine, from: Progress | null): boolean {
  if (from === null || line.step > from.step) return false;
  return !("train_loss" in line || "lags" in line) || line.epoch <= from.epoch;
}

export interface MemorySink extends RunSink {
  readonly lines: readonly MetricsLine[];
}

export function memorySink(): MemorySink {
  const lines: MetricsLine[] = [];
  const kept: { checkpoint: Uint8Array | null; best: Uint8Array | null } = {
    checkpoint: null,
    best: null,
  };
  return {
    lines,
    start: async (from) => {
      lines.splice(0, lines.length, ...lines.filter((line) => isBefore(line, from)));
    },
    metrics: (line) => {
      lines.push(line);
    },
    checkpoint: async (bytes) => {
      kept.checkpoint = bytes;
    },
    readCheckpoint: async () => kept.checkpoint,
    best: async (bytes) => {
      kept.best = bytes;
    },
    readBest: async () => kept.best,
  };
}
