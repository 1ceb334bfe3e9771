/** @file From a graph to the program a device runs. In: an optimised graph. Out: buffers, kernels and
 *  loops in order. Never changes what is computed; same graph, same program. */
import type { Span } from "../../grammar/span.ts";
import type { Program, ScanStage, Stage } from "../../runtime/artifact/kernel.ts";
import { invariant } from "../ir/invariant.ts";
import type { Graph, Node, NodeId, Scan } from "../ir/ir.ts";
import { arrangeJoins } from "./arrange-joins.ts";
import { type Buffers, createBuffers } from "./buffers.ts";
import { num } from "../ops/attrs.ts";
import { fixedExtent } from "../ops/structured.ts";
import type { Draft, View } from "./draft.ts";
import { type Live, liveness } from "./liveness.ts";
import { partition, type Whole } from "./partition.ts";

export interface ScheduleOptions {
  /** The index of the equation a node belongs to (SourceInfo.places), or null where it has none. */
  readonly placeOf: (at: Span, name: string | null) => number | null;
}

/**
 * Kernels outside loops run in the graph's order; those that depend on `param:` leaves alone, at
 * sizes known when compiling, go to `prepare`. A scan becomes a loop of its body's kernels.
 */
export function schedule(source: Graph, options: ScheduleOptions): Program {
  const graph = arrangeJoins(source);
  const live = liveness(graph);
  const buffers = createBuffers();
  const main = mainSite(graph, live, buffers);
  const drafts = partition(main, outerRoots(graph, live));
  const prepare: Stage[] = [];
  const stages: Stage[] = [];
  for (const node of graph.nodes) {
    if (!live.nodes.has(node.id)) continue;
    if (node.kind === "scan") {
      stages.push(scanStage(node, main, live, buffers, options));
      continue;
    }
    const found = drafts.get(node.id);
    if (found === undefined) continue;
    const stage: Stage = { kind: "kernel", kernel: kernelOf(found, main, options) };
    (main.prepared(node.id) ? prepare : stages).push(stage);
  }
  const inputs = new Map(
    graph.nodes.flatMap((n) => (n.kind === "leaf" && live.nodes.has(n.id) ? [[n.key, n.id]] : [])),
  );
  return buffers.compact({
    inputs: [...inputs].map(([name, id]) => ({ name, buffer: main.buffer(id) })),
    outputs: graph.outputs.map(({ key, id }) => ({ name: key, buffer: main.buffer(id) })),
    prepare,
    stages,
  });
}

/** Nodes of the main graph that must be buffers: results, and what loops take. */
function outerRoots(graph: Graph, live: Live): readonly NodeId[] {
  const ids = graph.nodes.flatMap((n) =>
    n.kind === "scan" && live.nodes.has(n.id)
      ? [
          ...n.carries.map((c) => c.init),
          ...n.slices.map((s) => s.of),
          ...n.consts.map((c) => c.of),
        ]
      : [],
  );
  return computed(graph, [...graph.outputs.map((o) => o.id), ...ids]);
}

/** Those of `ids` that a kernel has to write. */
function computed(graph: Graph, ids: readonly NodeId[]): readonly NodeId[] {
  const kinds = new Map(graph.nodes.map((n) => [n.id, n.kind]));
  const own = (id: NodeId) => kinds.get(id) === "apply" || kinds.get(id) === "const";
  return [...new Set(ids)].filter(own);
}

function mainSite(graph: Graph, live: Live, buffers: Buffers): Whole {
  const node = lookup(graph);
  const prepared = new Set<NodeId>();
  for (const n of graph.nodes) if (isPrepared(n, node, prepared)) prepared.add(n.id);
  return {
    ids: graph.nodes.flatMap((n) => (live.nodes.has(n.id) ? [n.id] : [])),
    node,
    prepared: (id) => prepared.has(id),
    views: viewsIn(graph),
    buffer: (id) => {
      const n = node(id);
      if (n.kind === "leaf") return buffers.of(`leaf ${n.key}`, n, () => labelOf(n, node));
      if (n.kind === "item")
        return buffers.of(`item ${n.of} ${n.index}`, n, () => labelOf(n, node));
      return buffers.of(`node ${id}`, n, () => labelOf(n, node));
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

function bodySite(scan: Scan, main: Whole, buffers: Buffers): Whole {
  const node = lookup(scan.body);
  const outer = new Map(scan.consts.map((c) => [c.arg, c.of]));
  return {
    ids: scan.body.nodes.map((n) => n.id),
    node,
    prepared: () => false,
    views: viewsIn(scan.body),
    buffer: (id) => {
      const of = outer.get(id);
      const n = node(id);
      return of === undefined
        ? buffers.of(`${scan.id} ${id}`, n, () => labelOf(n, node))
        : main.buffer(of);
    },
  };
}

function scanStage(
  scan: Scan,
  main: Whole,
  live: Live,
  buffers: Buffers,
  options: ScheduleOptions,
): ScanStage {
  const body = bodySite(scan, main, buffers);
  const results = live.results(scan.id);
  const firstSum = scan.carries.length + scan.collects.length;
  const item = (index: number) => {
    const id = results.get(index);
    return id === undefined ? null : main.buffer(id);
  };
  const taken = (list: readonly NodeId[], first: number) =>
    list.flatMap((from, i) => {
      const into = item(first + i);
      return into === null ? [] : [{ from, into }];
    });
  const collects = taken(scan.collects, scan.carries.length);
  const sums = taken(scan.sums, firstSum);
  const ends = [...scan.carries.map((c) => c.next), ...[...collects, ...sums].map((c) => c.from)];
  const drafts = partition(body, computed(scan.body, ends));
  const stored = (list: typeof collects) =>
    list.map(({ from, into }) => ({ from: body.buffer(from), into }));
  return {
    kind: "scan",
    over: scan.over,
    reverse: scan.reverse,
    carries: scan.carries.map((c, i) => ({
      local: body.buffer(c.arg),
      init: main.buffer(c.init),
      next: body.buffer(c.next),
      final: item(i),
    })),
    slices: scan.slices.map((s) => ({ local: body.buffer(s.arg), of: main.buffer(s.of) })),
    collects: stored(collects),
    sums: stored(sums),
    kernels: [...drafts.values()].map((d) => kernelOf(d, body, options)),
  };
}

function kernelOf(d: Draft, site: Whole, { placeOf }: ScheduleOptions) {
  const places = [d.root, ...d.inlined.keys()].flatMap((id) => {
    const node = site.node(id);
    return placeOf(node.at, node.name ?? null) ?? [];
  });
  return {
    out: site.buffer(d.root),
    axes: d.axes,
    reductions: d.reductions,
    value: d.value,
    places: [...new Set(places)].sort((a, b) => a - b),
  };
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

function lookup(graph: Graph): (id: NodeId) => Node {
  const nodes = new Map(graph.nodes.map((n) => [n.id, n]));
  return (id) => {
    const node = nodes.get(id);
    invariant(node !== undefined, `no node ${id}`);
    return node;
  };
}

/** For people: the spec's name, `W_i|W_f` for joined values, else the op. */
function labelOf(n: Node, node: (id: NodeId) => Node): string {
  if (n.name !== undefined) return n.name;
  switch (n.kind) {
    case "leaf":
      return n.key.slice(n.key.indexOf(":") + 1);
    case "const":
      return String(n.value);
    case "apply":
      return n.op === "concat" ? n.args.map((a) => labelOf(node(a), node)).join("|") : n.op;
    case "item":
      return `${labelOf(node(n.of), node)}.${n.index}`;
    case "scan":
      return "scan";
  }
}
