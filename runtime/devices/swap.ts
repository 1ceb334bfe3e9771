/** @file Sequences between callers, samples first, and programs, steps first. In: a row-major tensor, its two
 *  leading extents. Out: the same numbers, those two axes the other way around. Never allocates. */
import type { Real } from "./device.ts";

/** Elements from which a copy by the engine beats a loop. */
const LONG = 32;

/** [a][b][…n] → [b][a][…n], into `into`. */
export function swapLeading<R extends Real>(from: Real, a: number, b: number, into: R): R {
  if (a === 1 || b === 1) {
    into.set(from);
    return into;
  }
  const n = from.length / (a * b);
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++) {
      const source = (i * b + j) * n;
      const target = (j * a + i) * n;
      if (n >= LONG) into.set(from.subarray(source, source + n), target);
      else for (let k = 0; k < n; k++) into[target + k] = from[source + k]!;
    }
  return into;
}
