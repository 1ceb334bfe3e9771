/** @file Proves that an affine index stays inside its axis. In: affine forms, the extents of loop
 *  variables, what enclosing selects assert. Out: proven or not. Never proves what may be false;
 *  every symbol is taken to be at least 1. */
import { type Affine, affine, constant, isConstant, ofExtent, plus, scale } from "./affine.ts";
import type { Expr, Extent } from "./kernel.ts";

/** What holds where an expression is evaluated: every form of `facts` is ≥ 0. */
export interface Known {
  /** Extent of each loop variable in scope. */
  readonly extents: ReadonlyMap<number, Extent>;
  readonly facts: readonly Affine[];
  /** Some condition on the way depends on data, so that no proof is asked for. */
  readonly opaque: boolean;
}

/** 0 ≤ index < extent? */
export function inRange(index: Affine, extent: Extent, known: Known): boolean {
  const last = plus(ofExtent(extent), plus(constant(-1), scale(index, -1)));
  return atLeastZero(index, known) && atLeastZero(last, known);
}

/** What holds on the side of a select where `condition` is true, or false. */
export function given(condition: Expr, holds: boolean, known: Known): Known {
  if (!("call" in condition)) return { ...known, opaque: true };
  const [a, b] = condition.args;
  if (a === undefined || b === undefined) return { ...known, opaque: true };
  switch (condition.call) {
    case "mul":
    case "min":
      return holds ? given(b, true, given(a, true, known)) : { ...known, opaque: true };
    case "max":
      return holds ? { ...known, opaque: true } : given(b, false, given(a, false, known));
    case "sub":
      return "lit" in a && a.lit === 1 ? given(b, !holds, known) : { ...known, opaque: true };
    case "lt":
      return order(holds ? [a, b, 1] : [b, a, 0], known);
    case "le":
      return order(holds ? [a, b, 0] : [b, a, 1], known);
    case "gt":
      return order(holds ? [b, a, 1] : [a, b, 0], known);
    case "ge":
      return order(holds ? [b, a, 0] : [a, b, 1], known);
    case "eq":
      return holds ? equal(a, b, known) : unequal(a, b, known);
    case "ne":
      return holds ? unequal(a, b, known) : equal(a, b, known);
    default:
      return { ...known, opaque: true };
  }
}

function order([low, high, gap]: readonly [Expr, Expr, number], known: Known): Known {
  const form = difference(high, low);
  if (form === null) return { ...known, opaque: true };
  return { ...known, facts: [...known.facts, plus(form, constant(-gap))] };
}

function equal(a: Expr, b: Expr, known: Known): Known {
  return order([b, a, 0], order([a, b, 0], known));
}

/** a ≠ b tells something only where one of a ≥ b, b ≥ a is known. */
function unequal(a: Expr, b: Expr, known: Known): Known {
  const form = difference(a, b);
  if (form === null) return { ...known, opaque: true };
  const above = [form, scale(form, -1)].find((side) => atLeastZero(side, known));
  return above === undefined
    ? known
    : { ...known, facts: [...known.facts, plus(above, constant(-1))] };
}

/** a − b, where it is affine with whole coefficients. */
function difference(a: Expr, b: Expr): Affine | null {
  const [x, y] = [affine(a), affine(b)];
  if (x === null || y === null) return null;
  const form = plus(x, scale(y, -1));
  const whole = [form.constant, ...form.vars.values(), ...form.sizes.values()].every(
    Number.isInteger,
  );
  return whole ? form : null;
}

function atLeastZero(form: Affine, known: Known): boolean {
  return (
    lowIsAtLeastZero(form, known) ||
    known.facts.some((fact) => lowIsAtLeastZero(plus(form, scale(fact, -1)), known))
  );
}

/** The least value of `form` over its variables is ≥ 0 for all sizes ≥ 1. */
function lowIsAtLeastZero(form: Affine, { extents }: Known): boolean {
  let low: Affine = { ...form, vars: constant(0).vars };
  for (const [v, by] of form.vars) {
    const extent = extents.get(v);
    if (extent === undefined) return false;
    if (by < 0) low = plus(low, scale(plus(ofExtent(extent), constant(-1)), by));
  }
  if (isConstant(low)) return low.constant >= 0;
  let least = low.constant;
  for (const by of low.sizes.values()) {
    if (by < 0) return false;
    least += by;
  }
  return least >= 0;
}
