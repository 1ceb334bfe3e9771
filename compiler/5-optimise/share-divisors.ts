/** @file A quotient by what many elements share, as a product with its reciprocal: one division for all of them,
 *  here and in every derivative. In: verified graph. Out: the same outputs but for a rounding. Only where the
 *  divisor is known to be away from 0, so that its reciprocal is finite. */
import type { Builder } from "../ir/builder.ts";
import type { Apply, Graph, NodeId, Tensor } from "../ir/ir.ts";
import { rewrite } from "../ir/rewrite.ts";
import { ANY } from "../ops/interval.ts";
import type { Interval } from "../ops/op.ts";
import { OPS } from "../ops/table.ts";
import { uniform } from "./fold.ts";

/** What a divisor is at least: its reciprocal is then a normal float32. */
const LEAST = 2 ** -64;

export function shareDivisors(graph: Graph): Graph {
  const known = new Map<Builder, Map<NodeId, Interval>>();
  return rewrite(
    graph,
    (node, { b, map }) => {
      if (node.kind !== "apply" || node.op !== "div") return null;
      const [x, by] = node.args.map(map) as [NodeId, NodeId];
      const wide = b.node(by);
      const isWidened = wide.kind === "apply" && wide.op === "expand";
      const divisor = isWidened ? wide.args[0]! : by;
      if (uniform(b, x) !== null || uniform(b, divisor) !== null) return null;
      if (!isShared(b.type(divisor), node.type)) return null;
      const ranges = known.get(b) ?? new Map<NodeId, Interval>();
      known.set(b, ranges);
      const { lo, hi } = rangeOf(b, divisor, ranges);
      if (!(lo >= LEAST || hi <= -LEAST)) return null;
      const reciprocal = b.div(b.lit(1), divisor);
      return b.mul(x, isWidened ? b.apply("expand", [reciprocal], wide.attrs) : reciprocal);
    },
    { bodies: true },
  );
}

/** Does a value of type `of` serve several elements of a result? */
function isShared(of: Tensor, result: Tensor): boolean {
  const count = ({ shape }: Tensor): number =>
    shape.reduce<number>((n, d) => n * (typeof d === "number" ? d : 2), 1);
  return count(of) < count(result);
}

/** Bounds that hold whatever leaves are. */
function rangeOf(b: Builder, id: NodeId, known: Map<NodeId, Interval>): Interval {
  const before = known.get(id);
  if (before !== undefined) return before;
  const node = b.node(id);
  const found =
    node.kind === "const"
      ? { lo: node.value, hi: node.value }
      : node.kind === "apply"
        ? applied(
            node,
            node.args.map((a) => rangeOf(b, a, known)),
          )
        : ANY;
  known.set(id, found);
  return found;
}

function applied({ op, args, attrs }: Apply, ranges: readonly Interval[]): Interval {
  // A square is no product of two strangers.
  const isSquare = op === "mul" && args[0] === args[1];
  const { lo, hi } = isSquare
    ? OPS.pow.range([ranges[0]!, { lo: 2, hi: 2 }], {})
    : OPS[op].range(ranges, attrs);
  return Number.isNaN(lo) || Number.isNaN(hi) ? ANY : { lo, hi };
}
