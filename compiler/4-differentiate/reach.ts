/** @file What a gradient can pass through. In: a graph, where gradients enter and are wanted. Out: sets
 *  of node ids. Never builds anything. */
import { type Graph, type Node, type NodeId, reads, type Scan } from "../ir/ir.ts";

/** Nodes whose value depends on a wanted leaf. In scans: see `activeInBody`. */
export function activeNodes(graph: Graph, wanted: (key: string) => boolean): Set<NodeId> {
  const active = new Set<NodeId>();
  for (const node of graph.nodes) {
    if (
      node.kind === "leaf"
        ? wanted(node.key) && node.type.dtype === "real"
        : dependsOn(node, active)
    ) {
      active.add(node.id);
    }
  }
  return active;
}

function dependsOn(node: Node, active: ReadonlySet<NodeId>): boolean {
  return node.type.dtype === "real" && reads(node).some((id) => active.has(id));
}

/** Body nodes that depend on an active outer value, through carries of any number of steps. */
export function activeInBody(scan: Scan, outer: ReadonlySet<NodeId>): Set<NodeId> {
  const active = new Set<NodeId>();
  for (const { arg, of } of [...scan.slices, ...scan.consts]) if (outer.has(of)) active.add(arg);
  for (const { arg, init } of scan.carries) if (outer.has(init)) active.add(arg);
  for (let before = -1; before !== active.size; ) {
    before = active.size;
    for (const node of scan.body.nodes) if (dependsOn(node, active)) active.add(node.id);
    for (const { arg, next } of scan.carries) if (active.has(next)) active.add(arg);
  }
  return active;
}

/** Nodes on which one of `from` depends, themselves included. */
export function reachedNodes(graph: Graph, from: Iterable<NodeId>): Set<NodeId> {
  const reached = new Set(from);
  for (const node of [...graph.nodes].reverse()) {
    if (reached.has(node.id)) for (const id of reads(node)) reached.add(id);
  }
  return reached;
}

/**
 * Body nodes on which a used result depends, through carries of any number of steps.
 * `used` says of every result of the scan, by index, whether a gradient arrives there.
 */
export function reachedInBody(scan: Scan, used: (index: number) => boolean): Set<NodeId> {
  const ends = [...scan.carries.map((c) => c.next), ...scan.collects, ...scan.sums];
  let reached = reachedNodes(
    scan.body,
    ends.filter((_, i) => used(i)),
  );
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    const carried = scan.carries.flatMap((c) => (reached.has(c.arg) ? [c.next] : []));
    reached = reachedNodes(scan.body, [...reached, ...carried]);
  }
  return reached;
}
