/** @file Bounds that hold at every step. In: bounds of the states before the first step, and how one step
 *  moves bounds. Out: bounds of the states' values, whatever step it is. Never narrower than the truth. */
import { ANY, union } from "../ops/interval.ts";
import type { Interval } from "../ops/op.ts";

export type StateBounds = ReadonlyMap<string, Interval>;

/**
 * Bounds of states grow from their initial values by what the equations make of them, until they
 * hold for the next step too; an end that still grows after three rounds is let go to infinity.
 * Then two rounds down: hull(initial value, equation) of bounds that hold, holds. Cousot & Cousot 1977.
 */
export function settle(
  initial: StateBounds,
  step: (past: StateBounds) => StateBounds,
): StateBounds {
  let past = initial;
  for (let round = 0, grown = true; grown; round++) {
    const now = step(past);
    grown = false;
    const wider = new Map<string, Interval>();
    for (const [state, before] of past) {
      const after = union(before, now.get(state) ?? ANY);
      const [lower, higher] = [after.lo < before.lo, after.hi > before.hi];
      grown ||= lower || higher;
      wider.set(state, {
        lo: lower && round >= 3 ? ANY.lo : after.lo,
        hi: higher && round >= 3 ? ANY.hi : after.hi,
      });
    }
    past = wider;
  }
  for (let round = 0; round < 2; round++) {
    const now = step(past);
    past = new Map([...initial].map(([s, start]) => [s, union(start, now.get(s) ?? ANY)]));
  }
  return past;
}
