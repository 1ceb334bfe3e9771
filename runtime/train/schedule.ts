/** @file Learning rates by step. In: a schedule, the first rate, the step. Out: the rate of that step. Never
 *  keeps state. */

/** A name of `SCHEDULES` and its numbers. */
export interface Schedule {
  readonly name: string;
  readonly args: Readonly<Record<string, number>>;
}

interface Entry {
  /** Numbers by name, with their defaults: null must be given, "all" is every step of the run. */
  readonly args: Readonly<Record<string, number | null | "all">>;
  readonly rate: (lr: number, step: number, args: Readonly<Record<string, number>>) => number;
}

/**
 * `step` counts from 0 and is the number of updates before this one; `min` is a rate, not a factor.
 * Past `steps` the rate stays where it ended.
 */
export const SCHEDULES: Readonly<Record<string, Entry>> = {
  constant: { args: {}, rate: (lr) => lr },
  /** lr · factor^⌊step / every⌋ */
  step: {
    args: { every: null, factor: null },
    rate: (lr, step, a) => lr * a.factor! ** Math.floor(step / a.every!),
  },
  /** lr · factor^step */
  exponential: { args: { factor: null }, rate: (lr, step, a) => lr * a.factor! ** step },
  /** min + (lr − min) (1 + cos(π step / steps)) / 2. Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5. */
  cosine: {
    args: { steps: "all", min: 0 },
    rate: (lr, step, a) => cosine(lr, step, a.steps!, a.min!),
  },
  /** Linear from lr / warmup to lr over `warmup` updates, then the cosine over what is left of `steps`. */
  warmup_cosine: {
    args: { warmup: null, steps: "all", min: 0 },
    rate: (lr, step, a) =>
      step < a.warmup!
        ? (lr * (step + 1)) / a.warmup!
        : cosine(lr, step - a.warmup!, a.steps! - a.warmup!, a.min!),
  },
  /** lr + (min − lr) step / steps */
  linear: {
    args: { steps: "all", min: 0 },
    rate: (lr, step, a) => lr + (a.min! - lr) * progress(step, a.steps!),
  },
};

/** The rate of update `step` (from 0) of `total`. */
export function rateAt(schedule: Schedule | null, lr: number, step: number, total: number): number {
  if (schedule === null) return lr;
  const entry = SCHEDULES[schedule.name]!;
  const args = Object.fromEntries(
    Object.entries(entry.args).map(([name, value]) => [
      name,
      schedule.args[name] ?? (value === "all" ? total : (value ?? 0)),
    ]),
  );
  return entry.rate(lr, step, args);
}

function cosine(lr: number, step: number, steps: number, min: number): number {
  return min + ((lr - min) * (1 + Math.cos(Math.PI * progress(step, steps)))) / 2;
}

function progress(step: number, steps: number): number {
  return steps <= 0 ? 1 : Math.min(1, step / steps);
}
