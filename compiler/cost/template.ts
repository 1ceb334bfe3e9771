/** @file A program at other dims. In: programs compiled at neighbouring dims. Out: the same kernels at any dims, as
 *  data. Never guesses: where another size makes other kernels, there is no template. */
import type { Program } from "../../runtime/artifact/kernel.ts";

export type Dims = Readonly<Record<string, number>>;

/** A program and, for each dim, the same one at another value of it. */
export interface Neighbours {
  readonly dims: Dims;
  readonly program: Program;
  readonly others: readonly {
    readonly dim: string;
    readonly value: number;
    readonly program: Program;
  }[];
}

/** The programs differ in more than sizes. */
export class OtherKernels extends Error {
  override readonly name = "OtherKernels";
}

/**
 * The program at `dims`: every size, and every bound of a concatenation, is an affine function of the
 * dims, n + Σ_k (n_k − n)/(v_k − d_k) · (dims_k − d_k). Objects that the program shares stay shared.
 * Throws OtherKernels where the neighbours are not the same kernels.
 */
export function atDims({ dims: base, program, others }: Neighbours, dims: Dims): Program {
  const by = others.map(({ dim, value }) => (dims[dim]! - base[dim]!) / (value - base[dim]!));
  const known = new Map<object, object>();
  const walk = (x: unknown, ys: readonly unknown[], sizes: boolean): unknown => {
    if (typeof x === "number") {
      if (ys.every((y) => y === x)) return x;
      if (!sizes || ys.some((y) => typeof y !== "number")) throw new OtherKernels();
      return ys.reduce((sum: number, y, k) => sum + ((y as number) - x) * by[k]!, x);
    }
    if (typeof x !== "object" || x === null) {
      if (ys.some((y) => y !== x)) throw new OtherKernels();
      return x;
    }
    const before = known.get(x);
    if (before !== undefined) return before;
    if (ys.some((y) => typeof y !== "object" || y === null)) throw new OtherKernels();
    const made = Array.isArray(x) ? list(x, ys as unknown[][], sizes) : record(x, ys as object[]);
    known.set(x, made);
    return made;
  };
  const list = (x: readonly unknown[], ys: readonly unknown[][], sizes: boolean): unknown[] => {
    if (ys.some((y) => y.length !== x.length)) throw new OtherKernels();
    return x.map((v, i) =>
      walk(
        v,
        ys.map((y) => y[i]),
        sizes,
      ),
    );
  };
  const record = (x: object, ys: readonly object[]): object => {
    const keys = Object.keys(x);
    if (ys.some((y) => Object.keys(y).length !== keys.length)) throw new OtherKernels();
    return Object.fromEntries(
      Object.entries(x).map(([key, v]) => {
        if (key === "places" || key === "label") return [key, v];
        const there = ys.map((y) => (y as Readonly<Record<string, unknown>>)[key]);
        return [key, walk(v, there, SIZES.has(key))];
      }),
    );
  };
  return walk(
    program,
    others.map((o) => o.program),
    false,
  ) as Program;
}

/** Keys of numbers that sizes make. */
const SIZES: ReadonlySet<string> = new Set(["shape", "axes", "extents", "lit"]);
