/** @file From spans to the artifact's source map. In: spans and what stands there. Out: indices into
 *  `SourceInfo.places`, each place once. Never repeats a file's text. */
import type { SourceInfo } from "../../runtime/artifact/artifact.ts";
import type { Span } from "../../grammar/span.ts";
import { type Graph, type Node, type NodeId, reads } from "../ir/ir.ts";

export interface Places {
  /** The index of the place `of` (e.g. "gate i") at `span`; made when new. */
  add(of: string, span: Span): number;
  /** The place that covers the span most tightly, or a new one called `of`. */
  at(span: Span, of: string | null): number;
  /** The source map; `graph` says which equations each leaf enters by. */
  info(graph: Graph): SourceInfo;
}

export function createPlaces(
  files: readonly { readonly path: string; readonly text: string }[],
): Places {
  const places: SourceInfo["places"][number][] = [];
  const spans: Span[] = [];
  const known = new Map<string, number>();
  const fileIndex = new Map(files.map((f, i) => [f.path, i]));

  const add = (of: string, span: Span): number => {
    const key = `${span.file}:${span.start}:${span.end}:${of}`;
    const there = known.get(key);
    if (there !== undefined) return there;
    const index = places.length;
    places.push({ of, file: fileIndex.get(span.file) ?? 0, line: span.line, column: span.column });
    spans.push(span);
    known.set(key, index);
    return index;
  };
  /** By span: the place that covers it, of the first `among` places. */
  const covers = new Map<Span, { readonly place: number; readonly among: number }>();
  const at = (span: Span, of: string | null): number => {
    const there = covers.get(span);
    let best = there?.place ?? -1;
    for (let i = there?.among ?? 0; i < spans.length; i++) {
      const s = spans[i]!;
      if (s.start > span.start || s.end < span.end || s.file !== span.file) continue;
      const current = spans[best];
      if (current === undefined || s.end - s.start < current.end - current.start) best = i;
    }
    covers.set(span, { place: best, among: spans.length });
    return best >= 0 ? best : add(of ?? "expression", span);
  };
  return { add, at, info: (graph) => ({ reads: readsOf(graph, at), files, places }) };
}

/** By the key of a parameter, input or initial state: places of the nodes that read it, in order. */
function readsOf(graph: Graph, at: (span: Span, of: string | null) => number): SourceInfo["reads"] {
  const leaves = graph.nodes.flatMap((n) =>
    n.kind === "leaf" && /^(param|input|initial):/.test(n.key) ? [n] : [],
  );
  return Object.fromEntries(
    leaves.map(({ key, id }) => {
      const nodes = readersOf(graph, id);
      return [key, [...new Set(nodes.map((n) => at(n.at, n.name ?? null)))].sort((a, b) => a - b)];
    }),
  );
}

/** Nodes that read `id`, those in the bodies of scans included. */
function readersOf(graph: Graph, id: NodeId): readonly Node[] {
  return graph.nodes.flatMap((node) => {
    if (node.kind !== "scan") return reads(node).includes(id) ? [node] : [];
    const bound = [
      ...node.carries.flatMap((c) => (c.init === id ? [c.arg] : [])),
      ...[...node.slices, ...node.consts].flatMap((s) => (s.of === id ? [s.arg] : [])),
    ];
    return bound.flatMap((arg) => node.body.nodes.filter((n) => reads(n).includes(arg)));
  });
}
