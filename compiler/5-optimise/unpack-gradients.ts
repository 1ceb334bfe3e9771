/** @file Weight gradients one by one. In: verified graph. Out: the same outputs; a sum over steps or
 *  samples of which only parts are read is summed part by part. Never reorders a sum. */
import type { Apply, Graph, NodeId, Node } from "../ir/ir.ts";
import { rewrite } from "../ir/rewrite.ts";
import { flag, num, nums, word } from "../ops/attrs.ts";
import { leaving, usersOf } from "./users.ts";

/**
 * part(Σ_t dZ_t h_tᵀ, k) = Σ_t part(dZ_t, k) h_tᵀ: a packed gradient that is stored by parts anyway
 * is not stored twice. Outside loops only: there a packed product is one kernel a step.
 */
export function unpackGradients(graph: Graph): Graph {
  const nodes = new Map(graph.nodes.map((n) => [n.id, n]));
  const users = usersOf(graph);
  const kept = leaving(graph, null);
  const packed = (id: NodeId): Apply | null => {
    const node = nodes.get(id);
    if (node?.kind !== "apply" || kept.has(id) || !dropsRows(node, nodes)) return null;
    const all = users.get(id) ?? [];
    return all.every((u) => u.kind === "apply" && u.op === "part") ? node : null;
  };
  return rewrite(graph, (node, { b, map }) => {
    if (node.kind !== "apply" || node.op !== "part") return null;
    const of = packed(node.args[0]!);
    if (of === null) return null;
    const axis = num(node.attrs, "axis");
    const args = of.args.map((a, i) => {
      const own = axisIn(of, i, axis, nodes.get(a)!);
      return own === null ? map(a) : b.apply("part", [map(a)], { ...node.attrs, axis: own });
    });
    return b.apply(of.op, args, of.attrs);
  });
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
