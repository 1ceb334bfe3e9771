/** @file Scalar expressions as closures over float64 arrays. In: an Expr, the buffers it loads, the
 *  loop's variables. Out: `() => number`. Never makes text; never evaluates the side of a select
 *  that is not taken; a load that may leave its buffer is checked axis by axis. */
import { type Affine, affine } from "../../artifact/affine.ts";
import type { BinaryFn, Expr, ScalarFn, UnaryFn } from "../../artifact/kernel.ts";
import { DeviceError, type Sizes } from "../device.ts";

export type Thunk = () => number;

/** A buffer with its run-time shape. */
export interface Tensor {
  readonly data: Float64Array;
  readonly shape: readonly number[];
  readonly label: string;
}

/**
 * What an expression may name. Loop variable v lives in `vars[slots[v]]`, below `limits[slots[v]]`;
 * every reduction has slots of its own.
 */
export interface Scope {
  readonly buffers: readonly Tensor[];
  readonly vars: number[];
  readonly slots: readonly number[];
  readonly limits: readonly number[];
  readonly sizes: Sizes;
  readonly reds: readonly Thunk[];
}

/** A load whose flat address is `base + Σ by · vars[slot]`, proven inside its buffer. */
export interface FlatLoad {
  readonly data: Float64Array;
  readonly base: number;
  readonly terms: readonly { readonly slot: number; readonly by: number }[];
}

/** The value of `expr` at the current loop variables. */
export function evaluate(expr: Expr, scope: Scope): Thunk {
  if ("lit" in expr) {
    const { lit } = expr;
    return () => lit;
  }
  if ("var" in expr) {
    const { vars } = scope;
    const slot = scope.slots[expr.var]!;
    return () => vars[slot]!;
  }
  if ("size" in expr) {
    const value = sizeOf(expr.size, scope.sizes);
    return () => value;
  }
  if ("red" in expr) return scope.reds[expr.red]!;
  if ("load" in expr) {
    const flat = flatLoad(expr, scope);
    return flat === null ? checkedLoad(expr, scope) : readFlat(flat, scope.vars);
  }
  return call(
    expr.call,
    expr.args.map((arg) => evaluate(arg, scope)),
  );
}

/** The load as one flat address, or null where it is not affine or not provably inside the buffer. */
export function flatLoad(
  expr: Extract<Expr, { readonly load: number }>,
  scope: Scope,
): FlatLoad | null {
  const { data, shape } = scope.buffers[expr.load]!;
  let base = 0;
  const terms = new Map<number, number>();
  for (const [axis, index] of expr.at.entries()) {
    const form = affine(index);
    const extent = shape[axis]!;
    if (form === null) return null;
    const offset = atSizes(form, scope.sizes);
    let low = offset;
    let high = offset;
    for (const [v, by] of form.vars) {
      const last = scope.limits[scope.slots[v]!]! - 1;
      if (by < 0) low += by * last;
      else high += by * last;
    }
    if (low < 0 || high >= extent) return null;
    base = base * extent + offset;
    for (const [v, by] of terms) terms.set(v, by * extent);
    for (const [v, by] of form.vars) terms.set(v, (terms.get(v) ?? 0) + by);
  }
  return { data, base, terms: [...terms].map(([v, by]) => ({ slot: scope.slots[v]!, by })) };
}

export function sizeOf(symbol: string, sizes: Sizes): number {
  if (!Object.hasOwn(sizes, symbol))
    throw new DeviceError(`size ${symbol} is needed and was not given`);
  return sizes[symbol]!;
}

function atSizes(form: Affine, sizes: Sizes): number {
  let offset = form.constant;
  for (const [symbol, by] of form.sizes) offset += by * sizeOf(symbol, sizes);
  return offset;
}

function readFlat({ data, base, terms }: FlatLoad, vars: number[]): Thunk {
  const [p, q, r] = terms;
  if (p === undefined) return () => data[base]!;
  if (q === undefined) return () => data[base + p.by * vars[p.slot]!]!;
  if (r === undefined) return () => data[base + p.by * vars[p.slot]! + q.by * vars[q.slot]!]!;
  return () => {
    let at = base;
    for (const { slot, by } of terms) at += by * vars[slot]!;
    return data[at]!;
  };
}

function checkedLoad(expr: Extract<Expr, { readonly load: number }>, scope: Scope): Thunk {
  const { data, shape, label } = scope.buffers[expr.load]!;
  const at = expr.at.map((index) => evaluate(index, scope));
  return () => {
    let flat = 0;
    for (let axis = 0; axis < at.length; axis++) {
      const index = at[axis]!();
      const extent = shape[axis]!;
      if (!(index >= 0 && index < extent && Number.isInteger(index)))
        throw new DeviceError(
          `${label}: index ${index} on axis ${axis} is not in [0, ${extent}) (shape [${shape}])`,
        );
      flat = flat * extent + index;
    }
    return data[flat]!;
  };
}

function call(fn: ScalarFn, args: readonly Thunk[]): Thunk {
  const [a, b, c] = args;
  if (fn === "select") return () => (a!() !== 0 ? b!() : c!());
  return b === undefined ? unary(fn as UnaryFn, a!) : binary(fn as BinaryFn, a!, b);
}

function unary(fn: UnaryFn, a: Thunk): Thunk {
  switch (fn) {
    case "neg":
      return () => -a();
    case "abs":
      return () => Math.abs(a());
    case "sign":
      return () => Math.sign(a());
    case "floor":
      return () => Math.floor(a());
    case "exp":
      return () => Math.exp(a());
    case "expm1":
      return () => Math.expm1(a());
    case "log":
      return () => Math.log(a());
    case "log1p":
      return () => Math.log1p(a());
    case "sqrt":
      return () => Math.sqrt(a());
    case "tanh":
      return () => Math.tanh(a());
    case "sigmoid":
      return () => 1 / (1 + Math.exp(-a()));
    default:
      return absurd(fn);
  }
}

function binary(fn: BinaryFn, a: Thunk, b: Thunk): Thunk {
  switch (fn) {
    case "add":
      return () => a() + b();
    case "sub":
      return () => a() - b();
    case "mul":
      return () => a() * b();
    case "div":
      return () => a() / b();
    case "max":
      return () => Math.max(a(), b());
    case "min":
      return () => Math.min(a(), b());
    case "pow":
      return () => a() ** b();
    case "lt":
      return () => (a() < b() ? 1 : 0);
    case "le":
      return () => (a() <= b() ? 1 : 0);
    case "gt":
      return () => (a() > b() ? 1 : 0);
    case "ge":
      return () => (a() >= b() ? 1 : 0);
    case "eq":
      return () => (a() === b() ? 1 : 0);
    case "ne":
      return () => (a() !== b() ? 1 : 0);
    default:
      return absurd(fn);
  }
}

function absurd(fn: never): never {
  throw new DeviceError(`unknown function ${String(fn)}`);
}
