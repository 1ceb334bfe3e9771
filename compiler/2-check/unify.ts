/** @file Finding the values of dims. In: shapes that a fn or cell declares, in its own dims, and the
 *  shapes it is given. Out: its dims in the caller's, or where they disagree. */
import { type Dim, equal, mayBeSize, namesOf, showDim, solve, substitute } from "./dims.ts";
import type { Shape } from "./types.ts";

/** Values of the pattern's own dims, in the dims of the caller. */
export type Bindings = Map<string, Dim>;

/** Why a shape does not fit: its axis (null: its rank), and the pattern with what is bound replaced. */
export interface Disagreement {
  readonly axis: number | null;
  readonly wanted: string;
}

/**
 * Binds `own` dims so that `pattern` becomes `given`: axis by axis, each for at most one unknown in
 * a·unknown + b. An axis that has two unknowns is left for later pairs; `fits` says whether it came out.
 */
export function unify(
  pattern: Shape,
  given: Shape,
  own: ReadonlySet<string>,
  bindings: Bindings,
): Disagreement | null {
  if (pattern.length !== given.length) return { axis: null, wanted: show(pattern, bindings) };
  for (const [axis, p] of pattern.entries()) {
    const known = substitute(p, bindings);
    const unknown = namesOf(p).filter((n) => own.has(n) && !bindings.has(n));
    if (known === null || unknown.length > 1) continue;
    const [name] = unknown;
    const value = name === undefined ? null : solve(fresh(p, name, bindings), FRESH, given[axis]!);
    if (name !== undefined && value !== null && mayBeSize(value)) bindings.set(name, value);
    else if (name !== undefined || !equal(known, given[axis]!)) {
      return { axis, wanted: show(pattern, bindings) };
    }
  }
  return null;
}

/** `pattern` in the caller's dims, or the names that nothing has bound. */
export function resolve(
  pattern: Shape,
  own: ReadonlySet<string>,
  bindings: Bindings,
): { readonly shape: Shape } | { readonly unbound: readonly string[] } {
  const unbound = pattern.flatMap(namesOf).filter((n) => own.has(n) && !bindings.has(n));
  if (unbound.length > 0) return { unbound: [...new Set(unbound)] };
  const shape = pattern.map((d) => substitute(d, bindings));
  const known = shape.filter((d) => d !== null);
  return known.length === shape.length ? { shape: known } : { unbound: [] };
}

/** A name no user can write: the unknown, kept apart from a like-named dim of the caller. */
const FRESH = "?";

/** p with `name` as the unknown and all else in the caller's dims. */
function fresh(p: Dim, name: string, bindings: Bindings): Dim {
  return substitute(p, new Map([...bindings, [name, UNKNOWN]])) ?? p;
}
const UNKNOWN: Dim = { terms: [{ num: 1, den: 1, powers: [[FRESH, 1]] }] };

const show = (pattern: Shape, bindings: Bindings): string =>
  `[${pattern.map((d) => showDim(substitute(d, bindings) ?? d)).join(", ")}]`;
