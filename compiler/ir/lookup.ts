/** @file Nodes of a graph by id. In: a graph. Out: a table, made once a graph. */
import type { Graph, Node, NodeId } from "./ir.ts";

const known = new WeakMap<Graph, ReadonlyMap<NodeId, Node>>();

/** Ids are positions only in a graph that was just built: passes reorder nodes before they rebuild. */
export function nodesOf(graph: Graph): ReadonlyMap<NodeId, Node> {
  const there = known.get(graph);
  if (there !== undefined) return there;
  const nodes = new Map<NodeId, Node>();
  for (let i = 0; i < graph.nodes.length; i++) nodes.set(graph.nodes[i]!.id, graph.nodes[i]!);
  known.set(graph, nodes);
  return nodes;
}
