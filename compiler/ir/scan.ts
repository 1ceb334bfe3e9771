/** @file Types of a scan's results. In: a scan. Out: the type of each item. Never checks: `verify` does. */
import { invariant } from "./invariant.ts";
import type { Graph, NodeId, Scan, Tensor } from "./ir.ts";

/** Carries after the last step, then collects as sequences over `over`, then sums. */
export function itemTypes(
  scan: Pick<Scan, "over" | "carries" | "collects" | "sums" | "body">,
): Tensor[] {
  return [
    ...scan.carries.map((c) => typeIn(scan.body, c.arg)),
    ...scan.collects.map((id) => ({ ...typeIn(scan.body, id), seq: scan.over })),
    ...scan.sums.map((id) => typeIn(scan.body, id)),
  ];
}

function typeIn(graph: Graph, id: NodeId): Tensor {
  const node = graph.nodes[id]?.id === id ? graph.nodes[id] : graph.nodes.find((n) => n.id === id);
  invariant(node !== undefined, `no node ${id} in the scan's body`);
  return node.type;
}
