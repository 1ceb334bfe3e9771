/** @file The logistic function, shared by the ops built on it. In: a real. Out: [0, 1]. Never overflows. */
import type { Expr } from "../../runtime/artifact/kernel.ts";
import { call } from "./expr.ts";

/** 1 / (1 + e^-x), by the form whose exponential is at most 1. */
export function logistic(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/** log(1 + e^x) = max(x, 0) + log1p(e^-|x|). */
export function softplusOf(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

export function softplusCode(x: Expr): Expr {
  return call("add", call("max", x, 0), call("log1p", call("exp", call("neg", call("abs", x)))));
}
