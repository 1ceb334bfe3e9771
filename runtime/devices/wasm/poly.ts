/** @file Whole numbers known up to sizes: Σ coefficient · product of symbols. In: extents. Out: the same
 *  numbers, comparable and computable. Never rounds. */
import type { Extent } from "../../artifact/kernel.ts";
import type { Sizes } from "../device.ts";

/** Coefficient by product of symbols, "" of none, "B*T" sorted; no coefficient is 0. */
export type Poly = ReadonlyMap<string, number>;

export const ZERO: Poly = new Map();
export const ONE: Poly = new Map([["", 1]]);

export function polyOf(extent: Extent): Poly {
  if (typeof extent === "string") return new Map([[extent, 1]]);
  return extent === 0 ? ZERO : new Map([["", extent]]);
}

export function plus(a: Poly, b: Poly): Poly {
  if (a.size === 0) return b;
  if (b.size === 0) return a;
  const sum = new Map(a);
  for (const [symbols, by] of b) put(sum, symbols, (sum.get(symbols) ?? 0) + by);
  return sum;
}

export function times(a: Poly, b: Poly): Poly {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === 1) return b;
  if (y === 1) return a;
  if (x !== null && y !== null) return polyOf(x * y);
  const product = new Map<string, number>();
  for (const [p, x] of a)
    for (const [q, y] of b) {
      const symbols = [...symbolsOf(p), ...symbolsOf(q)].sort().join("*");
      put(product, symbols, (product.get(symbols) ?? 0) + x * y);
    }
  return product;
}

export function scaled(a: Poly, by: number): Poly {
  return by === 1 ? a : times(a, polyOf(by));
}

/** a / symbol, where every term has it; else null. */
export function over(a: Poly, symbol: string): Poly | null {
  const quotient = new Map<string, number>();
  for (const [symbols, by] of a) {
    const list = symbolsOf(symbols);
    const at = list.indexOf(symbol);
    if (at < 0) return null;
    quotient.set(list.toSpliced(at, 1).join("*"), by);
  }
  return quotient;
}

/** The number, where it depends on no symbol; else null. */
export function numberOf(a: Poly): number | null {
  if (a.size === 0) return 0;
  return a.size === 1 ? (a.get("") ?? null) : null;
}

/** The number at these sizes. */
export function valueAt(a: Poly, sizes: Sizes): number {
  let sum = 0;
  for (const [symbols, by] of a)
    sum += symbolsOf(symbols).reduce((product, symbol) => product * sizes[symbol]!, by);
  return sum;
}

export function keyOf(a: Poly): string {
  const number = numberOf(a);
  if (number !== null) return number === 0 ? "" : `${number}`;
  return [...a]
    .map(([symbols, by]) => `${by}${symbols}`)
    .sort()
    .join("+");
}

export function samePoly(a: Poly, b: Poly): boolean {
  return a.size === b.size && [...a].every(([symbols, by]) => b.get(symbols) === by);
}

export function symbolsOf(product: string): readonly string[] {
  return product === "" ? [] : product.split("*");
}

function put(into: Map<string, number>, symbols: string, by: number): void {
  if (by === 0) into.delete(symbols);
  else into.set(symbols, by);
}
