/** @file Joins as the scheduler likes them. In: a graph. Out: the same values; each concat directly after
 *  its last piece, none of more than MAX_INPUTS. Never changes anything else. */
import { MAX_INPUTS } from "../../runtime/artifact/kernel.ts";
import type { Graph, Node, NodeId } from "../ir/ir.ts";
import { reads } from "../ir/ir.ts";
import { rewrite } from "../ir/rewrite.ts";

/**
 * A kernel loads at most MAX_INPUTS buffers, and each value joined may be one. A value that stands
 * after a join it is a piece of may be loaded from there.
 */
export function arrangeJoins(graph: Graph): Graph {
  const bodies = graph.nodes.map((n) =>
    n.kind === "scan" ? { ...n, body: joinsEarly(n.body) } : n,
  );
  return rewrite(
    joinsEarly({ ...graph, nodes: bodies }),
    (node, { b, map }) => {
      if (node.kind !== "apply" || node.op !== "concat") return null;
      const join = (args: readonly NodeId[]): NodeId =>
        b.apply("concat", args, { axis: node.attrs.axis ?? 0 });
      let args = node.args.map(map);
      while (args.length > MAX_INPUTS) {
        const groups = Array.from({ length: Math.ceil(args.length / MAX_INPUTS) }, (_, i) =>
          args.slice(i * MAX_INPUTS, (i + 1) * MAX_INPUTS),
        );
        args = groups.map((g) => (g.length === 1 ? g[0]! : join(g)));
      }
      return join(args);
    },
    { bodies: true },
  );
}

function joinsEarly(graph: Graph): Graph {
  const at = new Map(graph.nodes.map((n, i) => [n.id, i]));
  const place = (n: Node, i: number): number => {
    if (n.kind !== "apply" || n.op !== "concat") return i;
    return Math.max(...reads(n).map((a) => at.get(a) ?? 0)) + 0.5;
  };
  const places = graph.nodes.map((n, i) => ({ n, i, place: place(n, i) }));
  places.sort((p, q) => p.place - q.place || p.i - q.i);
  return { ...graph, nodes: places.map((p) => p.n) };
}
