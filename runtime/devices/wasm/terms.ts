/** @file Expressions before code: variables replaced, selects decided, addresses as linear forms. In:
 *  Exprs of a kernel, extents. Out: simpler Exprs, streams. Never proves what may be false. */
import { type Affine, affine, ofExtent, plus as plusAffine, scale } from "../../artifact/affine.ts";
import { type Known, inRange } from "../../artifact/in-range.ts";
import type { Buffer, Expr, Extent } from "../../artifact/kernel.ts";
import { ONE, type Poly, plus, polyOf, scaled, times, ZERO } from "./poly.ts";

export type LoadExpr = Extract<Expr, { readonly load: number }>;
export type Extents = ReadonlyMap<number, Extent>;

/** The address base + Σ coefficient · variable, in elements of a buffer. */
export interface Stream {
  readonly buffer: number;
  readonly base: Poly;
  readonly by: ReadonlyMap<number, Poly>;
  /** Where the buffer is packed in panels: blocks of one axis, which lie `by` apart. */
  readonly panel: PanelShape | null;
}

export interface PanelShape {
  /** The variable whose values lie side by side, `width` of them to a panel. */
  readonly v: number;
  readonly width: number;
  /** Elements of one panel. */
  readonly size: Poly;
}

/** What of a load is proven to lie inside its axes, and the axes that are not. */
export interface Address {
  readonly stream: Stream;
  /** The index of each other axis, and its stride: to be clamped to [0, extent). */
  readonly loose: readonly { readonly index: Expr; readonly extent: Poly; readonly stride: Poly }[];
}

export function addressOf(load: LoadExpr, buffers: readonly Buffer[], known: Known): Address {
  const shape = buffers[load.load]!.shape;
  const loose: { index: Expr; extent: Poly; stride: Poly }[] = [];
  let base: Poly = ZERO;
  const by = new Map<number, Poly>();
  let stride: Poly = ONE;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const index = load.at[axis]!;
    const extent = shape[axis]!;
    const form = wholeAffine(index);
    if (form !== null && inRange(form, extent, known)) {
      base = plus(base, times(stride, offsetOf(form)));
      for (const [v, c] of form.vars) by.set(v, plus(by.get(v) ?? ZERO, scaled(stride, c)));
    } else loose.push({ index, extent: polyOf(extent), stride });
    stride = times(stride, polyOf(extent));
  }
  for (const [v, c] of by) if (c.size === 0) by.delete(v);
  return { stream: { buffer: load.load, base, by, panel: null }, loose };
}

/** The affine form, where all of its coefficients are whole. */
export function wholeAffine(expr: Expr): Affine | null {
  const form = affine(expr);
  if (form === null) return null;
  const all = [form.constant, ...form.vars.values(), ...form.sizes.values()];
  return all.every(Number.isInteger) ? form : null;
}

/** The part of the form that no variable is in. */
export function offsetOf(form: Affine): Poly {
  let sum = polyOf(form.constant);
  for (const [symbol, c] of form.sizes) sum = plus(sum, scaled(polyOf(symbol), c));
  return sum;
}

/** The expression with variables replaced. */
export function substitute(expr: Expr, by: ReadonlyMap<number, Expr>): Expr {
  if (by.size === 0 || "lit" in expr || "size" in expr || "red" in expr) return expr;
  if ("var" in expr) return by.get(expr.var) ?? expr;
  if ("load" in expr) return { load: expr.load, at: expr.at.map((e) => substitute(e, by)) };
  return { call: expr.call, args: expr.args.map((e) => substitute(e, by)) };
}

/** The expression without selects whose condition is the same for all indices. */
export function prune(expr: Expr, extents: Extents): Expr {
  if ("load" in expr) return { load: expr.load, at: expr.at.map((e) => prune(e, extents)) };
  if (!("call" in expr)) return expr;
  if (expr.call === "select") {
    const [condition, a, b] = expr.args;
    const truth = decide(condition!, extents);
    if (truth !== null) return prune(truth ? a! : b!, extents);
  }
  return { call: expr.call, args: expr.args.map((e) => prune(e, extents)) };
}

/** Whether a condition holds for every index, for none (false), or neither is known (null). */
function decide(condition: Expr, extents: Extents): boolean | null {
  if (!("call" in condition)) return null;
  const [a, b] = condition.args;
  if (a === undefined || b === undefined) return null;
  const sides = (): readonly [boolean | null, boolean | null] => [
    decide(a, extents),
    decide(b, extents),
  ];
  switch (condition.call) {
    case "mul":
    case "min": {
      const [x, y] = sides();
      if (x === false || y === false) return false;
      return x === true && y === true ? true : null;
    }
    case "max": {
      const [x, y] = sides();
      if (x === true || y === true) return true;
      return x === false && y === false ? false : null;
    }
    case "lt":
      return ordered(a, b, 1, extents);
    case "le":
      return ordered(a, b, 0, extents);
    case "gt":
      return ordered(b, a, 1, extents);
    case "ge":
      return ordered(b, a, 0, extents);
    case "eq":
    case "ne": {
      const apart = ordered(a, b, 1, extents) === true || ordered(b, a, 1, extents) === true;
      return apart ? condition.call === "ne" : null;
    }
    default:
      return null;
  }
}

/** low + gap ≤ high, always or never? */
function ordered(low: Expr, high: Expr, gap: number, extents: Extents): boolean | null {
  const form = difference(high, low);
  if (form === null) return null;
  const less = { ...form, constant: form.constant - gap };
  if (atLeastZero(less, extents)) return true;
  const negative = scale(less, -1);
  return atLeastZero({ ...negative, constant: negative.constant - 1 }, extents) ? false : null;
}

/** a − b, where it is affine with whole coefficients. */
export function difference(a: Expr, b: Expr): Affine | null {
  const [x, y] = [wholeAffine(a), wholeAffine(b)];
  return x === null || y === null ? null : plusAffine(x, scale(y, -1));
}

/** The least value over all indices is ≥ 0 for all sizes ≥ 1. */
function atLeastZero(form: Affine, extents: Extents): boolean {
  let low: Affine = { ...form, vars: new Map<number, number>() };
  for (const [v, by] of form.vars) {
    const extent = extents.get(v);
    if (extent === undefined) return false;
    if (by > 0) continue;
    const last = plusAffine(ofExtent(extent), { ...low, constant: -1, sizes: new Map() });
    low = plusAffine(low, scale(last, by));
  }
  let least = low.constant;
  for (const by of low.sizes.values()) {
    if (by < 0) return false;
    least += by;
  }
  return least >= 0;
}

/** Calls `see` with every part of the expression; `guarded` inside the arms of a select. */
export function walk(
  expr: Expr,
  see: (part: Expr, guarded: boolean) => void,
  guarded: boolean = false,
): void {
  see(expr, guarded);
  if ("load" in expr) for (const e of expr.at) walk(e, see, guarded);
  if (!("call" in expr)) return;
  for (const [i, e] of expr.args.entries())
    walk(e, see, guarded || (expr.call === "select" && i > 0));
}
