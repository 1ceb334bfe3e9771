/** @file Walking whole values. In: extents, data laid out [seq][batch][...shape]. Out: readers and
 *  filled arrays, for the float64 values of structured ops. Never knows an op. */
import { broken, invariant } from "../ir/invariant.ts";
import type { Dim, Tensor } from "../ir/ir.ts";
import type { Sizes, WholeType, WholeValue } from "./op.ts";

/** Feature coordinates, valid only until the next call. */
type Axes = readonly number[];

/** The run-time extent of a dim. */
export function extentOf(dim: Dim, sizes: Sizes): number {
  const n = typeof dim === "number" ? dim : sizes[dim];
  invariant(n !== undefined, `no size is given for ${dim}`);
  return n;
}

/** All axes of a value as numbers. */
export function wholeType(type: Tensor, sizes: Sizes): WholeType {
  const seq = type.seq === null ? [] : [extentOf(type.seq, sizes)];
  const batch = type.batch ? [extentOf("B", sizes)] : [];
  return { type, extents: [...seq, ...batch, ...type.shape.map((d) => extentOf(d, sizes))] };
}

/** Extents of the feature axes only. */
export function features(w: WholeType): readonly number[] {
  return w.extents.slice(w.extents.length - w.type.shape.length);
}

/** f at every step (0 where there is none), sample and feature coordinate, in layout order. */
export function fill(
  w: WholeType,
  f: (step: number, sample: number, axes: Axes) => number,
): Float64Array {
  const count = w.extents.reduce((n, e) => n * e, 1);
  const out = new Float64Array(count);
  const shape = features(w);
  const axes = new Array<number>(shape.length).fill(0);
  const each = shape.reduce((n, e) => n * e, 1);
  const samples = w.type.batch ? w.extents[w.type.seq === null ? 0 : 1]! : 1;
  for (let i = 0; i < count; i++) {
    const row = Math.floor(i / each);
    out[i] = f(Math.floor(row / samples), row % samples, axes);
    for (let k = shape.length - 1; k >= 0; k--) {
      axes[k]!++;
      if (axes[k]! < shape[k]!) break;
      axes[k] = 0;
    }
  }
  return out;
}

/** Reads an element; step and sample are ignored where the value does not vary over them. */
export function reader(w: WholeValue): (step: number, sample: number, axes: Axes) => number {
  const shape = features(w);
  const each = shape.reduce((n, e) => n * e, 1);
  const samples = w.type.batch ? w.extents[w.type.seq === null ? 0 : 1]! : 1;
  const bySample = w.type.batch ? 1 : 0;
  const byStep = w.type.seq === null ? 0 : samples;
  return (step, sample, axes) => {
    let at = 0;
    for (let k = 0; k < shape.length; k++) at = at * shape[k]! + axes[k]!;
    const v = w.data[(step * byStep + sample * bySample) * each + at];
    return v ?? broken(`element [${step}][${sample}][${axes}] of [${w.extents}] does not exist`);
  };
}

/** Row-major strides: [seq, batch, ...features]; 0 for seq or batch where the value has none. */
export function strides(w: WholeType): { seq: number; batch: number; axes: readonly number[] } {
  const all = w.extents.map((_, i) => w.extents.slice(i + 1).reduce((n, e) => n * e, 1));
  const lead = w.extents.length - w.type.shape.length;
  return {
    seq: w.type.seq === null ? 0 : all[0]!,
    batch: w.type.batch ? all[lead - 1]! : 0,
    axes: all.slice(lead),
  };
}
