/** @file Tensors of fixtures. In: flat row-major numbers with a shape, or nested arrays. Out: each
 *  from the other, axes permuted, parts taken. Never a tensor library: what oracle tests need. */

export interface Flat {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Numbers nested as deep as the tensor's rank; a number itself at rank 0. */
export type Nested = number | readonly Nested[];

export function nest(t: Flat): Nested {
  const build = (axis: number, offset: number, stride: number): Nested => {
    const size = t.shape[axis];
    if (size === undefined) return t.data[offset]!;
    const inner = stride / size;
    return Array.from({ length: size }, (_, i) => build(axis + 1, offset + i * inner, inner));
  };
  return build(0, 0, t.data.length);
}

export function flatten(value: Nested): Flat {
  const shape: number[] = [];
  for (let v: Nested | undefined = value; typeof v === "object"; v = v[0]) shape.push(v.length);
  const data: number[] = [];
  const visit = (v: Nested): void => {
    if (typeof v === "number") data.push(v);
    else for (const inner of v) visit(inner);
  };
  visit(value);
  return { shape, data };
}

/** Axis i of the result is axis order[i] of t. */
export function permute(t: Flat, order: readonly number[]): Flat {
  const shape = order.map((axis) => t.shape[axis]!);
  const strides = t.shape.map((_, i) => product(t.shape.slice(i + 1)));
  const data = t.data.map((_, flat) => {
    let rest = flat;
    let from = 0;
    for (let i = shape.length - 1; i >= 0; i--) {
      from += (rest % shape[i]!) * strides[order[i]!]!;
      rest = Math.floor(rest / shape[i]!);
    }
    return t.data[from]!;
  });
  return { shape, data };
}

/** Rows [from, from + size) of the first axis. */
export function rows(t: Flat, from: number, size: number): Flat {
  const stride = product(t.shape.slice(1));
  return {
    shape: [size, ...t.shape.slice(1)],
    data: t.data.slice(from * stride, (from + size) * stride),
  };
}

/** Entry `index` of the first axis, that axis gone. */
export function pick(t: Flat, index: number): Flat {
  const row = rows(t, index, 1);
  return { shape: row.shape.slice(1), data: row.data };
}

/** Tensors of one shape as the entries of a new first axis. */
export function stack(parts: readonly Flat[]): Flat {
  return {
    shape: [parts.length, ...(parts[0]?.shape ?? [])],
    data: parts.flatMap((p) => p.data),
  };
}

export function plus(a: Flat, b: Flat): Flat {
  return { shape: a.shape, data: a.data.map((v, i) => v + b.data[i]!) };
}

export function zeros(shape: readonly number[]): Flat {
  return { shape, data: Array.from({ length: product(shape) }, () => 0) };
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((acc, n) => acc * n, 1);
}

/** The worst |got − want| / (1 + |want|), NaN and a wrong size counted as Infinity; and where. */
export function distance(got: Flat, want: Flat): { readonly error: number; readonly at: number } {
  if (got.data.length !== want.data.length) return { error: Number.POSITIVE_INFINITY, at: -1 };
  let worst = { error: 0, at: 0 };
  want.data.forEach((w, at) => {
    const error = Math.abs(got.data[at]! - w) / (1 + Math.abs(w));
    if (!(error <= worst.error))
      worst = { error: Number.isNaN(error) ? Number.POSITIVE_INFINITY : error, at };
  });
  return worst;
}
