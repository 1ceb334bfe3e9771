/** @file States that feed each other. In: a cell. Out: groups of states, and how fast a gradient can fall in
 *  each at the slowest. */
import { gainsOf } from "./gains.ts";
import type { Subject } from "./subject.ts";
import { spectralRadius } from "./spectral-radius.ts";
import { containing, type LeafTerm } from "./term.ts";

export interface Loop {
  readonly states: readonly string[];
  /** Their earlier values, as equations read them. */
  readonly pasts: readonly LeafTerm[];
  /** Upper bound of what is left of a gradient per step, in the long run. */
  readonly gain: number;
}

/** More states, and more steps back, than anyone writes: the loops of such a cell are not looked for. */
const MOST = 64;

/** Groups of states each of which, over some steps, moves every other; one that moves itself is a group. */
export function loopsOf(subject: Subject): readonly Loop[] {
  const { step, cell, pasts } = subject;
  if (pasts.length > MOST) return [];
  const roots = new Map(cell.states.map((s) => [s.name, step.values.get(s.name)!]));
  const reads = new Map(
    pasts.map((past) => {
      const has = containing(step, (t) => t === past);
      return [past, cell.states.flatMap((s) => (has[roots.get(s.name)!.id] ? [s.name] : []))];
    }),
  );
  const moves = (from: string): ReadonlySet<string> => {
    const seen = new Set<string>();
    const queue = [from];
    for (let s = queue.pop(); s !== undefined; s = queue.pop()) {
      for (const past of pasts.filter((p) => p.name === s))
        for (const to of reads.get(past)!)
          if (!seen.has(to)) {
            seen.add(to);
            queue.push(to);
          }
    }
    return seen;
  };
  const reached = new Map(cell.states.map((s) => [s.name, moves(s.name)]));
  const loops: Loop[] = [];
  const done = new Set<string>();
  for (const { name } of cell.states) {
    if (done.has(name) || !reached.get(name)!.has(name)) continue;
    const states = cell.states
      .map((s) => s.name)
      .filter((s) => reached.get(name)!.has(s) && reached.get(s)!.has(name));
    for (const s of states) done.add(s);
    const own = pasts.filter((p) => states.includes(p.name));
    loops.push({ states, pasts: own, gain: gainOf(states, own, subject) });
  }
  return loops;
}

/** Spectral radius of the gains from each earlier value to each; a lag of k is a chain of k. */
function gainOf(states: readonly string[], pasts: readonly LeafTerm[], subject: Subject): number {
  const slots = states.flatMap((s) => {
    const lags = Math.max(...pasts.filter((p) => p.name === s).map((p) => p.lag), 1);
    return Array.from({ length: lags }, (_, k) => ({ state: s, lag: k + 1 }));
  });
  if (slots.length > MOST) return Number.POSITIVE_INFINITY;
  const gains = new Map(pasts.map((p) => [`${p.name} ${p.lag}`, gainsOf(subject, p)]));
  const matrix = slots.map((to) =>
    slots.map((from) => {
      if (to.lag > 1) return from.state === to.state && from.lag === to.lag - 1 ? 1 : 0;
      const root = subject.step.values.get(to.state)!;
      return gains.get(`${from.state} ${from.lag}`)?.[root.id] ?? 0;
    }),
  );
  return spectralRadius(matrix);
}
