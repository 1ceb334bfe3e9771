/** @file Kernels and schedules: the machine the compiler targets. In: nothing. Out: plain JSON data in
 *  a closed vocabulary. Never text that runs: each device prints its own code from these. */

/** An extent: a number, or a symbol fixed at run time: "B" (samples), "T", "S", … (steps). */
export type Extent = number | string;

export const UNARY = [
  "neg",
  "abs",
  "sign",
  "floor",
  "exp",
  "expm1",
  "log",
  "log1p",
  "sqrt",
  "tanh",
  "sigmoid",
] as const;
/** Comparisons give 1 or 0. `pow` is x^y for x ≥ 0 or whole y. */
export const BINARY = [
  "add",
  "sub",
  "mul",
  "div",
  "max",
  "min",
  "pow",
  "lt",
  "le",
  "gt",
  "ge",
  "eq",
  "ne",
] as const;
export type UnaryFn = (typeof UNARY)[number];
export type BinaryFn = (typeof BINARY)[number];
/** `select(c, a, b)` is a where c ≠ 0, else b; the side not taken is not evaluated (its loads may be out of range). */
export type ScalarFn = UnaryFn | BinaryFn | "select";

/**
 * A scalar expression.
 * lit: a finite number. var: a loop variable of the kernel. size: a symbol's run-time value.
 * red: the value of an earlier reduction of this kernel. load: one element of a buffer, an index an axis.
 */
export type Expr =
  | { readonly lit: number }
  | { readonly var: number }
  | { readonly size: string }
  | { readonly red: number }
  | { readonly load: BufferId; readonly at: readonly Expr[] }
  | { readonly call: ScalarFn; readonly args: readonly Expr[] };

export type BufferId = number;

/** sum (from 0), max (from −∞), min (from +∞) of `of` over all values of `vars`, var i in [0, extents[i]). */
export interface Reduction {
  readonly kind: "sum" | "max" | "min";
  readonly vars: readonly number[];
  readonly extents: readonly Extent[];
  /** May use `red` of reductions before this one that do not depend on this one's vars. */
  readonly of: Expr;
}

/**
 * out[v0, v1, …] = value, for all v_i in [0, axes[i]); var i < axes.length is v_i. One output each.
 * A product with its epilogue is a reduction `sum(mul(load, load))` and the rest in `value`.
 * Loads at most MAX_INPUTS distinct buffers. Never loads `out`.
 */
export interface Kernel {
  readonly out: BufferId;
  readonly axes: readonly Extent[];
  readonly reductions: readonly Reduction[];
  readonly value: Expr;
  /** Indices into Artifact.source.places: the equations it computes. */
  readonly places: readonly number[];
}

/** WebGPU binds 8 storage buffers a kernel, its output one of them. */
export const MAX_INPUTS = 7;

/** Row-major; `label` is for people (`c`, `W_i|W_f`). Index buffers hold whole numbers (tokens). */
export interface Buffer {
  readonly shape: readonly Extent[];
  readonly dtype: "real" | "index";
  readonly label: string;
}

/**
 * A loop over the steps of `over` (T rows), last to first when `reverse`.
 * Per step, in this order: slices bind (`local` is row t of `of`); kernels run in order; collects
 * store (`from` becomes row t of `into`); sums add (`into` += `from`); all carries take `next` at once.
 * Before: carry `local` = `init`, `into` of sums = 0. After: `final`, where given, is the carry's value.
 * Locals (carry, slice, and kernel outputs of the body) have no step axis and live in one step;
 * body kernels may also load any buffer computed before the scan.
 * With zero steps: finals are the inits, sums are 0.
 */
export interface ScanStage {
  readonly kind: "scan";
  readonly over: string;
  readonly reverse: boolean;
  readonly carries: readonly {
    readonly local: BufferId;
    readonly init: BufferId;
    readonly next: BufferId;
    readonly final: BufferId | null;
  }[];
  readonly slices: readonly { readonly local: BufferId; readonly of: BufferId }[];
  readonly collects: readonly { readonly from: BufferId; readonly into: BufferId }[];
  readonly sums: readonly { readonly from: BufferId; readonly into: BufferId }[];
  readonly kernels: readonly Kernel[];
}

export interface KernelStage {
  readonly kind: "kernel";
  readonly kernel: Kernel;
}

export type Stage = KernelStage | ScanStage;

/**
 * One entry point. `inputs` are read from the device's store by name before the run, `outputs`
 * written to it after. Two outputs may name one buffer; an output may be an input's buffer.
 * `prepare` depends on `param:` inputs only: it need run again only when one of them changed.
 * Every buffer is an input, or written by exactly one kernel, scan collect, scan sum, scan final,
 * or bound by one scan carry or slice; nothing is read before it is written.
 */
export interface Program {
  readonly buffers: readonly Buffer[];
  readonly inputs: readonly { readonly name: string; readonly buffer: BufferId }[];
  readonly outputs: readonly { readonly name: string; readonly buffer: BufferId }[];
  readonly prepare: readonly Stage[];
  readonly stages: readonly Stage[];
}
