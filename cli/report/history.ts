/** @file The metrics of a run, however many. In: lines, one after another. Out: a few hundred rows that keep
 *  the means and the extremes. Never holds all lines. */
import type {
  EpochLine,
  GradientLine,
  MetricsLine,
  ProbeLine,
  StepLine,
} from "../../runtime/train/sink.ts";

/** Updates that follow one another: means, unless the name says otherwise; what is of the last of them as it was. */
export interface StepRow {
  /** Of the last update, as are `epoch`, `lr` and `elapsed_ms`. */
  readonly step: number;
  readonly epoch: number;
  readonly updates: number;
  readonly loss: number;
  readonly loss_min: number;
  readonly loss_max: number;
  readonly lr: number;
  readonly grad_norm: number;
  readonly grad_norm_max: number;
  /** Updates whose gradient was above the limit. */
  readonly clipped: number;
  readonly tokens_per_s: number;
  readonly elapsed_ms: number;
}

export interface History {
  readonly steps: readonly StepRow[];
  /** All, or of many some hundred, with the best and the last. */
  readonly epochs: readonly EpochLine[];
  readonly gradients: readonly GradientLine[];
  readonly probes: readonly ProbeLine[];
}

export interface HistoryReader {
  add(line: MetricsLine): void;
  history(): History;
}

/** Twice as many rows are kept before neighbours are joined. */
const ROWS = 300;

export function openHistory(): HistoryReader {
  let steps: StepRow[] = [];
  let perRow = 1;
  const open: StepRow[] = [];
  const gradients = openSample<GradientLine>();
  const epochs = openSample<EpochLine>();
  /** Kept whichever others are. */
  const own: { best: EpochLine | null; last: EpochLine | null } = { best: null, last: null };
  const probes: ProbeLine[] = [];
  const addStep = (line: StepLine): void => {
    open.push(rowOf(line));
    if (open.length < perRow) return;
    steps.push(joined(open.splice(0)));
    if (steps.length < 2 * ROWS) return;
    perRow *= 2;
    steps = pairs(steps).map(joined);
  };
  const addEpoch = (line: EpochLine): void => {
    epochs.add(line);
    own.last = line;
    if (line.best) own.best = line;
  };
  return {
    add: (line) => {
      if ("loss" in line) addStep(line);
      else if ("train_loss" in line) addEpoch(line);
      else if ("grad_norms" in line) gradients.add(line);
      else probes.push(line);
    },
    history: () => ({
      steps: open.length === 0 ? [...steps] : [...steps, joined(open)],
      epochs: [...new Set([...epochs.items(), own.best, own.last])]
        .filter((line) => line !== null)
        .sort((a, b) => a.epoch - b.epoch),
      gradients: [...gradients.items()],
      probes: [...probes],
    }),
  };
}

/** Of however many, some hundred items, evenly from the first on. */
function openSample<T>() {
  let kept: T[] = [];
  let each = 1;
  let seen = 0;
  return {
    items: (): readonly T[] => kept,
    add: (item: T): void => {
      if (seen % each === 0) kept.push(item);
      seen += 1;
      if (kept.length < 2 * ROWS) return;
      each *= 2;
      kept = kept.filter((_, i) => i % 2 === 0);
    },
  };
}

function rowOf({
  step,
  epoch,
  loss,
  lr,
  grad_norm,
  clipped,
  tokens_per_s,
  elapsed_ms,
}: StepLine): StepRow {
  return {
    step,
    epoch,
    updates: 1,
    loss,
    loss_min: loss,
    loss_max: loss,
    lr,
    grad_norm,
    grad_norm_max: grad_norm,
    clipped: clipped ? 1 : 0,
    tokens_per_s,
    elapsed_ms,
  };
}

function pairs(rows: readonly StepRow[]): readonly (readonly StepRow[])[] {
  return rows.flatMap((row, i) => (i % 2 === 0 ? [[row, rows[i + 1]!]] : []));
}

/** One row of several; at least one. */
function joined(rows: readonly StepRow[]): StepRow {
  const last = rows.at(-1)!;
  const sum = (of: (row: StepRow) => number): number => rows.reduce((n, row) => n + of(row), 0);
  const updates = sum((row) => row.updates);
  const mean = (of: (row: StepRow) => number): number =>
    sum((row) => row.updates * of(row)) / updates;
  return {
    step: last.step,
    epoch: last.epoch,
    updates,
    loss: mean((row) => row.loss),
    loss_min: Math.min(...rows.map((row) => row.loss_min)),
    loss_max: Math.max(...rows.map((row) => row.loss_max)),
    lr: last.lr,
    grad_norm: mean((row) => row.grad_norm),
    grad_norm_max: Math.max(...rows.map((row) => row.grad_norm_max)),
    clipped: sum((row) => row.clipped),
    tokens_per_s: mean((row) => row.tokens_per_s),
    elapsed_ms: last.elapsed_ms,
  };
}
