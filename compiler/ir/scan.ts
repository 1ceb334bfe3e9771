/** @file Types of a scan's results. In: a scan. Out: the type of each item. Never checks: `verify` does. */
import { broken } from "./invariant.ts";
import type { Graph, NodeId, Scan, Tensor } from "./ir.ts";

/**
 * The type of the item `index`: of the carries after the last step, then collects as sequences over
 * `over`, then sums; undefined where the scan has no such result.
 */
export function itemType(scan: Scan, index: number): Tensor | undefined {
  const { carries, collects, sums, body, over } = scan;
  const carry = carries[index];
  if (carry !== undefined) return typeIn(body, carry.arg);
  const collect = collects[index - carries.length];
  if (collect !== undefined) return { ...typeIn(body, collect), seq: over };
  const sum = sums[index - carries.length - collects.length];
  return sum === undefined ? undefined : typeIn(body, sum);
}

/** Types of all items in order. */
export function itemTypes(scan: Scan): readonly Tensor[] {
  const count = scan.carries.length + scan.collects.length + scan.sums.length;
  return Array.from({ length: count }, (_, i) => itemType(scan, i)).filter((t) => t !== undefined);
}

function typeIn(graph: Graph, id: NodeId): Tensor {
  const node =
    graph.nodes[id]?.id === id
      ? graph.nodes[id]
      : (graph.nodes.find((n) => n.id === id) ?? broken(`no node ${id} in the scan's body`));
  return node.type;
}
