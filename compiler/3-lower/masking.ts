/** @file Reductions over a sequence's axis see only what is inside each sample. In: a value with a
 *  symbol for an extent. Out: the value with what is past the length made neutral. Never touches
 *  numeric axes. */
import { invariant } from "../ir/invariant.ts";
import type { Attrs, NodeId } from "../ir/ir.ts";
import type { OpName } from "../ops/table.ts";
import type { Scope } from "./scope.ts";

/** Far below any score: exp of it is 0, and differences of it are finite. */
const NEVER = -1e30;

/** The value with zeros past the length of `seq`, its last axis. */
export function zeroPast(scope: Scope, v: NodeId, seq: string): NodeId {
  const inside = validAxis(scope, seq);
  return inside === null ? v : scope.b.apply("where", [inside, v, scope.b.lit(0)]);
}

/** An op over the last axis, a sequence: sum, mean, max, min, softmax, log_softmax; others see it all. */
export function reduceOver(scope: Scope, op: OpName, v: NodeId, attrs: Attrs): NodeId {
  const { b } = scope;
  const type = b.type(v);
  const seq = type.shape.at(-1);
  invariant(typeof seq === "string", "no sequence to reduce over");
  const inside = validAxis(scope, seq);
  if (inside === null) return b.apply(op, [v], attrs);
  const filled = (x: number): NodeId => b.apply("where", [inside, v, b.lit(x)]);
  switch (op) {
    case "sum_last":
      return b.apply(op, [filled(0)], attrs);
    case "mean": {
      const length = scope.outer(lengthOf(scope, seq));
      return b.div(b.apply("sum_last", [filled(0)]), b.apply("maximum", [length, b.lit(1)]));
    }
    case "max":
    case "logsumexp":
      return b.apply(op, [filled(NEVER)], attrs);
    case "min":
      return b.apply(op, [filled(-NEVER)], attrs);
    case "softmax":
      return b.mul(b.apply(op, [filled(NEVER)], attrs), inside);
    case "log_softmax":
      return b.apply("where", [inside, b.apply(op, [filled(NEVER)], attrs), b.lit(0)]);
    default:
      return b.apply(op, [v], attrs);
  }
}

/** 1 inside each sample, 0 past its length, along an axis; null where all steps are inside. */
export function validAxis(scope: Scope, seq: string): NodeId | null {
  const length = scope.build.length(seq);
  return length === null ? null : scope.outer(scope.build.b.apply("valid", [length], { seq }));
}

function lengthOf(scope: Scope, seq: string): NodeId {
  const length = scope.build.length(seq);
  invariant(length !== null, "a length where all steps are inside");
  return length;
}
