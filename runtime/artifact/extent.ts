/** @file Extents at run time. In: extents and the sizes of their symbols. Out: numbers. */
import type { Extent } from "./kernel.ts";

/** The extent as a number; throws a RangeError naming a symbol that has no size. */
export function extentOf(extent: Extent, sizes: Readonly<Record<string, number>>): number {
  if (typeof extent === "number") return extent;
  const value = Object.hasOwn(sizes, extent) ? sizes[extent] : undefined;
  if (value === undefined) throw new RangeError(`size ${extent} is needed and was not given`);
  return value;
}

export function shapeOf(
  shape: readonly Extent[],
  sizes: Readonly<Record<string, number>>,
): readonly number[] {
  return shape.map((extent) => extentOf(extent, sizes));
}

/** Number of elements; 1 for a scalar. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** The index, an axis each, of the i-th element in row-major order. */
export function unflatten(i: number, shape: readonly number[]): readonly number[] {
  const index: number[] = [];
  let rest = i;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return index;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}
