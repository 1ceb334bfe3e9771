/** @file Expressions over four lanes of float32. In: expressions. Out: what emits their code. Never
 *  evaluates an operand twice: `keep` names a value that is used again. */
import { type Code, SIMD } from "./code.ts";
import { V128 } from "./encoder.ts";

/** Leaves one v128 on the stack. */
export type Vector = (code: Code) => void;

const unary =
  (op: number) =>
  (a: Vector): Vector =>
  (code) => {
    a(code);
    code.simd(op);
  };

const binary =
  (op: number) =>
  (a: Vector, b: Vector): Vector =>
  (code) => {
    a(code);
    b(code);
    code.simd(op);
  };

const shift =
  (op: number) =>
  (a: Vector, by: number): Vector =>
  (code) => {
    a(code);
    code.i32(by);
    code.simd(op);
  };

export const add = binary(SIMD.add);
export const sub = binary(SIMD.sub);
export const mul = binary(SIMD.mul);
export const div = binary(SIMD.div);
/** a · b + c, rounded once where the engine can. */
export const madd =
  (a: Vector, b: Vector, c: Vector): Vector =>
  (code) => {
    if (!code.fused) {
      add(mul(a, b), c)(code);
      return;
    }
    a(code);
    b(code);
    c(code);
    code.simd(SIMD.madd);
  };
/** b < a ? b : a; a where one is NaN. */
export const pmin = binary(SIMD.pmin);
/** a < b ? b : a; a where one is NaN. */
export const pmax = binary(SIMD.pmax);
export const and = binary(SIMD.and);
/** a and not b. */
export const andnot = binary(SIMD.andnot);
export const or = binary(SIMD.or);
export const eq = binary(SIMD.eq);
export const lt = binary(SIMD.lt);
export const gt = binary(SIMD.gt);
export const ge = binary(SIMD.ge);
export const addBits = binary(SIMD.i32Add);
export const subBits = binary(SIMD.i32Sub);
export const abs = unary(SIMD.abs);
export const neg = unary(SIMD.neg);
export const not = unary(SIMD.not);
/** Whole numbers to float32. */
export const fromBits = unary(SIMD.convertI32);
export const shl = shift(SIMD.shl);
export const shr = shift(SIMD.shrS);

export const splat =
  (value: number): Vector =>
  (code) =>
    code.splat(value);

export const bits =
  (value: number): Vector =>
  (code) =>
    code.lanes([value, value, value, value]);

/** a where the mask is set, else b. */
export const choose =
  (mask: Vector, a: Vector, b: Vector): Vector =>
  (code) => {
    a(code);
    b(code);
    mask(code);
    select(code);
  };

/**
 * Of two vectors and a mask on the stack, the first where the mask is set. A lane of a mask is all ones or all zeros, of
 * which relaxed SIMD makes the same everywhere, by one instruction where there are three.
 */
export const select = (code: Code): void =>
  code.simd(code.fused ? SIMD.laneSelect : SIMD.bitselect);

/** Evaluates `value` now, into a local. */
export function keep(code: Code, value: Vector): Vector {
  const local = code.local(V128);
  value(code);
  code.set(local);
  return (c) => c.get(local);
}

/** Σ coefficients[i] · x^(n−i), highest power first. */
export function polynomial(x: Vector, coefficients: readonly number[]): Vector {
  const [first, ...rest] = coefficients;
  return rest.reduce<Vector>((sum, c) => madd(sum, x, splat(c)), splat(first!));
}
