/** @file Intervals of reals, ends may be infinite. In: bounds. Out: bounds of a result. Never
 *  narrower than the truth; NaN anywhere widens to everything. */
import type { Interval } from "./op.ts";

export const ANY: Interval = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };
export const UNIT: Interval = { lo: 0, hi: 1 };

/** The smallest interval holding `points`. */
export function hull(...points: readonly number[]): Interval {
  if (points.length === 0 || points.some(Number.isNaN)) return ANY;
  return { lo: Math.min(...points), hi: Math.max(...points) };
}

/** Image under f, which is monotone between the ends and `turns` (where it may turn or jump). */
export function image(
  x: Interval,
  f: (v: number) => number,
  ...turns: readonly number[]
): Interval {
  return hull(f(x.lo), f(x.hi), ...turns.filter((v) => v > x.lo && v < x.hi).map(f));
}

/** Every a·b; 0·∞ counts as 0, since an end at infinity is never reached. */
export function product(a: Interval, b: Interval): Interval {
  const at = (x: number, y: number) => (x === 0 || y === 0 ? 0 : x * y);
  return hull(at(a.lo, b.lo), at(a.lo, b.hi), at(a.hi, b.lo), at(a.hi, b.hi));
}

export function union(...xs: readonly Interval[]): Interval {
  return hull(...xs.map((x) => x.lo), ...xs.map((x) => x.hi));
}

/** Bounds of |x|. */
export const largest = ({ lo, hi }: Interval): number => Math.max(Math.abs(lo), Math.abs(hi));
export const smallest = ({ lo, hi }: Interval): number =>
  lo <= 0 && hi >= 0 ? 0 : Math.min(Math.abs(lo), Math.abs(hi));

/** Bounds of a sum of an unknown number of values of x: their sign is all that is known. */
export function manyOf(x: Interval): Interval {
  return { lo: x.lo >= 0 ? 0 : ANY.lo, hi: x.hi <= 0 ? 0 : ANY.hi };
}
