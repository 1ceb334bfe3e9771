/** @file Weight gradients one by one. In: verified graph. Out: the same outputs; a sum over steps or
 *  samples of which only parts are read is summed part by part. Never reorders a sum. */
import type { Apply, Attrs, Graph, NodeId, Node } from "../ir/ir.ts";
import { rewrite } from "../ir/rewrite.ts";
import { flag, num, nums, word } from "../ops/attrs.ts";
import { leaving, usersOf } from "./users.ts";
import { nodesOf } from "../ir/lookup.ts";

/**
 * part(Σ_t dZ_t h_tᵀ, k) = Σ_t part(dZ_t, k) h_tᵀ: a packed gradient that is stored by parts anyway
 * is not stored twice. Outside loops only: there a packed product is one kernel a step.
 */
export function unpackGradients(graph: Graph): Graph {
  const nodes = nodesOf(graph);
  const users = usersOf(graph);
  const kept = leaving(graph, null);
  const packed = (id: NodeId): Apply | null => {
    const node = nodes.get(id);
    if (node?.kind !== "apply" || kept.has(id) || !dropsRows(node, nodes)) return null;
    const all = users.get(id) ?? [];
    return all.every((u) => u.kind === "apply" && TAKING.has(u.op)) ? node : null;
  };
  return rewrite(graph, (node, { b, map }) => {
    if (node.kind !== "apply" || !TAKING.has(node.op)) return null;
    const of = packed(node.args[0]!);
    if (of === null) return null;
    const axis = num(node.attrs, "axis");
    const own = of.args.map((a, i) => axisIn(of, i, axis, nodes.get(a)!));
    const args = of.args.map((a, i) =>
      own[i] === null ? map(a) : b.apply(node.op, [map(a)], { ...node.attrs, axis: own[i]! }),
    );
    return b.apply(of.op, args, node.op === "row" ? withoutAxis(of, axis, own) : of.attrs);
  });
}

const TAKING: ReadonlySet<string> = new Set(["part", "row"]);

/** Attributes of `node` when an axis of its result, and those of its arguments that it is, are gone. */
function withoutAxis(node: Apply, axis: number, own: readonly (number | null)[]): Attrs {
  const { attrs } = node;
  if (node.op === "sum") {
    const gone = own[0]!;
    return { ...attrs, axes: nums(attrs, "axes").map((i) => (i > gone ? i - 1 : i)) };
  }
  const less = (labels: string, at: number | null) =>
    at === null ? labels : labels.slice(0, at) + labels.slice(at + 1);
  return {
    ...attrs,
    a: less(word(attrs, "a"), own[0]!),
    b: less(word(attrs, "b"), own[1]!),
    y: less(word(attrs, "y"), axis),
  };
}

/** Is it a product or sum over steps or samples? */
function dropsRows(node: Apply, nodes: ReadonlyMap<NodeId, Node>): boolean {
  if (node.op !== "contract" && node.op !== "sum") return false;
  const types = node.args.map((a) => nodes.get(a)!.type);
  const steps = !flag(node.attrs, "seq") && types.some((t) => t.seq !== null);
  return steps || (!flag(node.attrs, "batch") && types.some((t) => t.batch));
}

/** The axis of the i-th argument that the result's axis is, or null where it has none. */
function axisIn(node: Apply, i: number, axis: number, arg: Node): number | null {
  if (node.op === "contract") {
    const at = word(node.attrs, i === 0 ? "a" : "b").indexOf(word(node.attrs, "y")[axis]!);
    return at < 0 ? null : at;
  }
  const gone = nums(node.attrs, "axes");
  return [...arg.type.shape.keys()].filter((k) => !gone.includes(k))[axis]!;
}
