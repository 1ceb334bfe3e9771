/** @file From a graph to the program a device runs. In: an optimised graph. Out: buffers, kernels and
 *  loops in order. Never changes what is computed; same graph, same program. */
import type { Span } from "../../grammar/span.ts";
import type { Program, ScanStage, Stage } from "../../runtime/artifact/kernel.ts";
import type { Graph, NodeId, Scan } from "../ir/ir.ts";
import { arrangeJoins } from "./arrange-joins.ts";
import { type Buffers, createBuffers } from "./buffers.ts";
import type { Choices, Chosen } from "./choices.ts";
import { type Live, liveness } from "./liveness.ts";
import { partition } from "./partition.ts";
import { bodySite, mainSite, type Named } from "./sites.ts";

export interface ScheduleOptions {
  /** The index of the equation a node belongs to (SourceInfo.places), or null where it has none. */
  readonly placeOf: (at: Span, name: string | null) => number | null;
  /** Kept by the caller over graphs that have much in common. */
  readonly choices?: Choices;
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
  const choices = options.choices ?? new Map();
  const drafts = partition(main, outerRoots(graph, live), choices);
  const prepare: Stage[] = [];
  const stages: Stage[] = [];
  for (const node of graph.nodes) {
    if (!live.nodes.has(node.id)) continue;
    if (node.kind === "scan") {
      stages.push(scanStage(node, main, live, buffers, { ...options, choices }));
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

function scanStage(
  scan: Scan,
  main: Named,
  live: Live,
  buffers: Buffers,
  options: Required<ScheduleOptions>,
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
  const drafts = partition(body, computed(scan.body, ends), options.choices);
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

function kernelOf(d: Chosen, site: Named, { placeOf }: ScheduleOptions) {
  // A joined product is computed for every equation that takes a part of it.
  const nodes = [d.root, ...d.inlined.keys()].map(site.node);
  const places = [...nodes, ...site.parts(d.root)].flatMap(
    (node) => placeOf(node.at, node.name ?? null) ?? [],
  );
  return {
    out: site.buffer(d.root),
    axes: d.axes,
    reductions: d.reductions,
    value: d.value,
    places: [...new Set(places)].sort((a, b) => a - b),
  };
}
