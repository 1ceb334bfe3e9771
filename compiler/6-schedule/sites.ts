/** @file Graphs as the scheduler looks at them. In: a graph, or a scan's body. Out: which buffer holds a
 *  node, what depends on parameters alone, what is a piece of what. Never decides what is stored. */
import { broken } from "../ir/invariant.ts";
import type { Graph, Node, NodeId, Scan } from "../ir/ir.ts";
import { num } from "../ops/attrs.ts";
import { fixedExtent } from "../ops/structured.ts";
import type { Buffers } from "./buffers.ts";
import type { View } from "./draft.ts";
import { createLabels, type Labels } from "./labels.ts";
import type { Live } from "./liveness.ts";
import type { Whole } from "./partition.ts";
import { nodesOf } from "../ir/lookup.ts";

/** A site that names its values, and knows the equations that take parts of them. */
export interface Named extends Whole {
  readonly labels: Labels;
  /** The parts and rows of a node. */
  readonly parts: (id: NodeId) => readonly Node[];
}

export function mainSite(graph: Graph, live: Live, buffers: Buffers): Named {
  const labels = createLabels(graph, () => null);
  const node = lookup(graph);
  const prepared = new Set<NodeId>();
  for (const n of graph.nodes) if (isPrepared(n, node, prepared)) prepared.add(n.id);
  return {
    ids: graph.nodes.flatMap((n) => (live.nodes.has(n.id) ? [n.id] : [])),
    node,
    prepared: (id) => prepared.has(id),
    views: viewsIn(graph),
    labels,
    parts: partsIn(graph),
    buffer: (id) => {
      const n = node(id);
      return buffers.of(keyOf(n), n, () => labels.of(id));
    },
  };
}

function isPrepared(n: Node, node: (id: NodeId) => Node, prepared: ReadonlySet<NodeId>): boolean {
  if (n.kind === "const") return true;
  if (n.kind !== "apply" || n.args.length === 0) return false;
  const { seq, batch, shape } = n.type;
  if (seq !== null || batch || shape.some((d) => typeof d === "string")) return false;
  return n.args.every((id) => {
    const arg = node(id);
    return prepared.has(id) || (arg.kind === "leaf" && arg.key.startsWith("param:"));
  });
}

export function bodySite(scan: Scan, main: Named, buffers: Buffers): Named {
  const node = lookup(scan.body);
  const outer = new Map(scan.consts.map((c) => [c.arg, c.of]));
  const bound = new Map([
    ...[...scan.slices, ...scan.consts].map((p) => [p.arg, p.of] as const),
    ...scan.carries.map((c) => [c.arg, c.init] as const),
  ]);
  const labels = createLabels(scan.body, (id) => {
    const of = bound.get(id);
    return of === undefined ? null : main.labels.of(of);
  });
  return {
    ids: scan.body.nodes.map((n) => n.id),
    node,
    prepared: () => false,
    views: viewsIn(scan.body),
    labels,
    parts: partsIn(scan.body),
    buffer: (id) => {
      const of = outer.get(id);
      const n = node(id);
      return of === undefined
        ? buffers.of(`${scan.id} ${id}`, n, () => labels.of(id))
        : main.buffer(of);
    },
  };
}

/** One buffer for each leaf of the outside, each result of a scan, each computed node. */
function keyOf(n: Node): string {
  if (n.kind === "leaf") return `leaf ${n.key}`;
  return n.kind === "item" ? `item ${n.of} ${n.index}` : `node ${n.id}`;
}

/** By piece, the joins it is in; a piece that varies over less than its join is not one. */
function viewsIn(graph: Graph): (id: NodeId) => readonly View[] {
  const node = lookup(graph);
  const views = new Map<NodeId, View[]>();
  for (const join of graph.nodes) {
    if (join.kind !== "apply" || join.op !== "concat") continue;
    const axis = num(join.attrs, "axis");
    let from = 0;
    for (const id of join.args) {
      const { seq, batch } = node(id).type;
      const same = seq === join.type.seq && batch === join.type.batch;
      if (same) views.set(id, [...(views.get(id) ?? []), { join: join.id, axis, from }]);
      from += fixedExtent(node(id).type, axis);
    }
  }
  return (id) => views.get(id) ?? [];
}

function partsIn(graph: Graph): (id: NodeId) => readonly Node[] {
  const parts = new Map<NodeId, Node[]>();
  for (const n of graph.nodes) {
    const [of] = n.kind === "apply" && (n.op === "part" || n.op === "row") ? n.args : [];
    if (of !== undefined) parts.set(of, [...(parts.get(of) ?? []), n]);
  }
  return (id) => parts.get(id) ?? [];
}

function lookup(graph: Graph): (id: NodeId) => Node {
  const nodes = nodesOf(graph);
  return (id) => {
    return nodes.get(id) ?? broken(`no node ${id}`);
  };
}
