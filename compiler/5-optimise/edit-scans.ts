/** @file Rebuilds scans with other parts. In: a graph, an edit of each scan. Out: the graph, every use
 *  of an old result led to the new one. Never drops a node: `drop-dead` does. */
import type { Builder } from "../ir/builder.ts";
import { broken } from "../ir/invariant.ts";
import type { Graph, Node, NodeId, Scan, Tensor } from "../ir/ir.ts";
import { rewrite, type Visit } from "../ir/rewrite.ts";

/** The scan that replaces one, and where its old results now are, by old index. */
export interface EditedScan {
  readonly id: NodeId;
  readonly item: (index: number) => NodeId;
}

/** `edit` builds in the main graph, as does `other` for its other nodes; null leaves one as it is. */
export function editScans(
  graph: Graph,
  edit: (scan: Scan, c: Visit) => EditedScan | null,
  other: (node: Node, c: Visit) => NodeId | null = () => null,
): Graph {
  if (!hasScan(graph)) return graph;
  const edited = new Map<NodeId, EditedScan>();
  return rewrite(graph, (node, c) => {
    if (node.kind === "item") return edited.get(node.of)?.item(node.index) ?? null;
    if (node.kind !== "scan") return other(node, c);
    const made = edit(node, c);
    if (made === null) return null;
    edited.set(node.id, made);
    return made.id;
  });
}

export const hasScan = (graph: Graph): boolean => graph.nodes.some((n) => n.kind === "scan");

/** A body being copied into a builder of its own. */
export interface BodyCopy {
  readonly body: Builder;
  /** Where an old node is now. */
  readonly at: (old: NodeId) => NodeId;
  /** Says what takes the place of an old node, before it is copied. */
  readonly put: (old: NodeId, id: NodeId) => NodeId;
  /** Copies, in order, every node that has no place yet and passes `keep`. */
  readonly rest: (keep?: (old: NodeId) => boolean) => void;
}

export function copyBody(scan: Scan, b: Builder): BodyCopy {
  const body = b.body();
  const places = new Map<NodeId, NodeId>();
  const types = new Map(scan.body.nodes.map((n) => [n.id, n.type]));
  const typeOf = (old: NodeId): Tensor | undefined => types.get(old);
  const at = (old: NodeId): NodeId => {
    return places.get(old) ?? broken(`node ${old} of a scan's body was not copied`);
  };
  return {
    body,
    at,
    put(old, id) {
      places.set(old, id);
      return id;
    },
    rest(keep = () => true) {
      for (const node of scan.body.nodes) {
        if (!places.has(node.id) && keep(node.id)) places.set(node.id, body.copy(node, at, typeOf));
      }
    },
  };
}

/** The scan with a copied body and other collects, whose results keep their indices. */
export function rebuilt(
  scan: Scan,
  copy: BodyCopy,
  { b, map }: Pick<Visit, "b" | "map">,
  collects: readonly NodeId[],
): EditedScan {
  const bound = (list: Scan["slices"]) =>
    list.map(({ arg, of }) => ({ arg: copy.at(arg), of: map(of) }));
  const id = b.scan({
    ...scan,
    carries: scan.carries.map(({ arg, init, next }) => ({
      arg: copy.at(arg),
      init: map(init),
      next: copy.at(next),
    })),
    slices: bound(scan.slices),
    consts: bound(scan.consts),
    collects,
    sums: scan.sums.map(copy.at),
    body: copy.body,
  });
  const items = new Map<number, NodeId>();
  const item = (index: number): NodeId => {
    const made = items.get(index) ?? b.item(id, index);
    items.set(index, made);
    return made;
  };
  return { id, item };
}

/** Nodes of `graph` that `roots` read, themselves included. */
export function readBy(graph: Graph, roots: Iterable<NodeId>): Set<NodeId> {
  const found = new Set(roots);
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (node.kind !== "apply" || !found.has(node.id)) continue;
    for (let k = 0; k < node.args.length; k++) found.add(node.args[k]!);
  }
  return found;
}

/** Body nodes that the next states need, at this step or a later one. */
export function neededByStates(scan: Scan): Set<NodeId> {
  return readBy(
    scan.body,
    scan.carries.map((c) => c.next),
  );
}

/** A value at every step of `seq`: itself, or repeated where it is the same at all of them. */
export function overSteps(b: Builder, id: NodeId, seq: string): NodeId {
  if (b.type(id).seq !== null) return id;
  return b.apply("expand", [id], { axes: [], dims: [], seq, batch: false });
}
