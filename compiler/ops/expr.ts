/** @file Building kernel expressions. In: expressions. Out: expressions of the closed vocabulary.
 *  Never simplifies. An expression used twice is one object, so that a printer may share it. */
import type { BinaryFn, Expr, ScalarFn, UnaryFn } from "../../runtime/artifact/kernel.ts";

export const lit = (value: number): Expr => ({ lit: value });

/** A call of the vocabulary; numbers stand for literals. */
export function call(fn: UnaryFn, x: Expr | number): Expr;
export function call(fn: BinaryFn, x: Expr | number, y: Expr | number): Expr;
export function call(fn: "select", c: Expr, a: Expr | number, b: Expr | number): Expr;
export function call(fn: ScalarFn, ...args: readonly (Expr | number)[]): Expr {
  return { call: fn, args: args.map((a) => (typeof a === "number" ? lit(a) : a)) };
}

/** a where `c` is not 0, else b; the other side is not evaluated. */
export const select = (c: Expr, a: Expr | number, b: Expr | number): Expr =>
  call("select", c, a, b);
