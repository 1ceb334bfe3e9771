/** @file Short names for building kernels by hand. In: numbers. Out: Exprs. */
import type { Expr, ScalarFn } from "../../runtime/artifact/kernel.ts";

export const lit = (value: number): Expr => ({ lit: value });
export const v = (index: number): Expr => ({ var: index });
export const size = (symbol: string): Expr => ({ size: symbol });
export const red = (index: number): Expr => ({ red: index });
export const load = (buffer: number, ...at: readonly Expr[]): Expr => ({ load: buffer, at });
export const call = (fn: ScalarFn, ...args: readonly Expr[]): Expr => ({ call: fn, args });
export const add = (a: Expr, ...rest: readonly Expr[]): Expr =>
  rest.reduce((sum, b) => call("add", sum, b), a);
export const sub = (a: Expr, b: Expr): Expr => call("sub", a, b);
export const mul = (a: Expr, b: Expr): Expr => call("mul", a, b);
export const select = (c: Expr, a: Expr, b: Expr): Expr => call("select", c, a, b);
