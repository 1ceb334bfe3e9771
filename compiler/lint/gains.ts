/** @file How much of a gradient can pass one step. In: a cell as it starts. Out: an upper bound of
 *  ‖∂term/∂past‖₂ for each term and each earlier value of a state. Never below the truth, matrices aside,
 *  whose norms are what is expected of their initialisers. */
import { largest, smallest } from "../ops/interval.ts";
import { isFunction, keepsValue, MOVES, steepest } from "./calls.ts";
import { matrixSize } from "./starts.ts";
import type { Subject } from "./subject.ts";
import { type ApplyTerm, fold, type LeafTerm, type Term } from "./term.ts";

/**
 * Sums add, choices take the larger; a b has sup|a| ‖∂b‖ + sup|b| ‖∂a‖, f(a) has sup|f′| ‖∂a‖, W a has
 * ‖W‖ ‖∂a‖. A parameter that stands as a factor counts as it starts; everything else has the bounds that
 * hold whatever parameters are. Infinite for what has no such rule.
 */
export function gainsOf(subject: Subject, past: LeafTerm): readonly number[] {
  const { step, ranges } = subject;
  const norms = normsOf(subject);
  const most = (t: Term): number => {
    const start = t.kind === "leaf" && t.of === "param" ? subject.params.get(t.name) : undefined;
    if (start !== undefined && start.shape.length < 2)
      return matrixSize(start.initialiser, start.shape).norm;
    return largest(ranges[t.id]!);
  };
  return fold<number>(step, (term, of) => {
    if (term === past) return 1;
    if (term.kind !== "apply") return 0;
    const gains = term.args.map(of);
    const [x = 0, y = 0, z = 0] = gains;
    if (gains.every((g) => g === 0)) return 0;
    const [a, b] = term.args;
    if (MOVES.has(term.call)) return term.call === "dropout" ? x / (1 - (term.settings.p ?? 1)) : x;
    switch (term.call) {
      case "+":
      case "-":
        return x + y;
      case "neg":
        return x;
      case "concat":
        return Math.hypot(...gains);
      case "maximum":
      case "minimum":
      case "zoneout":
        return Math.max(x, y);
      case "where":
        return Math.max(y, z);
      case "*":
        return times(most(a!), y) + times(most(b!), x);
      case "/": {
        const least = smallest(ranges[b!.id]!);
        if (least === 0) return Number.POSITIVE_INFINITY;
        return x / least + times(most(a!) / least ** 2, y);
      }
      case "@":
        return x === 0 ? times(norms[a!.id]!, y) : Number.POSITIVE_INFINITY;
      default:
        return isFunction(term) ? times(slope(term, subject), x) : Number.POSITIVE_INFINITY;
    }
  });
}

const slope = (f: ApplyTerm, { ranges }: Subject): number => steepest(f, ranges[f.args[0]!.id]!);

/** 0 times anything is 0: a path that is not there. */
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);

/** About ‖·‖₂ of the terms that are made of matrix parameters alone; infinite for others. */
function normsOf({ step, params }: Subject): readonly number[] {
  return fold<number>(step, (term, of) => {
    if (term.kind === "leaf") {
      const start = term.of === "param" ? params.get(term.name) : undefined;
      if (start?.shape.length !== 2) return Number.POSITIVE_INFINITY;
      return matrixSize(start.initialiser, start.shape).norm;
    }
    if (term.kind === "number") return Number.POSITIVE_INFINITY;
    const [a, b] = term.args;
    if (MOVES.has(term.call) || term.call === "neg" || keepsValue(term)) return of(a!);
    if (term.call === "+" || term.call === "-") return of(a!) + of(b!);
    if (term.call !== "*") return Number.POSITIVE_INFINITY;
    if (a?.kind === "number") return Math.abs(a.value) * of(b!);
    return b?.kind === "number" ? Math.abs(b.value) * of(a!) : Number.POSITIVE_INFINITY;
  });
}
