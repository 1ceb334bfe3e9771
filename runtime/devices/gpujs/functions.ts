/** @file Scalar functions in statements of each dialect. In: a function of the kernel vocabulary and its
 *  arguments as atoms. Out: the atom of its value. Never overflows on the way to a finite limit, never
 *  turns NaN into a number.
 *
 *  `js` has the host's float64 functions. `wasm` calls out of the module for them, a lane at a time, and
 *  `gpu` has the hardware's, whose edges and errors differ from one driver to the next: tanh overflows, exp
 *  errs by 2 + |x| units in the last place, log is coarse near 1, pow is undefined at 0. So both have
 *  polynomials for exp and what is made of it, and `gpu` takes log and pow from the hardware inside (0, ∞). */
import type { BinaryFn, UnaryFn } from "../../artifact/kernel.ts";
import { type Atom, literal, type Writer } from "./writer.ts";

export type Dialect = "js" | "wasm" | "gpu";

export type Comparison = "lt" | "le" | "gt" | "ge" | "eq" | "ne";
export type Arithmetic = Exclude<BinaryFn, Comparison>;

export function unary(fn: UnaryFn, x: Atom, w: Writer, dialect: Dialect): Atom {
  switch (fn) {
    case "neg":
      return w.is`-${x}`;
    case "abs":
      return w.is`Math.abs(${x})`;
    case "sign":
      return w.is`${x} > 0 ? 1 : ${w.is`${x} < 0 ? -1 : ${x}`}`;
    case "floor":
      return w.is`Math.floor(${x})`;
    case "sqrt":
      return w.is`Math.sqrt(${x})`;
    case "exp":
      return dialect === "js" ? w.is`Math.exp(${x})` : exponential(x, w);
    case "expm1":
      return dialect === "js" ? w.is`Math.expm1(${x})` : expm1(x, w);
    case "log":
      return dialect === "gpu" ? logarithm(x, w) : w.is`Math.log(${x})`;
    case "log1p":
      return dialect === "gpu" ? log1p(x, w) : w.is`Math.log1p(${x})`;
    case "tanh":
      return dialect === "js" ? w.is`Math.tanh(${x})` : tanh(x, w);
    case "sigmoid":
      return dialect === "js" ? w.is`1 / (1 + Math.exp(-${x}))` : sigmoid(x, w);
    default:
      return absurd(fn);
  }
}

export function binary(fn: Arithmetic, a: Atom, b: Atom, w: Writer, dialect: Dialect): Atom {
  switch (fn) {
    case "add":
      return w.is`${a} + ${b}`;
    case "sub":
      return w.is`${a} - ${b}`;
    case "mul":
      return w.is`${a} * ${b}`;
    case "div":
      return w.is`${a} / ${b}`;
    case "max":
      if (dialect !== "gpu") return w.is`Math.max(${a}, ${b})`;
      return w.is`${b} > ${a} ? ${b} : ${w.is`${b} == ${b} ? ${a} : ${b}`}`;
    case "min":
      if (dialect !== "gpu") return w.is`Math.min(${a}, ${b})`;
      return w.is`${b} < ${a} ? ${b} : ${w.is`${b} == ${b} ? ${a} : ${b}`}`;
    case "pow":
      return dialect === "gpu" ? power(a, b, w) : w.is`Math.pow(${a}, ${b})`;
    default:
      return absurd(fn);
  }
}

/** x^n for whole n in [-8, 8], and x^0.5, by products and roots; null for other exponents. */
export function fixedPower(x: Atom, n: number, w: Writer): Atom | null {
  if (n === 0.5) return w.is`Math.sqrt(${x})`;
  if (!Number.isInteger(n) || Math.abs(n) > 8) return null;
  if (n === 0) return literal(1);
  let power = x;
  for (let i = 1; i < Math.abs(n); i++) power = w.is`${power} * ${x}`;
  return n < 0 ? w.is`1 / ${power}` : power;
}

/** `safe`, but x itself where x is NaN. By ==, for WGSL's != is false of NaN too. */
function keepNaN(x: Atom, safe: Atom, w: Writer): Atom {
  return w.is`${x} == ${x} ? ${safe} : ${x}`;
}

/**
 * tanh for |x| < 0.625 as x plus a polynomial (Cephes' tanhf), then 1 - 2/(e^(2|x|) + 1), whose error shrinks with
 * what is subtracted, so that 1 - tanh² is right where tanh is nearly 1: 1.5 units in the last place; exactly ±1
 * beyond 9.02, where float32 has nothing closer.
 */
function tanh(x: Atom, w: Writer): Atom {
  const a = w.is`Math.abs(${x})`;
  const s = w.is`${x} * ${x}`;
  const t1 = w.is`${s} * -0.00570498872745 + 0.0206390887954`;
  const t2 = w.is`${s} * ${t1} + -0.0537397155531`;
  const t3 = w.is`${s} * ${t2} + 0.133314422036`;
  const t4 = w.is`${s} * ${t3} + -0.333332819422`;
  const near = w.is`${x} * ${s} * ${t4} + ${x}`;
  const e = growth(w.is`2 * Math.min(${a}, 9.5)`, w, 16);
  const size = w.is`1 - 2 / (${e} + 1)`;
  const far = w.is`${x} < 0 ? ${w.is`-${size}`} : ${size}`;
  return keepNaN(x, w.is`${a} < 0.625 ? ${near} : ${far}`, w);
}

/** 1/(1 + e^-x) from e^-|x|, which cannot overflow: relative error stays small for x ≪ 0. */
function sigmoid(x: Atom, w: Writer): Atom {
  const a = w.is`Math.abs(${x})`;
  const e = w.is`1 / ${growth(a, w)}`;
  const d = w.is`1 / (1 + ${e})`;
  return keepNaN(x, w.is`${x} < 0 ? ${w.is`${e} * ${d}`} : ${d}`, w);
}

function exponential(x: Atom, w: Writer): Atom {
  const e = growth(w.is`Math.abs(${x})`, w);
  return keepNaN(x, w.is`${x} < 0 ? ${w.is`1 / ${e}`} : ${e}`, w);
}

/**
 * e^a for a ≥ 0: 2^k e^r with |r| ≤ ln 2 / 2, e^r by Cephes' expf polynomial (relative error 1e-7),
 * 2^k by its bits, the highest of which is `top`: k < 2 top. Infinity from 88.73 on; NaN is the caller's.
 */
function growth(a: Atom, w: Writer, top = 64): Atom {
  const x = w.is`Math.min(${a}, 89)`;
  let k = w.is`Math.floor(${x} * 1.44269504088896341 + 0.5)`;
  const r = w.is`${x} - ${k} * 0.693359375 + ${k} * 0.000212194440`;
  const p1 = w.is`${r} * 0.00019875691500 + 0.0013981999507`;
  const p2 = w.is`${r} * ${p1} + 0.0083334519073`;
  const p3 = w.is`${r} * ${p2} + 0.041665795894`;
  const p4 = w.is`${r} * ${p3} + 0.16666665459`;
  const p5 = w.is`${r} * ${p4} + 0.50000001201`;
  let p = w.is`${r} * ${r} * ${p5} + ${r} + 1`;
  // 128 is twice 64: 2^128 itself is no float32.
  const bits = top === 64 ? [64, 64] : [top];
  for (let bit = top / 2; bit >= 1; bit /= 2) bits.push(bit);
  for (const bit of bits) {
    const at = literal(bit);
    const scaled = w.is`${p} * ${literal(2 ** bit)}`;
    p = w.is`${k} >= ${at} ? ${scaled} : ${p}`;
    k = w.is`${k} >= ${at} ? ${w.is`${k} - ${at}`} : ${k}`;
  }
  return p;
}

/** e^x - 1: Taylor's series to x^9 for |x| < 0.5, where the difference would cancel. */
function expm1(x: Atom, w: Writer): Atom {
  let series = literal(1);
  for (let n = 9; n >= 2; n--) series = w.is`1 + ${x} * ${series} / ${literal(n)}`;
  const near = w.is`${x} * ${series}`;
  const far = w.is`${exponential(x, w)} - 1`;
  return keepNaN(x, w.is`Math.abs(${x}) < 0.5 ? ${near} : ${far}`, w);
}

/** log(1 + x): 2 artanh(x / (2 + x)) for |x| < 0.35, where 1 + x would round x away. */
function log1p(x: Atom, w: Writer): Atom {
  const near = artanh2(w.is`${x} / (2 + ${x})`, w);
  const far = hardwareLog(w.is`1 + ${x}`, w);
  return keepNaN(x, w.is`Math.abs(${x}) < 0.35 ? ${near} : ${far}`, w);
}

/** log x: 2 artanh((x - 1)/(x + 1)) for |x - 1| < 0.35, where drivers promise an absolute error only. */
function logarithm(x: Atom, w: Writer): Atom {
  const d = w.is`${x} - 1`;
  const near = artanh2(w.is`${d} / (${x} + 1)`, w);
  const far = hardwareLog(x, w);
  return keepNaN(x, w.is`Math.abs(${d}) < 0.35 ? ${near} : ${far}`, w);
}

/** The hardware's log, which is anything outside (0, ∞): -∞, NaN (as the square root is) and ∞ there. */
function hardwareLog(x: Atom, w: Writer): Atom {
  const finite = w.is`${x} > 3.4028234e38 ? ${x} : ${w.is`Math.log(${x})`}`;
  const positive = w.is`${x} == 0 ? ${w.is`-1 / Math.abs(${x})`} : ${finite}`;
  return w.is`${x} < 0 ? ${w.is`Math.sqrt(${x})`} : ${positive}`;
}

/** 2 artanh s = 2 (s + s³/3 + s⁵/5 + …) to s¹³, for |s| < 0.22: error below 1e-10. */
function artanh2(s: Atom, w: Writer): Atom {
  const q = w.is`${s} * ${s}`;
  let series = literal(1 / 13);
  for (let n = 11; n >= 1; n -= 2) series = w.is`${q} * ${series} + ${literal(1 / n)}`;
  return w.is`2 * ${s} * ${series}`;
}

/** a^b for a ≥ 0 or whole b; the hardware's pow takes positive bases only. */
function power(a: Atom, b: Atom, w: Writer): Atom {
  const m = w.is`Math.abs(${a})`;
  const positive = w.is`Math.pow(${m}, ${b})`;
  const atZero = w.is`${b} > 0 ? 0 : ${w.is`1 / ${m}`}`;
  const size = w.is`${m} == 0 ? ${atZero} : ${positive}`;
  const half = w.is`Math.floor(${b} / 2 + 0.25)`;
  const odd = w.is`${b} - 2 * ${half}`;
  const negative = w.is`${a} < 0 ? -1 : 1`;
  const sign = w.is`Math.abs(${odd}) == 1 ? ${negative} : 1`;
  const value = w.is`${b} == 0 ? 1 : ${w.is`${size} * ${sign}`}`;
  return keepNaN(a, keepNaN(b, value, w), w);
}

function absurd(fn: never): never {
  throw new RangeError(`unknown function ${String(fn)}`);
}
