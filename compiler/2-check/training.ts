/** @file What a train block may say. In: the tables of losses and optimisers. Out: the vocabulary of
 *  settings, schedules and clipping. Never trains: the runtime does. */
import { LOSSES } from "../losses/table.ts";
import { OPTIMISERS } from "../optimisers/table.ts";
import type { Setting } from "./functions.ts";

/** A named thing with numbers by name: `adam(lr = 1e-3)`. */
export type Vocabulary = ReadonlyMap<string, readonly Setting[]>;

const numbers = (defaults: Readonly<Record<string, number | null>>): readonly Setting[] =>
  Object.entries(defaults).map(([name, value]) => ({ kind: "number", name, default: value }));

export const LOSS_SETTINGS: Vocabulary = new Map(
  Object.entries(LOSSES).map(([name, loss]) => [
    name,
    loss.params.map((p): Setting => ({ kind: "number", name: p.name, default: p.default })),
  ]),
);

export const OPTIMISER_SETTINGS: Vocabulary = new Map(
  Object.entries(OPTIMISERS).map(([name, optimiser]) => [name, numbers(optimiser.hyper)]),
);

/**
 * Learning rates by update n, as multiples of the optimiser's `lr`.
 *
 * | name | multiple |
 * |---|---|
 * | constant | 1 |
 * | step(every, factor) | factor^⌊n / every⌋ |
 * | exponential(factor) | factor^n |
 * | cosine(steps, min) | min + (1 − min)(1 + cos(π n / steps)) / 2, and min after |
 * | warmup_cosine(warmup, steps, min) | n / warmup, then cosine over the rest |
 * | linear(steps, min) | 1 down to min over steps, and min after |
 */
export const SCHEDULES: Vocabulary = new Map([
  ["constant", []],
  ["step", numbers({ every: null, factor: null })],
  ["exponential", numbers({ factor: null })],
  ["cosine", numbers({ steps: null, min: 0 })],
  ["warmup_cosine", numbers({ warmup: null, steps: null, min: 0 })],
  ["linear", numbers({ steps: null, min: 0 })],
]);

/** `clip norm 1.0`, `clip value 0.5`. */
export const CLIPS = ["norm", "value"] as const;

/** Settings that are one number: whole or not, and the least it may be. */
export const NUMBERS = {
  truncate: { least: 1 },
  batch: { least: 1 },
  epochs: { least: 1 },
  seed: { least: 0 },
  patience: { least: 1 },
} as const satisfies Record<string, { readonly least: number }>;

/**
 * What a loss wants for a target: `same` as the prediction, a `class` of the prediction's last axis
 * at each step, or a sequence of `labels` of its own length.
 */
export function targetRule(loss: string): "same" | "class" | "labels" {
  if (loss === "ctc") return "labels";
  const entry = Object.entries(LOSSES).find(([name]) => name === loss)?.[1];
  return entry?.target === "index" ? "class" : "same";
}
