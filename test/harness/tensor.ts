/** @file Tensors of fixtures. In: flat row-major numbers with a shape. Out: axes permuted, parts taken
 *  and joined, distances. Never a tensor library: what oracle tests need. */

export interface Flat {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Axis i of the result is axis order[i] of t. */
export function permute(t: Flat, order: readonly number[]): Flat {
  const shape = order.map((axis) => t.shape[axis]!);
  const strides = t.shape.map((_, i) => product(t.shape.slice(i + 1)));
  const data = Array.from(t.data, (_, flat) => {
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

/** [a, b, …] as [b, a, …]: steps first or samples first. */
export function swap(t: Flat): Flat {
  return permute(t, [1, 0, ...t.shape.slice(2).map((_, i) => i + 2)]);
}

/** Rows [from, from + size) of the first axis. */
export function rows(t: Flat, from: number, size: number): Flat {
  const stride = product(t.shape.slice(1));
  return {
    shape: [size, ...t.shape.slice(1)],
    data: Array.from(t.data).slice(from * stride, (from + size) * stride),
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
    data: parts.flatMap((p) => Array.from(p.data)),
  };
}

export function plus(a: Flat, b: Flat): Flat {
  return { shape: a.shape, data: Array.from(a.data, (v, i) => v + b.data[i]!) };
}

export function zeros(shape: readonly number[]): Flat {
  return { shape, data: Array.from({ length: product(shape) }, () => 0) };
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((acc, n) => acc * n, 1);
}

/** The worst |got − want| / (1 + |want|) and where; Infinity for NaN, and for another shape. */
export function distance(got: Flat, want: Flat): { readonly error: number; readonly at: number } {
  if (got.shape.join() !== want.shape.join()) return { error: Number.POSITIVE_INFINITY, at: -1 };
  let worst = { error: 0, at: 0 };
  for (let at = 0; at < want.data.length; at++) {
    const w = want.data[at]!;
    const error = Math.abs(got.data[at]! - w) / (1 + Math.abs(w));
    if (!(error <= worst.error))
      worst = { error: Number.isNaN(error) ? Number.POSITIVE_INFINITY : error, at };
  }
  return worst;
}
