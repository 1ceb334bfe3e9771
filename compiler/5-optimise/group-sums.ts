/** @file Puts the terms of sums in the order in which they can be had. In: verified graph. Out: the same
 *  outputs up to rounding: sums of three or more terms are added in another order, sums inside ops not. */
import type { Graph, Node, NodeId, Scan } from "../ir/ir.ts";
import { planned } from "./planned.ts";
import { dependences, leaving, usersOf } from "./users.ts";
import { nodesOf } from "../ir/lookup.ts";

/**
 * W x[t] + U h[t-1] + b becomes (W x[t] + b) + U h[t-1]: what no state enters first, so that it can
 * leave the loop as one value; of each kind products first, so that gates add up alike.
 */
export function groupSums(graph: Graph): Graph {
  return planned(graph, {
    of: sumsOf,
    build: (terms, { b, map }) => terms.map(map).reduce((sum, id) => b.add(sum, id)),
  });
}

/** Terms in their new order, by the last addition of a sum; sums that stay as they are not there. */
function sumsOf(graph: Graph, scan: Scan | null): ReadonlyMap<NodeId, readonly NodeId[]> {
  const nodes = nodesOf(graph);
  const users = usersOf(graph);
  const kept = leaving(graph, scan);
  const by = dependences(graph, scan);
  const isInner = (n: Node | undefined): boolean => {
    if (n?.kind !== "apply" || n.op !== "add" || kept.has(n.id)) return false;
    const [user, ...others] = users.get(n.id) ?? [];
    return others.length === 0 && user?.kind === "apply" && user.op === "add";
  };
  const terms = (id: NodeId, isRoot: boolean): readonly NodeId[] => {
    const n = nodes.get(id);
    if (n?.kind !== "apply" || n.op !== "add" || !(isRoot || isInner(n))) return [id];
    return n.args.flatMap((a) => terms(a, false));
  };
  const rank = (id: NodeId): number => {
    const n = nodes.get(id);
    const other = n?.kind === "apply" && n.op === "contract" ? 0 : 1;
    if (scan === null) return by.get(id) === "fixed" ? 1 : 2 * other;
    switch (by.get(id)) {
      case "input":
        return other;
      case "fixed":
        return 2;
      default:
        return 3 + other;
    }
  };
  const found = new Map<NodeId, readonly NodeId[]>();
  for (const node of graph.nodes) {
    if (node.kind !== "apply" || node.op !== "add" || isInner(node)) continue;
    const old = terms(node.id, true);
    const ordered = [...old].sort((p, q) => rank(p) - rank(q));
    if (old.length > 2 && ordered.some((id, i) => id !== old[i])) found.set(node.id, ordered);
  }
  return found;
}
