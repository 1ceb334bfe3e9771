/** @file What a program has to compute. In: a graph. Out: its nodes that an output needs, and each
 *  loop's results that are taken. Never enters a body: a step is computed whole. */
import { type Graph, type NodeId, reads } from "../ir/ir.ts";

export interface Live {
  readonly nodes: ReadonlySet<NodeId>;
  /** By index, a live item of the scan's result; empty where nothing is taken. */
  results(scan: NodeId): ReadonlyMap<number, NodeId>;
}

export function liveness(graph: Graph): Live {
  const nodes = new Set(graph.outputs.map((o) => o.id));
  const results = new Map<NodeId, Map<number, NodeId>>();
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!nodes.has(node.id)) continue;
    const read = reads(node);
    for (let k = 0; k < read.length; k++) nodes.add(read[k]!);
    if (node.kind !== "item") continue;
    const items = results.get(node.of) ?? new Map<number, NodeId>();
    results.set(node.of, items.set(node.index, node.id));
  }
  return { nodes, results: (scan) => results.get(scan) ?? new Map() };
}
