/** @file Compound ops found again. In: a tidy node. Out: the call that it is the expansion of (softmax, mean, …), or
 *  null. Rests on the ops' own `expand`: a call is found where its expansion is this very node. */
import { type NodeId, reads } from "../ir/ir.ts";
import type { CompoundOp, OpDef } from "../ops/op.ts";
import { OPS } from "../ops/table.ts";
import { isRefusal, resultType } from "../ops/typing.ts";
import { type Coefficients, tidy } from "./coefficients.ts";

export interface Call {
  readonly call: string;
  readonly args: readonly NodeId[];
}

const UNARY: readonly CompoundOp[] = Object.values<OpDef>(OPS).flatMap((op) =>
  op.form === "compound" && op.arity === 1 && op.spec !== null && op.params.length === 0
    ? [op]
    : [],
);

/** How deep an expansion holds its argument. */
const DEPTH = 6;

export function compoundOf(c: Coefficients, id: NodeId): Call | null {
  const { shape } = c.b.type(id);
  for (const arg of inside(c, id)) {
    const type = c.b.type(arg);
    if (type.shape.length < shape.length || type.shape.length > shape.length + 1) continue;
    for (const op of UNARY) {
      const result = resultType(op, [type], {});
      if (isRefusal(result) || result.shape.join() !== shape.join()) continue;
      const built = op.expand(c.b, [arg], {});
      if (built !== id && tidy(c, built) === id) return { call: op.spec!.call, args: [arg] };
    }
  }
  return null;
}

/** Nodes below one, nearest first, down to names. */
function inside(c: Coefficients, id: NodeId): readonly NodeId[] {
  const found = new Set<NodeId>();
  let level: readonly NodeId[] = [id];
  for (let depth = 0; depth < DEPTH; depth++) {
    level = level.flatMap((n) => (c.isOpaque(n) ? [] : reads(c.b.node(n))));
    for (const n of level) found.add(n);
  }
  return [...found];
}
