/** @file Bounds of sums in which one value stands more than once, such as z a + (1 - z) b. In: a node, bounds of
 *  others. Out: its bounds where the sum is affine in that value: the hull of those at the value's two ends. */
import type { NodeId } from "../ir/ir.ts";
import { ANY, product, union } from "../ops/interval.ts";
import type { Interval } from "../ops/op.ts";
import { type Polynomial, polynomialOf, type Ranged } from "./polynomial-range.ts";

/** ± the product of factors. */
interface Term {
  readonly sign: 1 | -1;
  readonly factors: readonly NodeId[];
}

export function affineRange(g: Ranged, id: NodeId): Interval {
  const node = g.b.node(id);
  if (node.kind !== "apply" || (node.op !== "add" && node.op !== "sub")) return ANY;
  const terms = termsOf(g, id, 1);
  let best = ANY;
  for (const z of repeated(g, terms)) {
    const { lo, hi } = g.of(z);
    if (!Number.isFinite(lo) || !Number.isFinite(hi)) continue;
    const ends = [lo, hi].map((at) => sumAt(g, terms, z, at));
    if (ends[0] === null || ends[1] === null) continue;
    const whole = union(ends[0]!, ends[1]!);
    best = { lo: Math.max(best.lo, whole.lo), hi: Math.min(best.hi, whole.hi) };
  }
  return best;
}

function termsOf(g: Ranged, id: NodeId, sign: 1 | -1): readonly Term[] {
  const node = g.b.node(id);
  const minus = sign === 1 ? -1 : 1;
  if (node.kind === "apply" && node.op === "add")
    return node.args.flatMap((a) => termsOf(g, a, sign));
  if (node.kind === "apply" && node.op === "sub")
    return [...termsOf(g, node.args[0]!, sign), ...termsOf(g, node.args[1]!, minus)];
  if (node.kind === "apply" && node.op === "neg") return termsOf(g, node.args[0]!, minus);
  return [{ sign, factors: factorsOf(g, id) }];
}

function factorsOf(g: Ranged, id: NodeId): readonly NodeId[] {
  const node = g.b.node(id);
  return node.kind === "apply" && node.op === "mul"
    ? node.args.flatMap((a) => factorsOf(g, a))
    : [id];
}

/** Values in which factors of two or more terms are polynomials. */
function repeated(g: Ranged, terms: readonly Term[]): readonly NodeId[] {
  const counts = new Map<NodeId, number>();
  for (const { factors } of terms) {
    const here = new Set(factors.flatMap((f) => polynomialOf(g.b, f).v ?? []));
    for (const v of here) counts.set(v, (counts.get(v) ?? 0) + 1);
  }
  return [...counts].flatMap(([v, n]) => (n > 1 ? [v] : []));
}

/** Bounds of the sum where z is a number; null where a term is not affine in z. */
function sumAt(g: Ranged, terms: readonly Term[], z: NodeId, at: number): Interval | null {
  let sum: Interval = { lo: 0, hi: 0 };
  for (const { sign, factors } of terms) {
    let term: Interval = { lo: sign, hi: sign };
    let degree = 0;
    for (const f of factors) {
      const p = polynomialOf(g.b, f);
      degree += p.v === z ? degreeOf(p) : 0;
      const value = p.c[0] + p.c[1] * at;
      term = product(term, p.v === z ? { lo: value, hi: value } : g.of(f));
    }
    if (degree > 1) return null;
    sum = { lo: sum.lo + term.lo, hi: sum.hi + term.hi };
  }
  return Number.isNaN(sum.lo) || Number.isNaN(sum.hi) ? null : sum;
}

const degreeOf = (p: Polynomial): number => (p.c[2] !== 0 ? 2 : p.c[1] !== 0 ? 1 : 0);
