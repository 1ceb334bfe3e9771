/** @file What one step of a cell computes, as terms. In: nothing. Out: the type of a graph in which equal
 *  expressions are one term. Never sizes: elementwise, a term stands for any one of its elements. */
import type { Expr } from "../../grammar/ast.ts";

/** What a leaf is. `past` is a state some steps back, `name` an equation that is not looked into. */
export type LeafKind = "input" | "memory" | "param" | "past" | "name" | "const" | "dim";

interface Base {
  /** Its place in `Step.all`; arguments stand before it. */
  readonly id: number;
}

export interface NumberTerm extends Base {
  readonly kind: "number";
  readonly value: number;
}

export interface LeafTerm extends Base {
  readonly kind: "leaf";
  readonly of: LeafKind;
  readonly name: string;
  /** Steps back; 0 for all but `past`. */
  readonly lag: number;
}

export interface ApplyTerm extends Base {
  readonly kind: "apply";
  /** As written in a spec: `+`, `@`, `tanh`; `neg` for a minus in front. */
  readonly call: string;
  readonly args: readonly Term[];
  /** Settings that are numbers; what depends on the sizes of a `fn` is not here. */
  readonly settings: Readonly<Record<string, number>>;
}

export type Term = NumberTerm | LeafTerm | ApplyTerm;

/** One step of a cell, its `fn`s written out. */
export interface Step {
  /** Every term, arguments first. */
  readonly all: readonly Term[];
  /** What each equation computes, by its name. */
  readonly values: ReadonlyMap<string, Term>;
  /** What states hold before the first step; absent where that is trained. */
  readonly initial: ReadonlyMap<string, Term>;
  /** The term of an expression that an equation contains. */
  readonly termOf: (e: Expr) => Term | undefined;
}

/** One value a term, arguments first. */
export function fold<V>(step: Step, f: (term: Term, of: (t: Term) => V) => V): readonly V[] {
  const values: V[] = [];
  for (const term of step.all) values.push(f(term, (t) => values[t.id]!));
  return values;
}

/** For each term: is, or contains, one that `f` holds of. */
export function containing(step: Step, f: (term: Term) => boolean): readonly boolean[] {
  return fold<boolean>(
    step,
    (term, of) => f(term) || (term.kind === "apply" && term.args.some(of)),
  );
}

export const isPast = (term: Term): boolean => term.kind === "leaf" && term.of === "past";

/** Does it change from step to step by itself? */
export const isTimed = (term: Term): boolean =>
  term.kind === "leaf" && (term.of === "input" || term.of === "past");

/** The terms that `root` is made of, itself first. */
export function within(root: Term): ReadonlySet<Term> {
  const seen = new Set<Term>();
  const queue = [root];
  for (let term = queue.pop(); term !== undefined; term = queue.pop()) {
    if (seen.has(term)) continue;
    seen.add(term);
    if (term.kind === "apply") queue.push(...term.args);
  }
  return seen;
}
