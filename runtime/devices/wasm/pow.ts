/** @file x^y of four float32 lanes, each computed in float64. In: nothing. Out: what emits it. Never
 *  fast: exponents that are literals have forms of their own where expressions are emitted. */
import { type Code, OP, SIMD } from "./code.ts";
import { F64, V128 } from "./encoder.ts";
import { keep, type Vector } from "./vector.ts";

/** Lane by lane; `scalar` is the function that `emitPow` defines. */
export function pow(code: Code, x: Vector, y: Vector, scalar: number): Vector {
  const operands = [keep(code, x), keep(code, y)];
  const result = code.local(V128);
  for (let lane = 0; lane < 4; lane++) {
    code.get(result);
    for (const operand of operands) {
      operand(code);
      code.lane(SIMD.f32Extract, lane);
      code.op(OP.f64Promote);
    }
    code.call(scalar);
    code.op(OP.f32Demote);
    code.lane(SIMD.f32Replace, lane);
    code.set(result);
  }
  return (c) => c.get(result);
}

type Scalar = () => void;

/** The bits of √½: exponents are counted from here, so that the rest lies in [√½, √2). */
const SQRT_HALF_BITS = 0x3fe6a09e667f3bcdn;

/**
 * (x, y) → x^y of float64 numbers that float32 holds, to about 1e-11: e^(y log|x|), with
 * log m = 2 (s + s³/3 + …), s = (m − 1) / (m + 1), and Taylor's series of e^r; the sign by y's
 * parity. NaN where x < 0 and y is not whole.
 */
export function emitPow(code: Code): void {
  const get =
    (local: number): Scalar =>
    () =>
      code.get(local);
  const number =
    (value: number): Scalar =>
    () =>
      code.f64(value);
  const apply =
    (op: number, ...operands: readonly Scalar[]): Scalar =>
    () => {
      for (const operand of operands) operand();
      code.op(op);
    };
  const plus = (a: Scalar, b: Scalar) => apply(OP.f64Add, a, b);
  const minus = (a: Scalar, b: Scalar) => apply(OP.f64Sub, a, b);
  const times = (a: Scalar, b: Scalar) => apply(OP.f64Mul, a, b);
  const over = (a: Scalar, b: Scalar) => apply(OP.f64Div, a, b);
  const differs = (a: Scalar, b: Scalar) => apply(OP.f64Ne, a, b);
  const either = (condition: Scalar, a: Scalar, b: Scalar) => apply(OP.select, a, b, condition);
  const name = (value: Scalar): Scalar => {
    const local = code.local(F64);
    value();
    code.set(local);
    return get(local);
  };
  const returnIf = (condition: Scalar, value: Scalar): void => {
    condition();
    code.choose(null, apply(OP.return, value), null);
  };
  const i64 =
    (value: bigint): Scalar =>
    () =>
      code.i64(value);
  /** 2^n, n a whole number as float64. */
  const power = (n: Scalar): Scalar => {
    const biased = apply(OP.i64TruncateF64, plus(n, number(1023)));
    return apply(OP.f64Reinterpret, apply(OP.i64Shl, biased, i64(52n)));
  };

  const [x, y] = [get(0), get(1)];
  const infinity = number(Number.POSITIVE_INFINITY);
  returnIf(apply(OP.f64Eq, y, number(0)), number(1));
  returnIf(differs(x, x), x);
  returnIf(differs(y, y), y);
  const size = name(apply(OP.f64Abs, x));
  const half = times(y, number(0.5));
  const parity = either(differs(apply(OP.f64Floor, half), half), number(-1), number(1));
  const ofWhole = either(differs(apply(OP.f64Floor, y), y), number(Number.NaN), parity);
  const sign = name(either(apply(OP.f64Lt, x, number(0)), ofWhole, number(1)));
  const rises = apply(OP.f64Gt, y, number(0));
  returnIf(apply(OP.f64Eq, size, number(0)), either(rises, number(0), infinity));
  returnIf(apply(OP.f64Eq, size, infinity), times(sign, either(rises, infinity, number(0))));

  const above = apply(OP.i64Sub, apply(OP.i64Reinterpret, size), i64(SQRT_HALF_BITS));
  const n = name(apply(OP.f64ConvertI64, apply(OP.i64ShrS, above, i64(52n))));
  const m = name(times(size, power(apply(OP.f64Neg, n))));
  const s = name(over(minus(m, number(1)), plus(m, number(1))));
  const square = name(times(s, s));
  const series = [15, 13, 11, 9, 7, 5, 3, 1].reduce(
    (sum, d) => plus(times(sum, square), number(1 / d)),
    number(1 / 17),
  );
  const logarithm = plus(times(times(number(2), s), series), times(n, number(Math.LN2)));
  const bounded = apply(OP.f64Min, times(y, logarithm), number(300));
  const z = name(apply(OP.f64Max, bounded, number(-300)));
  const k = name(apply(OP.f64Nearest, times(z, number(Math.LOG2E))));
  const r = name(minus(z, times(k, number(Math.LN2))));
  const taylor = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1].reduce(
    (sum, d) => plus(times(over(sum, number(d)), r), number(1)),
    number(1),
  );
  times(sign, times(taylor, power(k)))();
}
