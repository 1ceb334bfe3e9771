/** @file Compares numbers the way the claims are stated. In: two lists of numbers. Out: vitest matchers.
 *  Never passes on NaN, on different lengths, or on two empty lists. */
import { expect } from "vitest";

export interface Closeness {
  /** |got − wanted| ≤ absolute + relative · |wanted|, for each element. */
  readonly absolute?: number;
  readonly relative?: number;
}

/** ‖got − wanted‖ / ‖wanted‖; the norm of `got` where `wanted` is all zero. NaN where either has one. */
export function relativeL2(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < wanted.length; i++) {
    difference += (got[i]! - wanted[i]!) ** 2;
    norm += wanted[i]! ** 2;
  }
  return norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
}

function worst(got: ArrayLike<number>, wanted: ArrayLike<number>, allowed: (w: number) => number) {
  let excess = 0;
  let at = -1;
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs(got[i]! - wanted[i]!);
    const over = Number.isNaN(difference)
      ? Number.POSITIVE_INFINITY
      : difference / allowed(wanted[i]!);
    if (difference === 0 || over <= 1 || over < excess) continue;
    excess = over;
    at = i;
  }
  return at;
}

expect.extend({
  toBeAllClose(got: ArrayLike<number>, wanted: ArrayLike<number>, closeness: Closeness = {}) {
    const { absolute = 0, relative = 0 } = closeness;
    if (got.length !== wanted.length || got.length === 0)
      return {
        pass: false,
        message: () => `${got.length} numbers, ${wanted.length} wanted; both must have some`,
      };
    const at = worst(got, wanted, (w) => absolute + relative * Math.abs(w));
    return {
      pass: at < 0,
      message: () =>
        at < 0
          ? "all are within the tolerance"
          : `[${at}] is ${got[at]}, ${wanted[at]} ± ${absolute + relative * Math.abs(wanted[at]!)} wanted; relative L2 error of all is ${relativeL2(got, wanted)}`,
    };
  },
});

declare module "vitest" {
  interface Assertion<T> {
    toBeAllClose(wanted: ArrayLike<number>, closeness?: Closeness): T;
  }
}
