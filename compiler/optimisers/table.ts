/** @file Every optimiser by name. In: one file an optimiser. Out: the table that checking, lowering, tests and pages sweep. */
import { adadelta } from "./adadelta.ts";
import { adagrad } from "./adagrad.ts";
import { adam } from "./adam.ts";
import { adamw } from "./adamw.ts";
import { amsgrad } from "./amsgrad.ts";
import { momentum } from "./momentum.ts";
import type { Optimiser } from "./optimiser.ts";
import { rmsprop } from "./rmsprop.ts";
import { sgd } from "./sgd.ts";

export const OPTIMISERS = {
  sgd,
  momentum,
  rmsprop,
  adam,
  adamw,
  amsgrad,
  adagrad,
  adadelta,
} as const satisfies Record<string, Optimiser>;

export type OptimiserName = keyof typeof OPTIMISERS;

export function isOptimiserName(name: string): name is OptimiserName {
  return Object.hasOwn(OPTIMISERS, name);
}
