/** @file Rebuilds graphs. In: a graph, what to do with each node. Out: a new graph with ids in order.
 *  Never drops a node by itself, never changes the old graph. */
import { type Builder, createBuilder } from "./builder.ts";
import { broken } from "./invariant.ts";
import { type Graph, type Node, type NodeId, reads, type Scan, type Tensor } from "./ir.ts";

export interface RewriteOptions {
  /** Visit the nodes of scans' bodies too, each body with a builder of its own. */
  readonly bodies?: boolean;
  /**
   * What the visitor has found nothing to do in, which grows: for one that outlives a rewrite, whose visitor makes of a
   * body what the body and its results alone say.
   */
  readonly settled?: Settled;
}

/** Bodies, and which of their nodes a scan took. */
export type Settled = WeakMap<Graph, string>;

/** What a visitor sees: the old node, and how to build its replacement. */
export interface Visit {
  readonly b: Builder;
  /** The new id of an old node that stands before this one. */
  readonly map: (old: NodeId) => NodeId;
  /** Appends the node as it is, its reads mapped. */
  readonly keep: () => NodeId;
  /** The old graph (a body, inside a scan). */
  readonly graph: Graph;
  /** The scan whose body this is, as it was; null in the main graph. */
  readonly scan: Scan | null;
}

/**
 * `graph` with each node replaced by what `visit` returns: an id in the new graph, or null to keep
 * it. What is built for a node carries its span; the replacement also its name, if it has none.
 */
export function rewrite(
  graph: Graph,
  visit: (node: Node, c: Visit) => NodeId | null,
  options: RewriteOptions = {},
): Graph {
  const { b, map } = rebuild(graph, null, visit, options);
  const made = b.finish(graph.outputs.map(({ key, id }) => ({ key, id: map(id) })));
  return isSame(made, graph) ? graph : made;
}

/** Nothing came of a rewrite: the very nodes that there were. */
function isSame(made: Graph, graph: Graph): boolean {
  return (
    made.nodes.length === graph.nodes.length &&
    made.nodes.every((n, i) => n === graph.nodes[i]) &&
    made.outputs.every((o, i) => o.id === graph.outputs[i]?.id)
  );
}

/** `graph` without the nodes that no output needs; scans stay whole. */
export function deadCode(graph: Graph): Graph {
  const live = new Set<NodeId>(graph.outputs.map((o) => o.id));
  for (const node of [...graph.nodes].reverse()) {
    if (live.has(node.id)) for (const id of reads(node)) live.add(id);
  }
  return rewrite({ ...graph, nodes: graph.nodes.filter((n) => live.has(n.id)) }, () => null);
}

function rebuild(
  graph: Graph,
  scan: Scan | null,
  visit: (node: Node, c: Visit) => NodeId | null,
  options: RewriteOptions,
): { b: Builder; map: (old: NodeId) => NodeId } {
  const b = createBuilder();
  /** Most passes leave most nodes alone: those before this one are the very nodes that there were. */
  let same = 0;
  const ids: NodeId[] = [];
  const types: Tensor[] = [];
  const typeOf = (old: NodeId): Tensor | undefined =>
    old < same ? graph.nodes[old]!.type : types[old];
  const map = (old: NodeId): NodeId => {
    return old < same ? old : (ids[old] ?? broken(`node ${old} has not been rebuilt`));
  };
  let node: Node;
  const keep = (): NodeId => {
    if (node.kind === "scan" && options.bodies)
      return copyScan(node, b, map, typeOf, visit, options);
    return same === node.id && b.count() === same ? b.reuse(node) : b.copy(node, map, typeOf);
  };
  const c: Visit = { b, map, keep, graph, scan };
  for (node of graph.nodes) {
    const first = b.count();
    b.at(node.at);
    const id = visit(node, c) ?? keep();
    if (id === same && b.node(id) === node) {
      same += 1;
      continue;
    }
    if (node.name !== undefined && id >= first && b.node(id).name === undefined)
      b.named(id, node.name);
    ids[node.id] = id;
    types[node.id] = node.type;
  }
  return { b, map };
}

function copyScan(
  scan: Scan,
  b: Builder,
  map: (old: NodeId) => NodeId,
  typeOf: (old: NodeId) => Tensor | undefined,
  visit: (node: Node, c: Visit) => NodeId | null,
  options: RewriteOptions,
): NodeId {
  const taken = takenFrom(scan);
  if (options.settled?.get(scan.body) === taken) return b.copy(scan, map, typeOf);
  const { b: building, map: inner } = rebuild(scan.body, scan, visit, options);
  const body = building.finish([]);
  if (isSame(body, scan.body)) {
    options.settled?.set(scan.body, taken);
    return b.copy(scan, map, typeOf);
  }
  return b.scan({
    over: scan.over,
    reverse: scan.reverse,
    carries: scan.carries.map((c) => ({
      arg: inner(c.arg),
      init: map(c.init),
      next: inner(c.next),
    })),
    slices: scan.slices.map((s) => ({ arg: inner(s.arg), of: map(s.of) })),
    consts: scan.consts.map((c) => ({ arg: inner(c.arg), of: map(c.of) })),
    collects: scan.collects.map(inner),
    sums: scan.sums.map(inner),
    body,
  });
}

function takenFrom({ carries, collects, sums }: Scan): string {
  return `${carries.map((c) => `${c.arg} ${c.next}`).join()} ${collects.join()} ${sums.join()}`;
}
