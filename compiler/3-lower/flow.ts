/** @file What runs through a model's pipes. In: nothing. Out: the type of a flow and its helpers. */
import type { Span } from "../../grammar/span.ts";
import { invariant } from "../ir/invariant.ts";
import type { NodeId } from "../ir/ir.ts";
import { type Build, NotStreamable } from "./build.ts";

/** A value between layers: its node, the number of classes of tokens, and what can be reached by `.name`. */
export interface Flow {
  readonly node: NodeId;
  readonly of: number | null;
  /** `final` states and further outputs of the layer that made it. */
  readonly members: ReadonlyMap<string, Flow | ReadonlyMap<string, Flow>>;
}

export function flow(node: NodeId, members: Flow["members"] = new Map()): Flow {
  return { node, of: null, members };
}

/** Does the flow have a value a step? While streaming the whole model is one step, so no node tells. */
export function seqOf(build: Build, f: Flow): string | null {
  return build.b.type(f.node).seq;
}

/** The sequence of a flow that must be one. */
export function needSeq(build: Build, f: Flow): string {
  const seq = seqOf(build, f);
  invariant(seq !== null, "a sequence is needed here");
  return seq;
}

/** Refuses a layer that must see the sequence whole. */
export function wholeSequence(build: Build, layer: string, at: Span): void {
  if (build.options.streaming) throw new NotStreamable(`\`${layer}\` needs the whole sequence`, at);
}

/** The flow as [steps][…] of each sample, one tensor: the sequence becomes its first axis. */
export function asAxis(build: Build, f: Flow): NodeId {
  return build.b.apply("to_axis", [f.node]);
}

/** Zero past each sample's own length; the same node where every sample has all steps. */
export function inside(build: Build, node: NodeId): NodeId {
  const { b } = build;
  const { seq } = b.type(node);
  const length = seq === null ? null : build.length(seq);
  if (seq === null || length === null) return node;
  const valid = b.apply("steps", [length], { seq, of: "valid" });
  return b.apply("where", [valid, node, b.lit(0)]);
}

/** The number of steps, as a real: of each sample where lengths differ. */
export function stepsOf(build: Build, seq: string): NodeId {
  const { b } = build;
  const length = build.length(seq);
  return length === null ? b.apply("size", [], { seq }) : b.apply("maximum", [length, b.lit(1)]);
}
