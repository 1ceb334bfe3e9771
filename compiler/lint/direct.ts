/** @file The direct path: where a state's earlier value enters element by element. In: a step, a state as it
 *  was. Out: whether it enters a term so, by which factor, past which factors. Never through a squashing
 *  function, nor a product with a matrix. */
import { largest, smallest } from "../ops/interval.ts";
import type { Interval } from "../ops/op.ts";
import { isFunction, MOVES, slopeOf, squashes, steepest } from "./calls.ts";
import { type ApplyTerm, containing, fold, type LeafTerm, type Step, type Term } from "./term.ts";
import { at, type Values } from "./values.ts";

/**
 * For each term: does `past` enter it directly? Through sums, products, choices, and functions that
 * grow with their argument; a quotient counts where the divisor does not move with `past` (one that
 * does normalises).
 */
export function directly(step: Step, past: LeafTerm): readonly boolean[] {
  const moving = containing(step, (t) => t === past);
  return fold<boolean>(
    step,
    (term, of) =>
      term === past || (term.kind === "apply" && carriers(term, moving).some((a) => of(a))),
  );
}

/** Arguments through which a value passes element by element. */
function carriers(term: ApplyTerm, moving: readonly boolean[]): readonly Term[] {
  const { args, call } = term;
  if (MOVES.has(call) || call === "concat") return args;
  switch (call) {
    case "+":
    case "-":
    case "*":
    case "neg":
    case "maximum":
    case "minimum":
    case "zoneout":
      return args;
    case "where":
      return args.slice(1);
    case "/":
      return moving[args[1]!.id] ? [] : args.slice(0, 1);
    default:
      return isFunction(term) && !squashes(term) ? args : [];
  }
}

/** ∂term/∂past along direct paths, for every term, where terms have `values`; `passes` is `directly`'s. */
export function directFactors(
  step: Step,
  past: LeafTerm,
  values: Values,
  passes = directly(step, past),
): readonly number[] {
  const x = (t: Term) => at(values, t);
  return fold<number>(step, (term, of) => {
    if (term === past) return 1;
    if (term.kind !== "apply" || !passes[term.id]) return 0;
    const [a, b, c] = term.args;
    const d = (t: Term | undefined) => (t === undefined ? 0 : of(t));
    const scaled = (t: Term | undefined, by: () => number) => (d(t) === 0 ? 0 : d(t) * by());
    if (MOVES.has(term.call) || term.call === "concat") return furthest(term.args.map(of));
    switch (term.call) {
      case "+":
        return d(a) + d(b);
      case "-":
        return d(a) - d(b);
      case "neg":
        return -d(a);
      case "*":
        return scaled(a, () => x(b!)) + scaled(b, () => x(a!));
      case "/":
        return scaled(a, () => 1 / x(b!));
      case "maximum":
        return d(x(a!) >= x(b!) ? a : b);
      case "minimum":
        return d(x(a!) <= x(b!) ? a : b);
      case "where":
        return Number.isNaN(x(a!)) ? Number.NaN : d(x(a!) !== 0 ? b : c);
      case "zoneout": {
        const { p = Number.NaN } = term.settings;
        return (1 - p) * d(a) + p * d(b);
      }
      default:
        return scaled(a, () => slopeOf(term)(x(a!)));
    }
  });
}

/** Upper bounds of |∂term/∂past| along direct paths, whatever the terms are within `ranges`. */
export function mostFactors(
  step: Step,
  past: LeafTerm,
  ranges: readonly Interval[],
  passes: readonly boolean[],
): readonly number[] {
  const rangeOf = (t: Term): Interval => ranges[t.id]!;
  return fold<number>(step, (term, of) => {
    if (term === past) return 1;
    if (term.kind !== "apply" || !passes[term.id]) return 0;
    const [a, b] = term.args;
    const scaled = (t: Term, by: () => number) => (of(t) === 0 ? 0 : of(t) * by());
    switch (term.call) {
      case "+":
      case "-":
        return of(a!) + of(b!);
      case "*":
        return scaled(a!, () => largest(rangeOf(b!))) + scaled(b!, () => largest(rangeOf(a!)));
      case "/":
        return scaled(a!, () => 1 / smallest(rangeOf(b!)));
      default:
        return isFunction(term)
          ? scaled(a!, () => steepest(term, rangeOf(a!)))
          : Math.max(...term.args.map(of));
    }
  });
}

const furthest = (xs: readonly number[]): number =>
  xs.reduce((most, x) => (Math.abs(x) > Math.abs(most) ? x : most), 0);

/** What multiplies `past` on direct paths into `root`. */
export function factorsOn(step: Step, past: LeafTerm, root: Term): ReadonlySet<Term> {
  const passes = directly(step, past);
  const moving = containing(step, (t) => t === past);
  const factors = new Set<Term>();
  const seen = new Set<Term>();
  const queue = [root];
  for (let term = queue.pop(); term !== undefined; term = queue.pop()) {
    if (seen.has(term) || term.kind !== "apply" || !passes[term.id]) continue;
    seen.add(term);
    const [a, b] = term.args;
    if (term.call === "*" && passes[a!.id]) factors.add(b!);
    if (term.call === "*" && passes[b!.id]) factors.add(a!);
    queue.push(...carriers(term, moving));
  }
  return factors;
}
