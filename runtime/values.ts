/** @file Numbers as callers hold them. In: nested arrays, or flat data with a shape. Out: tensors,
 *  or faults that name the value, what was wanted and got. Never keeps a caller's array, unless it is lent. */
import { elements, unflatten } from "./artifact/extent.ts";
import { type Fault, type Result, fail, fault, ok } from "./artifact/fault.ts";
import type { Extent } from "./artifact/kernel.ts";
import type { Real } from "./devices/device.ts";

export type Nested = number | readonly Nested[];

/** Row-major. */
export interface Tensor {
  readonly data: Real;
  readonly shape: readonly number[];
}

export interface FlatValue {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

export type Value = Nested | FlatValue;

/** What a value must be: `extents` names symbols such as "B" and "T", which it then gives sizes to. */
export interface Wanted {
  /** For people: "input `x`". */
  readonly what: string;
  readonly path: string;
  readonly extents: readonly Extent[];
  /** Tokens in [0, of); null: any finite numbers. */
  readonly of: number | null;
}

/** Sizes given so far, and which value gave each. */
export type Bound = Map<string, { readonly size: number; readonly by: string }>;

const DEEPEST = 12;

/**
 * The value as a tensor of the wanted shape; binds the symbols that it is the first to have. `lent`: the tensor may
 * hold the caller's own numbers, for one who copies them at once.
 */
export function read(value: unknown, wanted: Wanted, bound: Bound, lent = false): Result<Tensor> {
  const tensor = tensorOf(value, wanted, lent);
  if (!tensor.ok) return tensor;
  const faults = [...fits(tensor.value.shape, wanted, bound), ...numbers(tensor.value, wanted)];
  return faults.length === 0 ? tensor : fail(...faults);
}

/** Nested arrays of a tensor: the form that JSON has. */
export function nested({ data, shape }: Tensor): Nested {
  const build = (axis: number, start: number, count: number): Nested => {
    if (axis === shape.length) return data[start]!;
    const inner = count / shape[axis]!;
    return Array.from({ length: shape[axis]! }, (_, i) =>
      build(axis + 1, start + i * inner, inner),
    );
  };
  return build(0, 0, data.length);
}

export function printShape(shape: readonly Extent[]): string {
  return `[${shape.join(", ")}]`;
}

function tensorOf(value: unknown, wanted: Wanted, lent: boolean): Result<Tensor> {
  if (typeof value === "number" || Array.isArray(value)) return flatten(value, wanted);
  if (typeof value === "object" && value !== null && "data" in value && "shape" in value)
    return flat(value.data, value.shape, wanted, lent);
  return fail(
    fault(
      "R205",
      wanted.path,
      `${wanted.what} is ${value === null ? "null" : typeof value}, not numbers`,
      "give nested arrays, or { data, shape }",
    ),
  );
}

function flat(
  data: unknown,
  shape: unknown,
  { what, path }: Wanted,
  lent: boolean,
): Result<Tensor> {
  const list = typeof data === "object" && data !== null && "length" in data;
  const extents = Array.isArray(shape) && shape.every((e) => Number.isSafeInteger(e) && e >= 0);
  if (!list || !extents)
    return fail(fault("R205", path, `${what} has data or a shape that is not a list of numbers`));
  const count = elements(shape as readonly number[]);
  const source = data as ArrayLike<unknown>;
  if (source.length !== count)
    return fail(
      fault("R203", path, `${what} has ${source.length} numbers for shape ${printShape(shape)}`),
    );
  if (data instanceof Float32Array || data instanceof Float64Array)
    return ok({ data: lent ? data : data.slice(), shape: [...(shape as readonly number[])] });
  const copy = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const x = source[i];
    if (typeof x !== "number") return fail(fault("R205", path, `${what} holds ${typeof x}`));
    copy[i] = x;
  }
  return ok({ data: copy, shape: [...(shape as readonly number[])] });
}

function flatten(value: Nested, { what, path }: Wanted): Result<Tensor> {
  const shape: number[] = [];
  for (let inner: unknown = value; Array.isArray(inner); inner = inner[0]) {
    if (shape.length === DEEPEST)
      return fail(fault("R203", path, `${what} nests more than ${DEEPEST} deep`));
    shape.push(inner.length);
  }
  const data: number[] = [];
  const walk = (item: unknown, axis: number, where: string): Fault | null => {
    if (axis === shape.length) {
      if (typeof item !== "number")
        return Array.isArray(item)
          ? ragged(what, where, "an array", "a number")
          : fault("R205", where, `${what} holds ${item === null ? "null" : typeof item} there`);
      data.push(item);
      return null;
    }
    if (!Array.isArray(item)) return ragged(what, where, "a number", "an array");
    if (item.length !== shape[axis])
      return ragged(what, where, `${item.length} elements`, `${shape[axis]} as the first has`);
    for (let i = 0; i < item.length; i++) {
      const found = walk(item[i], axis + 1, `${where}[${i}]`);
      if (found !== null) return found;
    }
    return null;
  };
  const found = walk(value, 0, path);
  return found === null ? ok({ data: Float64Array.from(data), shape }) : fail(found);
}

function ragged(what: string, path: string, got: string, wanted: string): Fault {
  return fault(
    "R204",
    path,
    `${what} is ragged: ${got} there, ${wanted}`,
    "pad every sample to the same number of steps and give `lengths`",
  );
}

function fits(shape: readonly number[], wanted: Wanted, bound: Bound): readonly Fault[] {
  const { what, path, extents } = wanted;
  const wrong = (help: string | null): readonly Fault[] => [
    fault("R203", path, `${what} is ${printShape(shape)}; ${printShape(extents)} is needed`, help),
  ];
  if (shape.length !== extents.length)
    return wrong(
      extents[0] === "B" && shape.length === extents.length - 1
        ? "samples come first: one sample is a list with one element"
        : null,
    );
  if (extents.some((e, i) => typeof e === "number" && e !== shape[i])) return wrong(null);
  if (extents.some((e, i) => typeof e === "string" && shape[i] === 0))
    return wrong("give at least one sample of at least one step");
  const faults: Fault[] = [];
  for (const [i, symbol] of extents.entries()) {
    if (typeof symbol === "number") continue;
    const before = bound.get(symbol);
    const size = shape[i]!;
    if (before === undefined) bound.set(symbol, { size, by: what });
    else if (before.size !== size)
      faults.push(
        fault("R208", path, `${what} has ${symbol} = ${size}, but ${before.by} has ${before.size}`),
      );
  }
  return faults;
}

function numbers({ data, shape }: Tensor, { what, path, of }: Wanted): readonly Fault[] {
  if (of === null && isAllFinite(data)) return [];
  for (let i = 0; i < data.length; i++) {
    const x = data[i]!;
    if (!Number.isFinite(x))
      return [fault("R205", `${path}${indexOf(i, shape)}`, `${what} is ${x} there`)];
    if (of !== null && !(Number.isInteger(x) && x >= 0 && x < of))
      return [
        fault(
          "R206",
          `${path}${indexOf(i, shape)}`,
          `${what} is ${x} there; its tokens are the whole numbers 0 to ${of - 1}`,
        ),
      ];
  }
  return [];
}

/** Elements from which a loop of our own, once the engine has optimised it, beats three of the engine's. */
const MANY = 65_536;

/** Of typed arrays; of short ones by what the engine does at once, since weights are looked at whenever a model starts. */
function isAllFinite(data: ArrayLike<number>): boolean {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return false;
  if (data.length >= MANY) return isZeroTimes(data);
  return ![Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].some((x) =>
    data.includes(x),
  );
}

/** 0 · x is 0 of a finite x, and NaN of any other; four sums, since an addition waits for the one before. */
function isZeroTimes(data: Real): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = data.length - (data.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += 0 * data[i]!;
    b += 0 * data[i + 1]!;
    c += 0 * data[i + 2]!;
    d += 0 * data[i + 3]!;
  }
  for (let i = whole; i < data.length; i++) a += 0 * data[i]!;
  return a + b + c + d === 0;
}

/** "[1][0][4]" of the i-th element. */
function indexOf(i: number, shape: readonly number[]): string {
  return unflatten(i, shape)
    .map((k) => `[${k}]`)
    .join("");
}
