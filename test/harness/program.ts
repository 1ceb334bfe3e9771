/** @file Builds programs by hand. In: calls in the order of computation. Out: a Program. */
import type {
  Buffer,
  BufferId,
  Expr,
  Extent,
  Kernel,
  Program,
  Reduction,
  ScanStage,
  Stage,
} from "../../runtime/artifact/kernel.ts";
import { v } from "./expr.ts";

/** Opens a sum over `extents`; gives its value. */
export type Sum = (extents: readonly Extent[], of: (vars: readonly Expr[]) => Expr) => Expr;
/** Opens a reduction of any kind; gives its value. */
export type Reduce = (
  kind: Reduction["kind"],
  extents: readonly Extent[],
  of: (vars: readonly Expr[]) => Expr,
) => Expr;
/** An element of a kernel at its axes. */
export type Element = (at: readonly Expr[], sum: Sum, reduce: Reduce) => Expr;

export interface ScanBuilder {
  carry(label: string, init: BufferId): BufferId;
  slice(of: BufferId): BufferId;
  kernel(label: string, axes: readonly Extent[], element: Element): BufferId;
  next(local: BufferId, value: BufferId): void;
  /** The carry's value after the scan. */
  final(local: BufferId): BufferId;
  collect(from: BufferId): BufferId;
  sum(from: BufferId): BufferId;
}

export function programBuilder(place = 0) {
  const buffers: Buffer[] = [];
  const inputs: { name: string; buffer: BufferId }[] = [];
  const outputs: { name: string; buffer: BufferId }[] = [];
  const stages: Stage[] = [];
  const prepare: Stage[] = [];
  const buffer = (label: string, shape: readonly Extent[], dtype: Buffer["dtype"] = "real") =>
    buffers.push({ shape, dtype, label }) - 1;
  const kernel = (label: string, axes: readonly Extent[], element: Element): Kernel => {
    const reductions: Reduction[] = [];
    let free = axes.length;
    const reduce: Reduce = (kind, extents, of) => {
      const vars = extents.map(() => free++);
      reductions.push({ kind, vars, extents, of: of(vars.map(v)) });
      return { red: reductions.length - 1 };
    };
    const value = element(
      axes.map((_, i) => v(i)),
      (extents, of) => reduce("sum", extents, of),
      reduce,
    );
    return { out: buffer(label, axes), axes, reductions, value, places: [place] };
  };
  const into =
    (list: Stage[]) =>
    (label: string, axes: readonly Extent[], element: Element): BufferId => {
      const built = kernel(label, axes, element);
      list.push({ kind: "kernel", kernel: built });
      return built.out;
    };
  return {
    input: (name: string, shape: readonly Extent[], dtype: Buffer["dtype"] = "real"): BufferId => {
      const id = buffer(name, shape, dtype);
      inputs.push({ name, buffer: id });
      return id;
    },
    output: (name: string, id: BufferId): void => {
      outputs.push({ name, buffer: id });
    },
    prepare: into(prepare),
    kernel: into(stages),
    /** Gives what `body` gives: the buffers to read after the scan. */
    scan: <R>(over: string, reverse: boolean, body: (s: ScanBuilder) => R): R => {
      const carries: { local: number; init: number; next: number; final: number | null }[] = [];
      const slices: { local: number; of: number }[] = [];
      const collects: { from: number; into: number }[] = [];
      const sums: { from: number; into: number }[] = [];
      const kernels: Kernel[] = [];
      const like = (id: BufferId): Buffer => buffers[id]!;
      const carryOf = (local: BufferId) => carries.find((c) => c.local === local)!;
      const result = body({
        carry: (label, init) => {
          const local = buffer(label, like(init).shape);
          carries.push({ local, init, next: local, final: null });
          return local;
        },
        slice: (of) => {
          const { label, shape, dtype } = like(of);
          const local = buffer(`${label}[t]`, shape.slice(1), dtype);
          slices.push({ local, of });
          return local;
        },
        kernel: (label, axes, element) => {
          const built = kernel(label, axes, element);
          kernels.push(built);
          return built.out;
        },
        next: (local, value) => {
          carryOf(local).next = value;
        },
        final: (local) => {
          const id = buffer(`${like(local).label} end`, like(local).shape);
          carryOf(local).final = id;
          return id;
        },
        collect: (from) => {
          const id = buffer(like(from).label, [over, ...like(from).shape]);
          collects.push({ from, into: id });
          return id;
        },
        sum: (from) => {
          const id = buffer(`sum ${like(from).label}`, like(from).shape);
          sums.push({ from, into: id });
          return id;
        },
      });
      const scan: ScanStage = {
        kind: "scan",
        over,
        reverse,
        carries,
        slices,
        collects,
        sums,
        kernels,
      };
      stages.push(scan);
      return result;
    },
    done: (): Program => ({ buffers, inputs, outputs, prepare, stages }),
  };
}

export type ProgramBuilder = ReturnType<typeof programBuilder>;
