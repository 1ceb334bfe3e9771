/** @file Bounds of every term, at every step, whatever inputs and parameters are. In: a step. Out: an
 *  interval a term. Never narrower than the truth. */
import { DIM } from "../2-check/ranges.ts";
import { type StateBounds, settle } from "../2-check/settle.ts";
import { ANY } from "../ops/interval.ts";
import type { Interval } from "../ops/op.ts";
import { boundsOf } from "./calls.ts";
import { fold, type Step, type Term } from "./term.ts";

export function rangesOf(step: Step, states: readonly string[]): readonly Interval[] {
  const at = (past: StateBounds) =>
    fold<Interval>(step, (term, of) => {
      switch (term.kind) {
        case "number":
          return { lo: term.value, hi: term.value };
        case "leaf":
          if (term.of === "dim") return DIM;
          return (term.of === "past" ? past.get(term.name) : undefined) ?? ANY;
        case "apply":
          return boundsOf(term, term.args.map(of));
      }
    });
  const byState = (all: readonly Interval[], terms: ReadonlyMap<string, Term>): StateBounds =>
    new Map(
      states.map((s) => {
        const term = terms.get(s);
        return [s, term === undefined ? ANY : all[term.id]!];
      }),
    );
  const initial = byState(at(new Map()), step.initial);
  return at(settle(initial, (past) => byState(at(past), step.values)));
}
