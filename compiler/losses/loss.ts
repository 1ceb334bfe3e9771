/** @file What a loss is. In: nothing. Out: the interface of every file in `losses/`. A loss is built
 *  from ops, so it needs no derivative and no kernel of its own. */
import type { Builder } from "../ir/builder.ts";
import type { Attrs, NodeId, Tensor } from "../ir/ir.ts";
import type { Param, Refusal } from "../ops/op.ts";

export interface Loss {
  /** The mathematics, shapes, source. First sentence is the summary. */
  readonly doc: string;
  /** Numbers a train block may set by name: `huber(y, t: [T, D], delta = 2)`. */
  readonly params: readonly Param[];
  /** What a target holds: numbers or tokens. */
  readonly target: Tensor["dtype"];
  /** Why `target` is no target for `prediction` (feature shapes are compared), or null. */
  readonly refuses: (prediction: Tensor, target: Tensor) => Refusal | null;
  /**
   * A scalar: the mean over all elements that count. `mask` weighs steps and samples (0 for those
   * outside; [] at each step or sample), null when all count. `attrs` may leave out defaults.
   * `targetMask` is the same for a target with a length of its own (`ctc`).
   */
  readonly build: (
    b: Builder,
    prediction: NodeId,
    target: NodeId,
    mask: NodeId | null,
    attrs: Attrs,
    targetMask?: NodeId | null,
  ) => NodeId;
}
