/** @file Bounds of what a step computes, at given weights. In: a loop's step, values that hold for all steps. Out:
 *  an interval for each node, valid at every step. Never narrower than the truth. Moore 1966; Cousot & Cousot 1977. */
import type { Node, NodeId } from "../ir/ir.ts";
import { ANY, hull, union } from "../ops/interval.ts";
import type { Interval } from "../ops/op.ts";
import { OPS } from "../ops/table.ts";
import { affineRange } from "./affine-range.ts";
import { polynomialRange } from "./polynomial-range.ts";
import type { Step } from "./paths.ts";
import { productRange, shareRange } from "./structured-range.ts";

/** Numbers of nodes that are the same at all steps, and of states before the first; null where not known. */
export interface Known {
  readonly constant: (id: NodeId) => Float64Array | null;
  /** By the order of the step's slots. */
  readonly initial: readonly (Interval | null)[];
}

export type RangeOf = (id: NodeId) => Interval;

/** Rounds after which an end that still grows is taken to be unbounded, or guessed. */
const ROUNDS = 4;
/** Rounds in which bounds that hold are tightened. */
const TIGHTER = 4;

/**
 * States' bounds grow from their initial values by what the equations make of them until they hold for the
 * next step too. What still grows is tried at powers of two, at last let go to infinity; then two rounds back.
 */
export function ranges(step: Step, known: Known): RangeOf {
  const { slots } = step;
  const start = slots.map((_, i) => known.initial[i] ?? ANY);
  const after = (before: readonly Interval[]): readonly Interval[] => {
    const of = rangesAt(step, known, before);
    return slots.map((s, i) => union(start[i]!, of(s.next)));
  };
  let bounds: readonly Interval[] = start;
  for (let round = 0; round < ROUNDS; round++) bounds = wider(bounds, after(bounds));
  if (!holds(bounds, after(bounds))) bounds = guessed(bounds, after);
  for (let round = 0; round < TIGHTER; round++) bounds = narrower(bounds, after(bounds));
  return rangesAt(step, known, bounds);
}

const wider = (a: readonly Interval[], b: readonly Interval[]): readonly Interval[] =>
  a.map((x, i) => union(x, b[i]!));

const narrower = (a: readonly Interval[], b: readonly Interval[]): readonly Interval[] =>
  a.map((x, i) => intersect(x, b[i]!));

const holds = (bounds: readonly Interval[], next: readonly Interval[]): boolean =>
  bounds.every((x, i) => next[i]!.lo >= x.lo && next[i]!.hi <= x.hi);

/** Ends that grow, at ±2^k for the least k that holds, else at infinity; those that depend on them too. */
function guessed(
  bounds: readonly Interval[],
  after: (before: readonly Interval[]) => readonly Interval[],
): readonly Interval[] {
  for (let k = 0; k <= 20; k++) {
    const size = 2 ** k;
    const tried = opened(bounds, after, size);
    if (tried !== null) return tried;
  }
  return opened(bounds, after, Number.POSITIVE_INFINITY) ?? bounds.map(() => ANY);
}

function opened(
  bounds: readonly Interval[],
  after: (before: readonly Interval[]) => readonly Interval[],
  size: number,
): readonly Interval[] | null {
  let tried = bounds;
  for (let round = 0; round <= 2 * bounds.length; round++) {
    const next = after(tried);
    if (holds(tried, next)) return tried;
    const grown = tried.map((x, i) => ({
      lo: next[i]!.lo < x.lo ? Math.min(-size, x.lo) : x.lo,
      hi: next[i]!.hi > x.hi ? Math.max(size, x.hi) : x.hi,
    }));
    if (grown.every((x, i) => x.lo === tried[i]!.lo && x.hi === tried[i]!.hi)) return null;
    tried = grown;
  }
  return null;
}

/** Bounds of all nodes at one step, from the states' before it. */
function rangesAt(step: Step, known: Known, states: readonly Interval[]): RangeOf {
  const { b } = step.c;
  const found = new Map<NodeId, Interval>(step.slots.map((s, i) => [s.arg, states[i]!]));
  const of = (id: NodeId): Interval => {
    const there = found.get(id);
    if (there !== undefined) return there;
    const values = known.constant(id);
    const range = values === null ? computed(b.node(id)) : extent(values);
    found.set(id, range);
    return range;
  };
  const computed = (node: Node): Interval => {
    if (node.kind === "const") return { lo: node.value, hi: node.value };
    if (node.kind !== "apply") return ANY;
    const own = sound(OPS[node.op].range(node.args.map(of), node.attrs));
    const graph = { b, of };
    return [
      polynomialRange(graph, node.id),
      affineRange(graph, node.id),
      productRange(graph, node, known.constant),
      shareRange(graph, node),
    ].reduce(intersect, own);
  };
  return of;
}

const sound = (x: Interval): Interval => (Number.isNaN(x.lo) || Number.isNaN(x.hi) ? ANY : x);

const intersect = (a: Interval, b: Interval): Interval => ({
  lo: Math.max(a.lo, b.lo),
  hi: Math.min(a.hi, b.hi),
});

/** The smallest interval that holds all values. */
export function extent(values: Float64Array): Interval {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of values) {
    if (Number.isNaN(x)) return ANY;
    lo = Math.min(lo, x);
    hi = Math.max(hi, x);
  }
  return hull(lo, hi);
}
