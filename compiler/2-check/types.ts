/** @file Types while checking. In: symbolic dims. Out: what a value is at one step of one sample, and
 *  the sequence it varies over. Never concrete; batch is never written. */
import { type Dim, equal, number, showDim } from "./dims.ts";

export type Shape = readonly Dim[];

export interface Type {
  /** The sequence that it has a value a step of; always null inside a cell, where a step is all. */
  readonly seq: string | null;
  readonly shape: Shape;
  /** Tokens 0 … of−1 where not null. */
  readonly of: Dim | null;
  /** What `.name` reaches, where a recurrent layer made it: `final`, outputs, `forward`, `backward`. */
  readonly parts?: Parts;
}

export type Parts = ReadonlyMap<string, Type | Parts>;

export const isType = (x: Type | Parts): x is Type => "shape" in x;

export const real = (shape: Shape, seq: string | null = null): Type => ({ seq, shape, of: null });
export const SCALAR: Type = real([]);

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => equal(d, b[i]!));

export const sameType = (a: Type, b: Type): boolean =>
  a.seq === b.seq &&
  sameShape(a.shape, b.shape) &&
  (a.of === null ? b.of === null : b.of !== null && equal(a.of, b.of));

const ONE = number(1);

/** The common shape of a and b aligned at the last axis, where an extent meets its like or 1; else null. */
export function broadcast(a: Shape, b: Shape): Shape | null {
  const rank = Math.max(a.length, b.length);
  const result: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[i - rank + a.length] ?? ONE;
    const y = b[i - rank + b.length] ?? ONE;
    if (!equal(x, y) && !equal(x, ONE) && !equal(y, ONE)) return null;
    result.push(equal(x, ONE) ? y : x);
  }
  return result;
}

/** `[H, D]`. */
export const showShape = (shape: Shape): string => `[${shape.map(showDim).join(", ")}]`;

/** As it would be declared: `[T, D]`, `[T] of V`. */
export function showType(type: Type): string {
  const dims = [...(type.seq === null ? [] : [type.seq]), ...type.shape.map(showDim)];
  return `[${dims.join(", ")}]${type.of === null ? "" : ` of ${showDim(type.of)}`}`;
}
