/** @file Bounds of a polynomial of one value, such as y (1 - y). In: a node, bounds of others. Out: its exact bounds
 *  where it has degree 2 or less in one node, else (−∞, ∞). Elementwise. */
import type { Builder } from "../ir/builder.ts";
import type { NodeId } from "../ir/ir.ts";
import { ANY, hull } from "../ops/interval.ts";
import type { Interval } from "../ops/op.ts";

export interface Ranged {
  readonly b: Builder;
  readonly of: (id: NodeId) => Interval;
}

/** c₀ + c₁ v + c₂ v²; `v` null for a number. */
export interface Polynomial {
  readonly v: NodeId | null;
  readonly c: readonly [number, number, number];
}

export function polynomialRange(g: Ranged, id: NodeId): Interval {
  const p = polynomialOf(g.b, id);
  if (p.v === null || p.v === id) return ANY;
  const [c0, c1, c2] = p.c;
  const { lo, hi } = g.of(p.v);
  const at = (x: number): number => {
    if (Number.isFinite(x)) return c0 + x * (c1 + x * c2);
    if (c2 !== 0) return c2 * Number.POSITIVE_INFINITY;
    return c1 === 0 ? c0 : c1 * x;
  };
  const turn = -c1 / (2 * c2);
  const turns = c2 !== 0 && turn > lo && turn < hi ? [at(turn)] : [];
  return hull(at(lo), at(hi), ...turns);
}

/** The node as a polynomial of the one node it is made of; of itself where it is made of several. */
export function polynomialOf(b: Builder, id: NodeId): Polynomial {
  const node = b.node(id);
  const itself: Polynomial = { v: id, c: [0, 1, 0] };
  if (node.kind === "const") return { v: null, c: [node.value, 0, 0] };
  if (node.kind !== "apply") return itself;
  const [p, q] = node.args.map((a) => polynomialOf(b, a));
  switch (node.op) {
    case "neg":
      return { v: p!.v, c: times(p!.c, [-1, 0, 0])! };
    case "add":
    case "sub":
    case "mul": {
      const v = p!.v ?? q!.v;
      if (p!.v !== null && q!.v !== null && p!.v !== q!.v) return itself;
      const c =
        node.op === "mul"
          ? times(p!.c, q!.c)
          : plus(p!.c, node.op === "add" ? q!.c : times(q!.c, [-1, 0, 0])!);
      return c === null ? itself : { v, c };
    }
    case "div":
      return q!.v === null && q!.c[0] !== 0
        ? { v: p!.v, c: times(p!.c, [1 / q!.c[0], 0, 0])! }
        : itself;
    case "pow":
      return q!.v === null && q!.c[0] === 2 && p!.c[2] === 0
        ? { v: p!.v, c: times(p!.c, p!.c)! }
        : itself;
    default:
      return itself;
  }
}

type Coefs = Polynomial["c"];

function plus(a: Coefs, b: Coefs): Coefs {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

/** Null where the degree is above 2. */
function times(a: Coefs, b: Coefs): Coefs | null {
  if (a[1] * b[2] !== 0 || a[2] * b[1] !== 0 || a[2] * b[2] !== 0) return null;
  return [a[0] * b[0], a[0] * b[1] + a[1] * b[0], a[0] * b[2] + a[1] * b[1] + a[2] * b[0]];
}
