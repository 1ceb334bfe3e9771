/** @file Passes that decide before they build. In: a graph, a plan of it and of each body, what to build for a
 *  planned node. Out: the graph rebuilt, or the very one where nothing is planned. Never plans itself. */
import type { Graph, NodeId, Scan } from "../ir/ir.ts";
import { rewrite, type Visit } from "../ir/rewrite.ts";
import { allFixedFirst } from "./users.ts";

export interface Plan<T> {
  /** By node, what is to be built in its place. */
  readonly of: (graph: Graph, scan: Scan | null) => ReadonlyMap<NodeId, T>;
  readonly build: (planned: T, c: Visit) => NodeId;
  /** Does what is built read fixed values that may stand later in the graph? */
  readonly readsAhead?: boolean;
}

/** What a plan is where there is nothing to do. */
export const NOTHING: ReadonlyMap<NodeId, never> = new Map<NodeId, never>();

export function planned<T>(graph: Graph, { of, build, readsAhead = false }: Plan<T>): Graph {
  const main = of(graph, null);
  let found = main.size > 0;
  const bodies = new Map<NodeId, ReadonlyMap<NodeId, T>>();
  for (const node of graph.nodes) {
    if (node.kind !== "scan") continue;
    const plan = of(node.body, node);
    bodies.set(node.id, plan);
    found ||= plan.size > 0;
  }
  if (!found) return graph;
  return rewrite(
    readsAhead ? allFixedFirst(graph) : graph,
    (node, c) => {
      const plan = c.scan === null ? main : bodies.get(c.scan.id);
      const here = plan?.get(node.id);
      return here === undefined ? null : build(here, c);
    },
    { bodies: true },
  );
}

/** Does a node of the graph apply the op? */
export function applies(graph: Graph, op: string): boolean {
  return graph.nodes.some((n) => n.kind === "apply" && n.op === op);
}
