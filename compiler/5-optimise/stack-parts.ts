/** @file Does once to a stack what was done alike to equal pieces of a product. In: verified graph. Out:
 *  the same outputs, pieces now rows of one value. Never changes an element's arithmetic. */
import type { Builder } from "../ir/builder.ts";
import { absurd } from "../ir/invariant.ts";
import type { Apply, Attrs, Graph, NodeId } from "../ir/ir.ts";
import { dims, nums } from "../ops/attrs.ts";
import { planned } from "./planned.ts";
import { type Operand, type Product, type Stack, stacksOf } from "./stack-plan.ts";

/**
 * Gates that are normalised each: p_k = part([U_1; …; U_G] h, k), p_k − mean(p_k), … → rows of
 * P [G, n] = [U_1, …, U_G] h, P − mean(P), one kernel for the means of all gates. The elements of
 * the product and of what follows stand where they stood: only their indices are two.
 */
export function stackParts(graph: Graph): Graph {
  const made = new Map<Stack, NodeId>();
  return planned(graph, {
    of: stacksOf,
    readsAhead: true,
    build: ({ stack, row }, { b, map }) =>
      b.apply("row", [build(stack, b, map, made)], { axis: 0, at: row }),
  });
}

function build(
  stack: Stack,
  b: Builder,
  map: (id: NodeId) => NodeId,
  made: Map<Stack, NodeId>,
): NodeId {
  const there = made.get(stack);
  if (there !== undefined) return there;
  const { like, of } = stack;
  const of_ = of.kind === "product" ? product(of, b, map) : op(like, of.operands, b, map, made);
  made.set(stack, of_);
  return of_;
}

/** [W_1, …, W_G] x: the weights stacked along a new first axis, its label first in the result. */
function product({ form, weights, weightAxis }: Product, b: Builder, map: (id: NodeId) => NodeId) {
  const { a, b: other, y, seq, batch } = form;
  const all = stackOf(b, weights.map(map), weightAxis);
  const labels = `${a.slice(0, weightAxis)}${ROW}${a.slice(weightAxis)}`;
  const args = [all, map(form.args[1])];
  return b.apply("contract", args, { a: labels, b: other, y: `${ROW}${y}`, seq, batch });
}

/** Labels of a product form are a, b, c, … */
const ROW = "z";

function stackOf(b: Builder, ids: readonly NodeId[], axis: number): NodeId {
  const rows = ids.map((id) => b.apply("expand", [id], { axes: [axis], dims: [1] }));
  return b.apply("concat", rows, { axis });
}

function op(
  like: Apply,
  operands: readonly Operand[],
  b: Builder,
  map: (id: NodeId) => NodeId,
  made: Map<Stack, NodeId>,
): NodeId {
  const isMap = !(like.op in BY_ROW);
  const args = operands.map((o): NodeId => {
    switch (o.kind) {
      case "same":
        return map(o.id);
      case "stack":
      case "each": {
        const id =
          o.kind === "stack" ? build(o.stack, b, map, made) : stackOf(b, o.ids.map(map), 0);
        // Rows broadcast with the rows of other operands: axes of extent 1 after the first.
        const less = like.type.shape.length + 1 - b.type(id).shape.length;
        if (!isMap || less <= 0) return id;
        const axes = [...Array(less).keys()].map((i) => i + 1);
        return b.apply("expand", [id], { axes, dims: axes.map(() => 1) });
      }
      default:
        return absurd(o);
    }
  });
  return b.apply(like.op, args, BY_ROW[like.op]?.(like.attrs) ?? like.attrs);
}

/** Attributes of an op on rows, for the op on the stack. */
const BY_ROW: Readonly<Record<string, (attrs: Attrs) => Attrs>> = {
  sum: (attrs) => ({ ...attrs, axes: nums(attrs, "axes").map((i) => i + 1) }),
  expand: (attrs) => ({
    ...attrs,
    axes: nums(attrs, "axes").map((i) => i + 1),
    dims: dims(attrs, "dims"),
  }),
  max: (attrs) => attrs,
  min: (attrs) => attrs,
};
