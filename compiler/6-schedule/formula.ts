/** @file Polynomials in run-time sizes. In: extents. Out: sums, products and text of them. Never a
 *  number: sizes are known only when a program runs (see `at`). */
import type { Extent } from "../../runtime/artifact/kernel.ts";

/** Coefficient by product of symbols in order: "" for none, "B·T" for both. No coefficient is 0. */
export type Formula = ReadonlyMap<string, number>;

export const ZERO: Formula = new Map();

export function constant(value: number): Formula {
  return value === 0 ? ZERO : new Map([["", value]]);
}

export function plus(a: Formula, b: Formula): Formula {
  const sum = new Map(a);
  for (const [symbols, n] of b) sum.set(symbols, (sum.get(symbols) ?? 0) + n);
  return sum;
}

/** f times the product of `extents`. */
export function times(f: Formula, extents: readonly Extent[]): Formula {
  const number = extents.reduce((n: number, e) => (typeof e === "number" ? n * e : n), 1);
  const symbols = extents.filter((e) => typeof e === "string");
  const key = (old: string) => [...(old === "" ? [] : old.split("·")), ...symbols].sort().join("·");
  return new Map([...f].map(([old, n]) => [key(old), n * number]));
}

export function product(f: Formula, g: Formula): Formula {
  return [...g]
    .map(([key, n]) => times(f, [n, ...(key === "" ? [] : key.split("·"))]))
    .reduce(plus, ZERO);
}

/** The value at given sizes; a symbol without a size counts as 1. */
export function at(f: Formula, sizes: Readonly<Record<string, number>>): number {
  const product = (symbols: string) =>
    symbols === "" ? 1 : symbols.split("·").reduce((n, s) => n * (sizes[s] ?? 1), 1);
  return [...f].reduce((sum, [symbols, n]) => sum + n * product(symbols), 0);
}

/** `512·B + 3`; the longest products first. */
export function text(f: Formula): string {
  const terms = [...f].sort(([a], [b]) => b.length - a.length || (a < b ? -1 : 1));
  const term = ([symbols, n]: readonly [string, number]) => {
    const number = String(Math.round(n * 100) / 100);
    return symbols === "" ? number : `${number}·${symbols}`;
  };
  return terms.length === 0 ? "0" : terms.map(term).join(" + ");
}
