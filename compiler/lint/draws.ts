/** @file A step at random numbers. In: a step, bounds of its terms. Out: a value a term. The same seed gives
 *  the same numbers. Products and reductions are drawn, not computed: they may be anything they can be. */
import type { Interval } from "../ops/op.ts";
import { mapOp, functionOf } from "./calls.ts";
import { fold, type LeafTerm, type Step, type Term } from "./term.ts";
import type { Values } from "./values.ts";

/**
 * What draws a value for every term that `root` is computed from, NaN for the others, with numbers of `uniform` on
 * [0, 1). `leaf` gives what is not to be drawn within its bounds, else null.
 */
export function drawer(
  step: Step,
  root: Term,
  ranges: readonly Interval[],
  leaf: (term: LeafTerm) => number | null,
  uniform: () => number,
): () => Values {
  const functions = step.all.map((t) =>
    t.kind === "apply" && mapOp(t.call) !== null ? functionOf(t) : null,
  );
  const computed = new Set<Term>();
  const queue = [root];
  for (let term = queue.pop(); term !== undefined; term = queue.pop()) {
    if (computed.has(term)) continue;
    computed.add(term);
    if (term.kind !== "apply") continue;
    if (term.call === "dropout") queue.push(term.args[0]!);
    else if (functions[term.id]) queue.push(...term.args);
  }
  return () =>
    fold<number>(step, (term, of) => {
      if (!computed.has(term)) return Number.NaN;
      const anything = () => drawFrom(ranges[term.id]!, uniform);
      switch (term.kind) {
        case "number":
          return term.value;
        case "leaf":
          return leaf(term) ?? anything();
        case "apply": {
          if (term.call === "dropout") return of(term.args[0]!);
          const f = functions[term.id];
          return f ? f(term.args.map(of)) : anything();
        }
      }
    });
}

/** Small, middling or large, so that gates are met open, shut and between. */
function drawFrom({ lo, hi }: Interval, uniform: () => number): number {
  const size = 10 ** Math.floor(4 * uniform() - 1);
  if (Number.isFinite(lo) && Number.isFinite(hi)) return lo + (hi - lo) * uniform();
  if (Number.isFinite(lo)) return lo + size * uniform();
  if (Number.isFinite(hi)) return hi - size * uniform();
  return size * (2 * uniform() - 1);
}

/** Uniform numbers on [0, 1). Mulberry32, T. Ettinger 2017, public domain. */
export function uniformFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}
