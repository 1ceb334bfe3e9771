/** @file exp, expm1, log, log1p, tanh and sigmoid of four float32 lanes. In: nothing. Out: what emits
 *  each. Errors: at most 2 units in the last place of normal results; infinities, zeros and NaN as the
 *  float64 functions have them. Never uses a table. */
import type { Code } from "./code.ts";
import {
  abs,
  add,
  addBits,
  and,
  andnot,
  bits,
  choose,
  div,
  eq,
  fromBits,
  ge,
  gt,
  keep,
  lt,
  madd,
  mul,
  not,
  or,
  pmax,
  pmin,
  polynomial,
  shl,
  shr,
  splat,
  sub,
  subBits,
  type Vector,
} from "./vector.ts";

export type MathFn = "exp" | "expm1" | "log" | "log1p" | "tanh" | "sigmoid";

/** The function's value; `x` is evaluated once. */
export function math(fn: MathFn, code: Code, x: Vector): Vector {
  const value = keep(code, x);
  switch (fn) {
    case "exp":
      return exp(code, value);
    case "expm1":
      return expm1(code, value);
    case "log":
      return log(code, value);
    case "log1p":
      return log1p(code, value);
    case "tanh":
      return tanh(code, value);
    case "sigmoid":
      return sigmoid(code, value);
  }
}

const ONE = splat(1);
const LOG2E = Math.LOG2E;
/** ln 2 in two parts: the first has nine bits, so that n times it is exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.1219444e-4;
/** Adding 1.5 · 2^23 leaves the nearest whole number in the low bits. */
const ROUND = 12582912;
const ROUND_BITS = 0x4b400000;
const SIGN = 0x80000000 | 0;

/** e^r = 1 + r + r² P(r), |r| ≤ ln 2 / 2. Cephes, expf. */
const EXP = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
  5.0000001201e-1,
];
/** tanh x = x + x³ P(x²), |x| ≤ 0.625. Cephes, tanhf. */
const TANH = [
  -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1,
];
/** log(1 + m) = m − m²/2 + m³ P(m), 1 + m in [√½, √2). Cephes, logf. */
const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1,
  -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
];
const SQRT_HALF_BITS = 0x3f3504f3;

/** x = n ln 2 + r: the bits that hold n, and e^r − 1. */
function reduce(code: Code, x: Vector): { readonly shifted: Vector; readonly minusOne: Vector } {
  const shifted = keep(code, madd(x, splat(LOG2E), splat(ROUND)));
  const n = keep(code, sub(shifted, splat(ROUND)));
  const r = keep(code, madd(n, splat(-LN2_LOW), madd(n, splat(-LN2_HIGH), x)));
  return { shifted, minusOne: madd(mul(r, r), polynomial(r, EXP), r) };
}

/** 2^n of whole numbers −126 … 127. */
const power = (n: Vector): Vector => shl(addBits(n, bits(127)), 23);

/** e^x where the result is normal and finite: x in [−87.336, 88]. */
function expNormal(code: Code, x: Vector): Vector {
  const { shifted, minusOne } = reduce(code, x);
  return addBits(add(minusOne, ONE), shl(shifted, 23));
}

function exp(code: Code, x: Vector): Vector {
  const { shifted, minusOne } = reduce(code, keep(code, pmax(pmin(x, splat(89)), splat(-104))));
  const n = keep(code, subBits(shifted, bits(ROUND_BITS)));
  const half = keep(code, shr(n, 1));
  return mul(mul(add(minusOne, ONE), power(half)), power(subBits(n, half)));
}

/** e^x − 1 = 2 (2^(n−1) (e^r − 1) + (2^(n−1) − ½)). */
function expm1(code: Code, x: Vector): Vector {
  const { shifted, minusOne } = reduce(code, keep(code, pmax(pmin(x, splat(89)), splat(-30))));
  const scale = keep(code, power(subBits(shifted, bits(ROUND_BITS + 1))));
  const half = keep(code, madd(scale, minusOne, sub(scale, splat(0.5))));
  return add(half, half);
}

/** 1 / (1 + e), e = e^−|x|; of x < 0 q = e / (1 + e), where that is small e − e q, which rounds less. */
function sigmoid(code: Code, x: Vector): Vector {
  const size = keep(code, or(x, bits(SIGN)));
  const e = keep(
    code,
    andnot(expNormal(code, keep(code, pmax(size, splat(-87.336)))), lt(size, splat(-87.336))),
  );
  const q = keep(code, div(choose(lt(x, splat(0)), e, ONE), add(ONE, e)));
  return choose(lt(x, splat(-1.4)), sub(e, mul(e, q)), q);
}

/** 1 − 2 / (e^2|x| + 1) with the sign of x; near 0 the polynomial. */
function tanh(code: Code, x: Vector): Vector {
  const size = keep(code, abs(x));
  const e = expNormal(code, keep(code, pmin(add(size, size), splat(20))));
  const far = sub(ONE, div(splat(2), add(e, ONE)));
  const square = keep(code, mul(x, x));
  const near = madd(mul(polynomial(square, TANH), square), x, x);
  const signed = or(far, and(x, bits(SIGN)));
  return choose(gt(size, splat(0.625)), signed, near);
}

function log(code: Code, x: Vector): Vector {
  const small = keep(code, lt(x, splat(2 ** -126)));
  const scaled = keep(code, choose(small, mul(x, splat(2 ** 23)), x));
  const offset = keep(code, subBits(scaled, bits(SQRT_HALF_BITS)));
  const n = keep(code, shr(offset, 23));
  const m = keep(code, sub(subBits(scaled, shl(n, 23)), ONE));
  const e = keep(code, sub(fromBits(n), and(small, splat(23))));
  const square = keep(code, mul(m, m));
  const tail = sub(
    madd(mul(polynomial(m, LOG), m), square, mul(e, splat(LN2_LOW))),
    mul(square, splat(0.5)),
  );
  const finite = madd(e, splat(LN2_HIGH), add(tail, m));
  const infinity = splat(Number.POSITIVE_INFINITY);
  const high = choose(eq(x, infinity), infinity, finite);
  const low = choose(eq(x, splat(0)), splat(Number.NEGATIVE_INFINITY), high);
  return or(low, not(ge(x, splat(0))));
}

/** log u + c / u, u = 1 + x as rounded, c what the rounding lost. */
function log1p(code: Code, x: Vector): Vector {
  const u = keep(code, add(ONE, x));
  const lost = choose(gt(x, ONE), sub(ONE, sub(u, x)), sub(x, sub(u, ONE)));
  const usable = and(gt(u, splat(0)), lt(u, splat(Number.POSITIVE_INFINITY)));
  return add(log(code, u), and(div(lost, u), usable));
}
