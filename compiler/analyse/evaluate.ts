/** @file Values of single nodes in float64. In: a graph, values of its leaves by id. Out: values of the nodes asked
 *  for, by the interpreter. Evaluates nothing that they do not need. */
import { interpret } from "../ir/interpret.ts";
import { type Graph, type Node, type NodeId, reads } from "../ir/ir.ts";
import { deadCode, rewrite } from "../ir/rewrite.ts";
import type { Sizes } from "../ops/op.ts";

/** A function of the leaves, for many points; leaves of a body have ids, no keys of their own. */
export function evaluator(
  graph: Graph,
  ids: readonly NodeId[],
  sizes: Sizes,
): (leaves: ReadonlyMap<NodeId, Float64Array>) => readonly Float64Array[] {
  const outputs = ids.map((id, i) => ({ key: String(i), id }));
  const keyed = rewrite({ nodes: needed(graph, ids), outputs }, (node, { b }) =>
    node.kind === "leaf" ? b.leaf(`leaf:${node.id}`, node.type) : null,
  );
  const live = deadCode(keyed);
  return (leaves) => {
    const inputs = new Map([...leaves].map(([id, v]) => [`leaf:${id}`, v]));
    const values = interpret(live, inputs, sizes);
    return ids.map((_, i) => values.get(String(i))!);
  };
}

/** Leaves that a node depends on. */
export function leavesOf(graph: Graph, id: NodeId): readonly NodeId[] {
  return needed(graph, [id]).flatMap((n) => (n.kind === "leaf" ? [n.id] : []));
}

/** A node's own graph up to it: ids are positions. */
function needed(graph: Graph, ids: readonly NodeId[]): readonly Node[] {
  const found = new Set<NodeId>();
  const visit = (id: NodeId): void => {
    if (found.has(id)) return;
    found.add(id);
    for (const before of reads(graph.nodes[id]!)) visit(before);
  };
  for (const id of ids) visit(id);
  return [...found].sort((a, b) => a - b).map((id) => graph.nodes[id]!);
}
