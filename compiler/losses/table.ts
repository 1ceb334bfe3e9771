/** @file Every loss by name. In: one file a loss. Out: the table that checking, lowering, tests and pages sweep. */
import { binaryCrossEntropy } from "./binary-cross-entropy.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { ctc } from "./ctc.ts";
import { huber } from "./huber.ts";
import type { Loss } from "./loss.ts";
import { mae } from "./mae.ts";
import { mse } from "./mse.ts";

export const LOSSES = {
  mse,
  mae,
  huber,
  cross_entropy: crossEntropy,
  binary_cross_entropy: binaryCrossEntropy,
  ctc,
} as const satisfies Record<string, Loss>;

export type LossName = keyof typeof LOSSES;

export function isLossName(name: string): name is LossName {
  return Object.hasOwn(LOSSES, name);
}
