/** @file Every term's value before the first step: inputs 0, parameters at the mean of their initialiser,
 *  states at their initial values. In: a step. Out: a number a term, NaN where it is not one number. */
import { MOVES, valueAt } from "./calls.ts";
import { type ApplyTerm, fold, type LeafTerm, type Step, type Term } from "./term.ts";

/**
 * A product with a matrix of mean 0 is 0: its elements are that on average, and they are what a bias is
 * added to. `leaf` gives inputs, parameters and dims; a trained initial state counts as 0.
 */
export function startValues(step: Step, leaf: (term: LeafTerm) => number): readonly number[] {
  return fold<number>(step, (term, of) => {
    switch (term.kind) {
      case "number":
        return term.value;
      case "leaf": {
        if (term.of !== "past") return leaf(term);
        const initial = step.initial.get(term.name);
        return initial === undefined || initial.id >= term.id ? 0 : of(initial);
      }
      case "apply":
        return applied(term, term.args.map(of));
    }
  });
}

function applied(term: ApplyTerm, x: readonly number[]): number {
  const [a = Number.NaN, b = Number.NaN] = x;
  const isZero = x.some((v) => v === 0);
  if (MOVES.has(term.call)) return a;
  switch (term.call) {
    case "*":
    case "@":
    case "dot":
    case "outer":
      return isZero ? 0 : term.call === "*" || term.call === "outer" ? a * b : Number.NaN;
    case "mean":
    case "max":
    case "min":
      return a;
    case "sum":
      return isZero ? 0 : Number.NaN;
    case "concat":
      return x.every((v) => v === a) ? a : Number.NaN;
    case "zoneout": {
      const { p = Number.NaN } = term.settings;
      return p * b + (1 - p) * a;
    }
    case "where":
      return Number.isNaN(a) ? (b === x[2] ? b : Number.NaN) : valueAt(term, x);
    default:
      return x.some(Number.isNaN) ? Number.NaN : valueAt(term, x);
  }
}

export type Values = readonly number[];
export const at = (values: Values, term: Term): number => values[term.id] ?? Number.NaN;
