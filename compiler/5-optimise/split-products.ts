/** @file Takes apart products with joined vectors of which a part does not depend on the state. In:
 *  verified graph. Out: the same outputs up to rounding: such a product becomes a sum of products. */
import type { Builder } from "../ir/builder.ts";
import type { Apply, Graph, NodeId, Scan } from "../ir/ir.ts";
import { num } from "../ops/attrs.ts";
import { fixedExtent } from "../ops/structured.ts";
import { applies, NOTHING, planned } from "./planned.ts";
import { productForm } from "./product-form.ts";
import { type Dependence, dependences } from "./users.ts";
import { nodesOf } from "../ir/lookup.ts";

/** W [x[t]; h[t-1]] → W_x x[t] + W_h h[t-1]: the first can leave the loop. */
export function splitProducts(graph: Graph): Graph {
  return planned(graph, { of: splitsOf, build: (split, { b, map }) => apart(split, b, map) });
}

interface Split {
  readonly node: Apply;
  /** Which operand is the join. */
  readonly of: 0 | 1;
  readonly join: Apply;
  /** Neighbours that leave the loop, or stay, together. */
  readonly runs: readonly (readonly NodeId[])[];
}

function splitsOf(graph: Graph, scan: Scan | null): ReadonlyMap<NodeId, Split> {
  if (scan === null || !applies(graph, "contract")) return NOTHING;
  const found = new Map<NodeId, Split>();
  const nodes = nodesOf(graph);
  const by = dependences(graph, scan);
  for (const node of graph.nodes) {
    if (node.kind !== "apply" || node.op !== "contract") continue;
    for (const of of [0, 1] as const) {
      const join = nodes.get(node.args[of]!);
      if (join?.kind !== "apply" || join.op !== "concat" || by.get(node.args[1 - of]!) !== "fixed")
        continue;
      const { a, y } = productForm(node, of);
      if (y.includes(a[num(join.attrs, "axis")]!)) continue;
      const runs = runsOf(join.args, by);
      if (runs.length > 1) found.set(node.id, { node, of, join, runs });
    }
  }
  return found;
}

function runsOf(ids: readonly NodeId[], by: ReadonlyMap<NodeId, Dependence>): readonly NodeId[][] {
  const runs: NodeId[][] = [];
  const stays = (id: NodeId | undefined) => id !== undefined && by.get(id) === "state";
  for (const id of ids) {
    const last = runs.at(-1);
    if (last !== undefined && stays(last[0]) === stays(id)) last.push(id);
    else runs.push([id]);
  }
  return runs;
}

function apart({ node, of, join, runs }: Split, b: Builder, map: (id: NodeId) => NodeId): NodeId {
  const axis = num(join.attrs, "axis");
  const form = productForm(node, of);
  const weights = map(form.args[1]);
  const weightAxis = form.b.indexOf(form.a[axis]!);
  let from = 0;
  const products = runs.map((run) => {
    const size = run.reduce((n, id) => n + fixedExtent(b.type(map(id)), axis), 0);
    const piece = b.apply("part", [weights], { axis: weightAxis, from, size });
    const values = run.map(map);
    const joined = values.length === 1 ? values[0]! : b.apply("concat", values, { axis });
    from += size;
    const { a, b: other, y, seq, batch } = form;
    return b.apply("contract", [joined, piece], { a, b: other, y, seq, batch });
  });
  return products.reduce((sum, p) => b.add(sum, p));
}
