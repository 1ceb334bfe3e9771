/** @file Who reads a node, and what it depends on. In: a graph. Out: tables by id. Never builds. */
import type { Graph, Item, Node, NodeId, Scan } from "../ir/ir.ts";
import { reads } from "../ir/ir.ts";
import { nodesOf } from "../ir/lookup.ts";

const known = new WeakMap<Graph, ReadonlyMap<NodeId, readonly Node[]>>();

/** Every read of a node in its graph: a node that reads it twice is there twice; outputs are not. */
export function usersOf(graph: Graph): ReadonlyMap<NodeId, readonly Node[]> {
  const there = known.get(graph);
  if (there !== undefined) return there;
  const users = new Map<NodeId, Node[]>();
  for (let i = 0; i < graph.nodes.length; i++) {
    const node = graph.nodes[i]!;
    const read = reads(node);
    for (let k = 0; k < read.length; k++) {
      const list = users.get(read[k]!);
      if (list === undefined) users.set(read[k]!, [node]);
      else list.push(node);
    }
  }
  known.set(graph, users);
  return users;
}

/** A value that a loop collects, and who reads it in the main graph: nobody outside does. */
export interface Collected {
  readonly item: Item;
  readonly forward: Scan;
  /** Which of its collects, and the node of its body there. */
  readonly index: number;
  readonly value: NodeId;
  readonly readers: readonly Node[];
}

export function collectedIn(graph: Graph): readonly Collected[] {
  const users = usersOf(graph);
  const kept = leaving(graph, null);
  const nodes = nodesOf(graph);
  const items = graph.nodes.filter((n) => n.kind === "item");
  return items.flatMap((item) => {
    const forward = nodes.get(item.of);
    if (forward?.kind !== "scan" || kept.has(item.id)) return [];
    if (items.filter((n) => n.of === item.of && n.index === item.index).length > 1) return [];
    const index = item.index - forward.carries.length;
    const value = forward.collects[index];
    const readers = [...new Set(users.get(item.id) ?? [])];
    return value === undefined || readers.length === 0
      ? []
      : [{ item, forward, index, value, readers }];
  });
}

/** The body's node for `id`, where one slice and nothing else binds it. */
export function onlySlice(scan: Scan, id: NodeId): NodeId | null {
  const [slice, ...others] = scan.slices.filter((s) => s.of === id);
  const isElse = scan.carries.some((c) => c.init === id) || scan.consts.some((c) => c.of === id);
  return slice === undefined || others.length > 0 || isElse ? null : slice.arg;
}

/** Ids that leave the graph: its outputs; of a body, what the scan takes from it. */
export function leaving(graph: Graph, scan: Scan | null): ReadonlySet<NodeId> {
  const taken =
    scan === null ? [] : [...scan.carries.map((c) => c.next), ...scan.collects, ...scan.sums];
  return new Set([...graph.outputs.map((o) => o.id), ...taken]);
}

/**
 * What a value depends on: nothing but parameters and numbers ("fixed"; in a body, outer values that
 * are the same at every step), this step of the sequences as well ("input"), or a state ("state").
 * In the main graph whatever is not fixed is "input".
 */
export type Dependence = "fixed" | "input" | "state";

const RANK: Readonly<Record<Dependence, number>> = { fixed: 0, input: 1, state: 2 };

export function dependences(graph: Graph, scan: Scan | null): ReadonlyMap<NodeId, Dependence> {
  const there = depending.get(scan ?? graph);
  if (there?.graph === graph) return there.found;
  const found = dependencesIn(graph, scan);
  depending.set(scan ?? graph, { graph, found });
  return found;
}

/** By loop, or by main graph. */
const depending = new WeakMap<
  Scan | Graph,
  { readonly graph: Graph; readonly found: ReadonlyMap<NodeId, Dependence> }
>();

function dependencesIn(graph: Graph, scan: Scan | null): ReadonlyMap<NodeId, Dependence> {
  const bound = new Map<NodeId, Dependence>();
  for (const { arg } of scan?.consts ?? []) bound.set(arg, "fixed");
  for (const { arg } of scan?.slices ?? []) bound.set(arg, "input");
  const found = new Map<NodeId, Dependence>();
  for (let i = 0; i < graph.nodes.length; i++) {
    const node = graph.nodes[i]!;
    found.set(node.id, scan === null ? outside(node, found) : inside(node, bound, found));
  }
  return found;
}

function outside(node: Node, found: ReadonlyMap<NodeId, Dependence>): Dependence {
  if (node.kind === "const") return "fixed";
  if (node.kind === "leaf") return node.key.startsWith("param:") ? "fixed" : "input";
  // Without arguments it is a size or the steps of a run: not known when compiling.
  return node.kind === "apply" && node.args.length > 0 ? latest(node.args, found) : "input";
}

function inside(
  node: Node,
  bound: ReadonlyMap<NodeId, Dependence>,
  found: ReadonlyMap<NodeId, Dependence>,
): Dependence {
  if (node.kind === "leaf") return bound.get(node.id) ?? "state";
  return node.kind === "apply" ? latest(node.args, found) : "fixed";
}

function latest(args: readonly NodeId[], found: ReadonlyMap<NodeId, Dependence>): Dependence {
  let most: Dependence = "fixed";
  for (let i = 0; i < args.length; i++) {
    const one = found.get(args[i]!) ?? "state";
    if (RANK[one] > RANK[most]) most = one;
  }
  return most;
}

/** Leaves, numbers and what is computed from fixed ones alone come first: all else may read them. */
export function fixedFirst(graph: Graph, scan: Scan | null): Graph {
  const by = dependences(graph, scan);
  const early = (n: Node) => n.kind === "leaf" || (n.kind !== "scan" && by.get(n.id) === "fixed");
  return ordered(graph, [...graph.nodes.filter(early), ...graph.nodes.filter((n) => !early(n))]);
}

/** The graph with every body's nodes, and its own, in `fixedFirst` order; ids stay. */
export function allFixedFirst(graph: Graph): Graph {
  const nodes = graph.nodes.map((n) => {
    if (n.kind !== "scan") return n;
    const body = fixedFirst(n.body, n);
    return body === n.body ? n : { ...n, body };
  });
  return fixedFirst(ordered(graph, nodes), null);
}

/** `graph` with these nodes: itself where they are its own, in order. */
function ordered(graph: Graph, nodes: Graph["nodes"]): Graph {
  return nodes.every((n, i) => n === graph.nodes[i]) ? graph : { ...graph, nodes };
}

/** `f` of each graph that a rewrite visits, computed once. */
export function onceAGraph<T>(
  f: (graph: Graph, scan: Scan | null) => T,
): (c: { readonly graph: Graph; readonly scan: Scan | null }) => T {
  const known = new Map<Graph, T>();
  return ({ graph, scan }) => {
    const there = known.get(graph) ?? f(graph, scan);
    known.set(graph, there);
    return there;
  };
}
