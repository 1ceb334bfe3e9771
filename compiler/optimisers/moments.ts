/** @file What the Adam family shares. In: a step, the gradient it takes. Out: the direction and the
 *  moments' next values. Never decays weights itself. */
import type { Builder } from "../ir/builder.ts";
import type { NodeId } from "../ir/ir.ts";
import { average, pick, type Step } from "./optimiser.ts";

export const MOMENTS = ["mean", "square"] as const;

/**
 * m ← beta1 m + (1 - beta1) g, v ← beta2 v + (1 - beta2) g²; the direction is
 * (m / (1 - beta1ᵗ)) / (√(w / (1 - beta2ᵗ)) + eps), where w is v or, with `largest`, the largest v so far.
 */
export function moments(
  b: Builder,
  s: Step,
  g: NodeId,
  largest: NodeId | null = null,
): { direction: NodeId; slots: Record<string, NodeId> } {
  const [beta1, beta2] = [pick(s.hyper, "beta1"), pick(s.hyper, "beta2")];
  const mean = average(b, beta1, pick(s.slots, "mean"), g);
  const square = average(b, beta2, pick(s.slots, "square"), b.mul(g, g));
  const top = largest === null ? square : b.apply("maximum", [largest, square]);
  const root = b.div(b.apply("sqrt", [top]), b.apply("sqrt", [grown(b, beta2, s.stepCount)]));
  const direction = b.div(
    b.div(mean, grown(b, beta1, s.stepCount)),
    b.add(root, pick(s.hyper, "eps")),
  );
  return { direction, slots: { mean, square, ...(largest === null ? {} : { largest: top }) } };
}

/** 1 - rateᵗ without its cancellation when the rate is near 1; a rate of 0 gives 1. */
function grown(b: Builder, rate: NodeId, steps: NodeId): NodeId {
  return b.neg(b.apply("expm1", [b.mul(steps, b.apply("log", [rate]))]));
}
