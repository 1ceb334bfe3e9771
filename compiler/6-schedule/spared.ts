/** @file What a kernel would be spared if values in it were loaded. In: a draft. Out: bounds, in the unit of
 *  `cost`; its expressions are walked once for all of them. Never drafts. */
import type { Expr } from "../../runtime/artifact/kernel.ts";
import { collect, elements, LOAD, weigh, workOfOne, workOfReduction } from "./cost.ts";
import type { Draft } from "./draft.ts";
import { inner } from "./tree.ts";

export interface Spared {
  /** At most: all that the values are made of, but for loading them. */
  by(values: readonly Expr[]): number;
  /** What it takes to compute the value once, by itself. */
  workOf(value: Expr): number;
}

export function sparedIn(draft: Draft): Spared {
  const order: Expr[] = [];
  const seen = new Set<Expr>();
  for (const r of draft.reductions) collect(r.of, order, seen);
  collect(draft.value, order, seen);
  const places = new Map(order.map((e, place) => [e, place]));
  // By place: what is under an expression, itself included, as bits.
  const words = Math.ceil(order.length / 32);
  const under = new Int32Array(order.length * words);
  for (let place = 0; place < order.length; place++) {
    const at = place * words;
    under[at + (place >> 5)]! |= 1 << (place & 31);
    const parts = inner(order[place]!);
    for (let i = 0; i < parts.length; i++) {
      const from = places.get(parts[i]!)! * words;
      for (let w = 0; w < words; w++) under[at + w]! |= under[from + w]!;
    }
  }
  const count = elements(draft.axes);
  const times = timesIn(draft, places, count);
  const reductions = draft.reductions.map(workOfReduction);
  /** Work of one evaluation, and of all of them together. */
  const once = order.map((e) => ("red" in e ? reductions[e.red]! : workOfOne(e)));
  const all = order.map((e, i) => once[i]! * ("red" in e ? count : times[i]!));
  const sum = (bits: Int32Array, from: number, of: readonly number[]): number => {
    let total = 0;
    for (let w = 0; w < words; w++) {
      for (let rest = bits[from + w]!; rest !== 0; rest &= rest - 1)
        total += of[w * 32 + (31 - Math.clz32(rest & -rest))]!;
    }
    return total;
  };
  const placeOf = (e: Expr): number => places.get(e) ?? -1;
  return {
    by(values) {
      const bits = new Int32Array(words);
      let loads = 0;
      for (const e of values) {
        const place = placeOf(e);
        if (place < 0) continue;
        loads += times[place]! * LOAD;
        for (let w = 0; w < words; w++) bits[w]! |= under[place * words + w]!;
      }
      return sum(bits, 0, all) - loads;
    },
    workOf: (e) => (placeOf(e) < 0 ? 0 : sum(under, placeOf(e) * words, once)),
  };
}

/** By place: how often the kernel computes an expression, all its elements together. */
function timesIn(draft: Draft, places: ReadonlyMap<Expr, number>, count: number): Float64Array {
  const times = new Float64Array(places.size);
  const add = (weights: ReadonlyMap<Expr, number>, each: number): void => {
    for (const [x, w] of weights) times[places.get(x)!]! += each * w;
  };
  add(weigh(draft.value, draft.axes), count);
  for (const r of draft.reductions) add(weigh(r.of, []), count * elements(r.extents));
  return times;
}
