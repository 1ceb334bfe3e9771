/** @file What an optimiser is. In: nothing. Out: the interface of every file in `optimisers/`, built
 *  from ops, so that every backend runs the same update. */
import type { Builder } from "../ir/builder.ts";
import { invariant } from "../ir/invariant.ts";
import type { NodeId } from "../ir/ir.ts";

export interface Optimiser {
  /** The mathematics, source. First sentence is the summary. */
  readonly doc: string;
  /** Numbers that a train block may set, and their defaults. */
  readonly hyper: Readonly<Record<string, number>>;
  /** Values kept for each parameter from step to step, of its shape, 0 at first. */
  readonly slots: readonly string[];
  readonly step: (b: Builder, s: Step) => Update;
}

/** One update of one parameter: nodes. */
export interface Step {
  readonly param: NodeId;
  /** After clipping. */
  readonly grad: NodeId;
  readonly slots: Readonly<Record<string, NodeId>>;
  /** Scalars by the names in `Optimiser.hyper`. */
  readonly hyper: Readonly<Record<string, NodeId>>;
  /** A scalar: 1 at the first update. */
  readonly stepCount: NodeId;
}

export interface Update {
  readonly param: NodeId;
  readonly slots: Readonly<Record<string, NodeId>>;
}

/** The hyperparameter or slot `name`; throws (our bug) where it was not given. */
export function pick(from: Readonly<Record<string, NodeId>>, name: string): NodeId {
  const id = from[name];
  invariant(id !== undefined, `the optimiser was not given ${name}`);
  return id;
}

/** g + weight_decay · p: the decay that goes through the optimiser (L2). */
export function decayed(b: Builder, s: Step): NodeId {
  return b.add(s.grad, b.mul(pick(s.hyper, "weight_decay"), s.param));
}

/** rate · old + (1 - rate) · next. */
export function average(b: Builder, rate: NodeId, old: NodeId, next: NodeId): NodeId {
  return b.add(b.mul(rate, old), b.mul(b.sub(b.lit(1), rate), next));
}

/** param - lr · direction. */
export function moved(b: Builder, s: Step, direction: NodeId, from: NodeId = s.param): NodeId {
  return b.sub(from, b.mul(pick(s.hyper, "lr"), direction));
}
