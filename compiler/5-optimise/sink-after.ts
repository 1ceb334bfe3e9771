/** @file Results computed after a loop. In: a plan of what left it. Out: their values in the main graph.
 *  Never decides what leaves: `sink-plan` does. */
import type { Builder } from "../ir/builder.ts";
import { broken, invariant } from "../ir/invariant.ts";
import type { Apply, Node, NodeId, Scan } from "../ir/ir.ts";
import { canLift, lift } from "./lift.ts";
import { isProductSum, linearIn, type Plan } from "./sink-plan.ts";
import { dependences } from "./users.ts";
import { nodesOf } from "../ir/lookup.ts";

export interface After {
  /** A body value at every step. */
  readonly rows: (id: NodeId) => NodeId;
  /** A body value summed over all steps. */
  readonly total: (id: NodeId) => NodeId;
}

/** `collected` gives the sequence of a source of the plan. */
export function afterLoop(
  scan: Scan,
  b: Builder,
  map: (id: NodeId) => NodeId,
  plan: Plan,
  collected: (id: NodeId) => NodeId,
): After {
  const nodes = nodesOf(scan.body);
  const by = dependences(scan.body, scan);
  const outer = new Map([...scan.slices, ...scan.consts].map((p) => [p.arg, p.of]));
  const known = new Map<NodeId, NodeId>();

  const nodeOf = (id: NodeId): Node => {
    return nodes.get(id) ?? broken(`no node ${id} in the scan's body`);
  };
  const rows = (id: NodeId): NodeId => {
    const there = known.get(id) ?? made(id);
    known.set(id, there);
    return there;
  };
  const made = (id: NodeId): NodeId => {
    const of = outer.get(id);
    if (of !== undefined) return map(of);
    if (plan.sources.has(id)) return collected(id);
    const piece = plan.pieces.get(id);
    if (piece !== undefined) {
      const { axis, from, size } = piece;
      return b.apply("part", [rows(piece.join)], { axis, from, size });
    }
    const node = nodeOf(id);
    if (node.kind === "const") return b.lit(node.value);
    invariant(canLift(node), `node ${id} cannot leave its loop`);
    return lift(b, node, node.args.map(rows));
  };
  const summed = (node: Apply, args: readonly NodeId[]): NodeId => {
    const attrs = node.op === "scatter" ? node.attrs : { ...node.attrs, seq: false };
    return b.apply(node.op, args, attrs);
  };
  const total = (id: NodeId): NodeId => {
    const node = nodeOf(id);
    return b.within(node.at, node.name ?? null, () => {
      if (node.kind === "apply" && isProductSum(node)) return summed(node, node.args.map(rows));
      const linear = linearIn(node, (a) => by.get(a) === "fixed");
      if (linear === null || node.kind !== "apply") {
        return b.apply("sum", [rows(id)], { axes: [], seq: false, batch: true });
      }
      const args = node.args.map((a) => (linear.includes(a) ? total(a) : rows(a)));
      return b.apply(node.op, args, node.attrs);
    });
  };
  return { rows, total };
}
