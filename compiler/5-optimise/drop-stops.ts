/** @file Drops `stop_gradient` once gradients are taken. In: verified graph. Out: the same outputs.
 *  Never before differentiation: there it is the whole point. */
import type { Graph } from "../ir/ir.ts";
import { rewrite } from "../ir/rewrite.ts";

export function dropStops(graph: Graph): Graph {
  return rewrite(
    graph,
    (node, { map }) =>
      node.kind === "apply" && node.op === "stop_gradient" ? map(node.args[0]!) : null,
    { bodies: true },
  );
}
