/** @file Joins of many values as joins of joins. In: a graph. Out: the same values, no concat of more
 *  than MAX_INPUTS. Never changes anything else. */
import { MAX_INPUTS } from "../../runtime/artifact/kernel.ts";
import type { Graph, NodeId } from "../ir/ir.ts";
import { rewrite } from "../ir/rewrite.ts";

/** A kernel loads at most MAX_INPUTS buffers, and each value joined may be one. */
export function narrowConcat(graph: Graph): Graph {
  return rewrite(
    graph,
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
