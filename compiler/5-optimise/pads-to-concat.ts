/** @file Sums of padded pieces as one joined value. In: verified graph. Out: the same outputs up to
 *  rounding (sums of three or more terms are added in another order) and the sign of a zero. */
import type { Builder } from "../ir/builder.ts";
import type { Apply, Graph, Node, NodeId, Scan } from "../ir/ir.ts";
import { rewrite } from "../ir/rewrite.ts";
import { num } from "../ops/attrs.ts";
import { fixedExtent, filled } from "../ops/structured.ts";
import { leaving, onceAGraph, usersOf } from "./users.ts";
import { nodesOf } from "../ir/lookup.ts";

/**
 * pad(a) + pad(b) + … of disjoint pieces of one axis → concat(a, b, …): the adjoints of the parts
 * of a product become the adjoint of the product, one packed value.
 */
export function padsToConcat(graph: Graph): Graph {
  const sums = onceAGraph(paddedSums);
  return rewrite(
    graph,
    (node, c) => {
      const sum = sums(c).get(node.id);
      return sum === undefined ? null : joined(sum, c.b, c.map);
    },
    { bodies: true },
  );
}

interface Pad {
  readonly of: NodeId;
  readonly from: number;
  readonly size: number;
}
interface PaddedSum {
  readonly axis: number;
  readonly extent: number;
  /** By where they begin; those of one place are added. */
  readonly pads: readonly Pad[];
  readonly others: readonly NodeId[];
}

function paddedSums(graph: Graph, scan: Scan | null): ReadonlyMap<NodeId, PaddedSum> {
  const nodes = nodesOf(graph);
  const users = usersOf(graph);
  const kept = leaving(graph, scan);
  const isInner = (n: Node | undefined): boolean => {
    if (n?.kind !== "apply" || n.op !== "add" || kept.has(n.id)) return false;
    const [user, ...more] = users.get(n.id) ?? [];
    return more.length === 0 && user?.kind === "apply" && user.op === "add";
  };
  const terms = (id: NodeId, isRoot: boolean): readonly NodeId[] => {
    const n = nodes.get(id);
    if (n?.kind !== "apply" || n.op !== "add" || !(isRoot || isInner(n))) return [id];
    return n.args.flatMap((a) => terms(a, false));
  };
  const found = new Map<NodeId, PaddedSum>();
  for (const node of graph.nodes) {
    if (node.kind !== "apply" || node.op !== "add" || isInner(node)) continue;
    const sum = paddedSum(node, terms(node.id, true), nodes);
    if (sum !== null) found.set(node.id, sum);
  }
  return found;
}

/** The sum as pieces of its first pad's axis, if two or more terms are disjoint pieces of it. */
function paddedSum(
  node: Apply,
  terms: readonly NodeId[],
  nodes: ReadonlyMap<NodeId, Node>,
): PaddedSum | null {
  const padOf = (id: NodeId): Apply | null => {
    const n = nodes.get(id);
    const whole =
      n?.kind === "apply" && n.op === "pad" && n.type.shape.length === node.type.shape.length;
    return whole ? n : null;
  };
  const first = terms.map(padOf).find((p) => p !== null);
  if (first === undefined || first === null) return null;
  const axis = num(first.attrs, "axis");
  const extent = fixedExtent(first.type, axis);
  const pads: Pad[] = [];
  const others: NodeId[] = [];
  for (const id of terms) {
    const pad = padOf(id);
    const from = pad === null ? 0 : num(pad.attrs, "before");
    const size = pad === null ? 0 : extent - from - num(pad.attrs, "after");
    const fits =
      pad !== null &&
      num(pad.attrs, "axis") === axis &&
      fixedExtent(pad.type, axis) === extent &&
      pads.every((p) => disjoint(p, { from, size }) || (p.from === from && p.size === size));
    if (pad === null || !fits) others.push(id);
    else pads.push({ of: pad.args[0]!, from, size });
  }
  if (new Set(pads.map((p) => p.from)).size < 2) return null;
  return { axis, extent, pads: pads.sort((p, q) => p.from - q.from), others };
}

function disjoint(p: Omit<Pad, "of">, q: Omit<Pad, "of">): boolean {
  return p.from + p.size <= q.from || q.from + q.size <= p.from;
}

function joined(sum: PaddedSum, b: Builder, map: (id: NodeId) => NodeId): NodeId {
  const { axis, extent, pads, others } = sum;
  const pieces: NodeId[] = [];
  const before = pads[0]!.from;
  let at = before;
  let last: Pad | null = null;
  for (const pad of pads) {
    const of = map(pad.of);
    if (last?.from === pad.from) {
      pieces.push(b.add(pieces.pop()!, of));
      continue;
    }
    if (pad.from > at) {
      const { shape } = b.type(of);
      const gap = {
        ...b.type(of),
        seq: null,
        batch: false,
        shape: shape.with(axis, pad.from - at),
      };
      pieces.push(filled(b, 0, gap));
    }
    pieces.push(of);
    at = pad.from + pad.size;
    last = pad;
  }
  const inner = b.apply("concat", pieces, { axis });
  const whole = { axis, before, after: extent - at };
  const value = before + whole.after === 0 ? inner : b.apply("pad", [inner], whole);
  return others.map(map).reduce((total, id) => b.add(total, id), value);
}
