/** @file Reductions as closures. In: a Reduction and its scope. Out: `() => number`, with sums of
 *  products of two loads (or of one load) as loops over the arrays. Never reorders a sum. */
import type { Expr, Reduction } from "../../artifact/kernel.ts";
import { type FlatLoad, type Scope, type Thunk, evaluate, flatLoad } from "./evaluate.ts";

/** The reduction's value at the current loop variables; it leaves its own variables changed. */
export function reduction(red: Reduction, scope: Scope): Thunk {
  const own = red.vars.map((v) => scope.slots[v]!);
  const extents = own.map((slot) => scope.limits[slot]!);
  const product = red.kind === "sum" ? flatProduct(red.of, scope) : null;
  if (product !== null && own.length > 0) return sumOfProducts(own, extents, product, scope.vars);
  return general(red.kind, own, extents, evaluate(red.of, scope), scope.vars);
}

interface Product {
  readonly a: FlatLoad;
  /** null: a alone. */
  readonly b: FlatLoad | null;
}

function flatProduct(of: Expr, scope: Scope): Product | null {
  if ("load" in of) {
    const a = flatLoad(of, scope);
    return a === null ? null : { a, b: null };
  }
  if (!("call" in of) || of.call !== "mul") return null;
  const [x, y] = of.args;
  if (x === undefined || y === undefined || !("load" in x) || !("load" in y)) return null;
  const a = flatLoad(x, scope);
  const b = flatLoad(y, scope);
  return a === null || b === null ? null : { a, b };
}

/** Σ a·b with the last variable as the inner loop. */
function sumOfProducts(
  own: readonly number[],
  extents: readonly number[],
  { a, b }: Product,
  vars: number[],
): Thunk {
  const inner = own[own.length - 1]!;
  const n = extents[extents.length - 1]!;
  const outer = own.slice(0, -1);
  const outerExtents = extents.slice(0, -1);
  const rows = outerExtents.reduce((p, e) => p * e, 1);
  const aStep = a.terms.find((t) => t.slot === inner)?.by ?? 0;
  const bStep = b?.terms.find((t) => t.slot === inner)?.by ?? 0;
  const aRest = a.terms.filter((t) => t.slot !== inner);
  const bRest = b?.terms.filter((t) => t.slot !== inner) ?? [];
  const aData = a.data;
  const bData = b?.data ?? null;
  const bBase = b?.base ?? 0;
  return () => {
    for (const v of outer) vars[v] = 0;
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      let i = a.base;
      for (let k = 0; k < aRest.length; k++) i += aRest[k]!.by * vars[aRest[k]!.slot]!;
      let j = bBase;
      for (let k = 0; k < bRest.length; k++) j += bRest[k]!.by * vars[bRest[k]!.slot]!;
      if (bData === null) {
        for (let k = 0; k < n; k++, i += aStep) sum += aData[i]!;
      } else {
        for (let k = 0; k < n; k++, i += aStep, j += bStep) sum += aData[i]! * bData[j]!;
      }
      advance(outer, outerExtents, vars);
    }
    return sum;
  };
}

function general(
  kind: Reduction["kind"],
  own: readonly number[],
  extents: readonly number[],
  of: Thunk,
  vars: number[],
): Thunk {
  const count = extents.reduce((p, e) => p * e, 1);
  const start = kind === "sum" ? 0 : kind === "max" ? -Infinity : Infinity;
  return () => {
    for (const v of own) vars[v] = 0;
    let acc = start;
    for (let i = 0; i < count; i++) {
      const x = of();
      if (kind === "sum") acc += x;
      else acc = kind === "max" ? Math.max(acc, x) : Math.min(acc, x);
      advance(own, extents, vars);
    }
    return acc;
  };
}

/** The next index in row-major order. */
function advance(own: readonly number[], extents: readonly number[], vars: number[]): void {
  for (let k = own.length - 1; k >= 0; k--) {
    const v = own[k]!;
    const next = vars[v]! + 1;
    if (next < extents[k]!) {
      vars[v] = next;
      return;
    }
    vars[v] = 0;
  }
}
