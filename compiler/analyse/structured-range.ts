/** @file Bounds that follow from what is multiplied or divided: a known matrix times a bounded vector, a share of a
 *  whole. In: a node, bounds of others. Out: bounds, (−∞, ∞) where neither form is met. */
import type { Apply, NodeId } from "../ir/ir.ts";
import { word } from "../ops/attrs.ts";
import { ANY, hull, UNIT } from "../ops/interval.ts";
import type { Interval } from "../ops/op.ts";
import type { Ranged } from "./polynomial-range.ts";

/** Σ_j m_ij v_j with m known: each row at the ends of v. */
export function productRange(
  g: Ranged,
  node: Apply,
  constant: (id: NodeId) => Float64Array | null,
): Interval {
  if (node.op !== "contract") return ANY;
  const [a, b, y] = [word(node.attrs, "a"), word(node.attrs, "b"), word(node.attrs, "y")];
  for (const [m, v, of, by] of [
    [node.args[0]!, node.args[1]!, a, b],
    [node.args[1]!, node.args[0]!, b, a],
  ] as const) {
    const range = g.of(v);
    const values = by.length === 1 && !y.includes(by) ? constant(m) : null;
    if (values === null || !Number.isFinite(range.lo) || !Number.isFinite(range.hi)) continue;
    const { shape } = g.b.type(m);
    const summed = of.indexOf(by);
    const count = Number(shape[summed]);
    const stride = shape.slice(summed + 1).reduce<number>((n, d) => n * Number(d), 1);
    return hull(...sums(values, count, stride, range));
  }
  return ANY;
}

/** The least and the largest sum along one axis. */
function sums(values: Float64Array, count: number, stride: number, v: Interval): readonly number[] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let start = 0; start < values.length; start++) {
    if (Math.floor(start / stride) % count !== 0) continue;
    let [lo, hi] = [0, 0];
    for (let k = 0; k < count; k++) {
      const m = values[start + k * stride]!;
      lo += m * (m > 0 ? v.lo : v.hi);
      hi += m * (m > 0 ? v.hi : v.lo);
    }
    least = Math.min(least, lo);
    most = Math.max(most, hi);
  }
  return [least, most];
}

/** x / (x + …) and x / Σ x of what is never negative. */
export function shareRange(g: Ranged, node: Apply): Interval {
  if (node.op !== "div") return ANY;
  const [x, y] = node.args as readonly [NodeId, NodeId];
  const terms = termsOf(g, y);
  const isWhole = terms.includes(x) && terms.every((t) => g.of(t).lo >= 0);
  return isWhole ? UNIT : ANY;
}

function termsOf(g: Ranged, id: NodeId): readonly NodeId[] {
  const node = g.b.node(id);
  if (node.kind !== "apply") return [id];
  if (node.op === "add") return node.args.flatMap((a) => termsOf(g, a));
  if (node.op === "expand" || node.op === "sum") return termsOf(g, node.args[0]!);
  return [id];
}
