/** @file Lets a masked step read the states it keeps. In: verified graph. Out: the same outputs; under a
 *  mask, a value that is kept under it is read as it is kept. Never changes what is chosen where. */
import { type Apply, type Graph, type Node, type NodeId, type Scan, sameType } from "../ir/ir.ts";
import { rewrite } from "../ir/rewrite.ts";
import { hasScan } from "./edit-scans.ts";
import { canLift } from "./lift.ts";
import { onceAGraph } from "./users.ts";
import { nodesOf } from "../ir/lookup.ts";

/**
 * With c' = where(m, c, c_old) as the next state, where(m, f(c), y) equals where(m, f(c'), y): where
 * m is not 0 the two are one, elsewhere f is not taken. So c is not needed beside c'.
 * m must be one number a sample, and f must not mix samples.
 */
export function throughMasks(graph: Graph): Graph {
  if (!hasScan(graph)) return graph;
  const nodes = graph.nodes.map((n) => (n.kind === "scan" ? { ...n, body: masksEarly(n) } : n));
  const states = onceAGraph(keptStates);
  const made = new Map<string, NodeId>();
  return rewrite(
    { ...graph, nodes },
    (node, { b, map, graph: body, scan }) => {
      const mask = scan === null ? null : maskOf(node);
      if (scan === null || mask === null || node.kind !== "apply") return null;
      const kept = states({ graph: body, scan }).get(mask);
      if (kept === undefined) return null;
      const own = kept.get(node.args[1]!) === node.id;
      const nodeOf = (id: NodeId): Node | undefined => nodesOf(body).get(id);
      const rebuilt = (id: NodeId): NodeId => {
        const inner = nodeOf(id);
        if (inner === undefined || !staysInSample(inner, nodeOf)) return map(id);
        const args = inner.args.map(under);
        if (args.every((a, i) => a === map(inner.args[i]!))) return map(id);
        return b.within(inner.at, inner.name ?? null, () => b.apply(inner.op, args, inner.attrs));
      };
      const under = (id: NodeId): NodeId => {
        const state = kept.get(id);
        if (state !== undefined) return map(state);
        const key = `${scan.id} ${mask} ${id}`;
        const there = made.get(key) ?? rebuilt(id);
        made.set(key, there);
        return there;
      };
      const x = node.args[1]!;
      const now = own ? rebuilt(x) : under(x);
      return now === map(x) ? null : b.apply("where", [map(mask), now, map(node.args[2]!)]);
    },
    { bodies: true },
  );
}

/** The mask that a choice is made by, if it is a choice. */
function maskOf(node: Node): NodeId | null {
  return node.kind === "apply" && node.op === "where" ? node.args[0]! : null;
}

/** By mask, the next states that keep a value under it, by that value. */
function keptStates(
  body: Graph,
  scan: Scan | null,
): ReadonlyMap<NodeId, ReadonlyMap<NodeId, NodeId>> {
  const found = new Map<NodeId, Map<NodeId, NodeId>>();
  const nodes = nodesOf(body);
  for (const { next } of scan?.carries ?? []) {
    const node = nodes.get(next);
    const mask = node === undefined ? null : maskOf(node);
    if (node?.kind !== "apply" || mask === null || nodes.get(mask)?.kind !== "leaf") continue;
    const value = nodes.get(node.args[1]!);
    const scalar = nodes.get(mask)?.type.shape.length === 0;
    if (!scalar || value?.kind !== "apply" || !sameType(value.type, node.type)) continue;
    if (nodes.get(node.args[2]!)?.kind !== "leaf") continue;
    const states = found.get(mask) ?? new Map<NodeId, NodeId>();
    if (!states.has(value.id)) states.set(value.id, next);
    found.set(mask, states);
  }
  return found;
}

/** Does a sample of the result depend on the same sample of the arguments alone? */
function staysInSample(node: Node, nodeOf: (id: NodeId) => Node | undefined): node is Apply {
  if (!canLift(node)) return false;
  return node.type.batch || !node.args.some((a) => nodeOf(a)?.type.batch);
}

/** Leaves first, choices directly after the last of what they read, so that all else may read them. */
function masksEarly({ body }: Scan): Graph {
  const at = new Map(body.nodes.map((n, i) => [n.id, i]));
  const place = (n: Node, i: number) => {
    if (n.kind === "leaf") return -1;
    if (n.kind !== "apply" || maskOf(n) === null) return i;
    return Math.max(...n.args.map((a) => at.get(a) ?? 0)) + 0.5;
  };
  const places = body.nodes.map((n, i) => ({ n, i, place: place(n, i) }));
  places.sort((p, q) => p.place - q.place || p.i - q.i);
  return { ...body, nodes: places.map((p) => p.n) };
}
