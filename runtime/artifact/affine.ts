/** @file Affine forms of index expressions. In: an Expr. Out: constant + Σ coefficient · variable +
 *  Σ coefficient · size, or null where it is not affine. Never looks at data. */
import type { Expr, Extent } from "./kernel.ts";

/** `constant + Σ vars[i].by · var i + Σ sizes[s].by · s`; no coefficient is zero, no name comes twice. */
export interface Affine {
  readonly constant: number;
  readonly vars: ReadonlyMap<number, number>;
  readonly sizes: ReadonlyMap<string, number>;
}

const NONE: ReadonlyMap<string & number, number> = new Map<string & number, number>();

export function affine(expr: Expr): Affine | null {
  if ("lit" in expr) return constant(expr.lit);
  if ("var" in expr) return { constant: 0, vars: new Map([[expr.var, 1]]), sizes: NONE };
  if ("size" in expr) return { constant: 0, vars: NONE, sizes: new Map([[expr.size, 1]]) };
  if (!("call" in expr)) return null;
  const parts: Affine[] = [];
  for (const arg of expr.args) {
    const part = affine(arg);
    if (part === null) return null;
    parts.push(part);
  }
  const [a, b] = parts;
  if (a === undefined) return null;
  if (expr.call === "neg") return scale(a, -1);
  if (b === undefined) return null;
  switch (expr.call) {
    case "add":
      return plus(a, b);
    case "sub":
      return plus(a, scale(b, -1));
    case "mul":
      if (isConstant(a)) return scale(b, a.constant);
      return isConstant(b) ? scale(a, b.constant) : null;
    default:
      return null;
  }
}

export function constant(value: number): Affine {
  return { constant: value, vars: NONE, sizes: NONE };
}

export function ofExtent(extent: Extent): Affine {
  return typeof extent === "number"
    ? constant(extent)
    : { constant: 0, vars: NONE, sizes: new Map([[extent, 1]]) };
}

export function plus(a: Affine, b: Affine): Affine {
  return {
    constant: a.constant + b.constant,
    vars: addMaps(a.vars, b.vars),
    sizes: addMaps(a.sizes, b.sizes),
  };
}

export function scale(a: Affine, by: number): Affine {
  if (by === 0) return constant(0);
  if (by === 1) return a;
  const times = <K>(m: ReadonlyMap<K, number>): ReadonlyMap<K, number> => {
    if (m.size === 0) return m;
    const scaled = new Map<K, number>();
    for (const [k, v] of m) scaled.set(k, v * by);
    return scaled;
  };
  return { constant: a.constant * by, vars: times(a.vars), sizes: times(a.sizes) };
}

export function isConstant(a: Affine): boolean {
  return a.vars.size === 0 && a.sizes.size === 0;
}

function addMaps<K>(a: ReadonlyMap<K, number>, b: ReadonlyMap<K, number>): ReadonlyMap<K, number> {
  if (b.size === 0) return a;
  if (a.size === 0) return b;
  const sum = new Map(a);
  for (const [k, v] of b) {
    const next = (sum.get(k) ?? 0) + v;
    if (next === 0) sum.delete(k);
    else sum.set(k, next);
  }
  return sum;
}
