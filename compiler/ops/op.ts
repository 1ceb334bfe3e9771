/** @file What an op is. In: nothing. Out: the interface of every file in `ops/`: type rule, float64
 *  value, derivative, kernel code and documentation in one place. */
import type { Attrs, Dim, NodeId, Tensor } from "../ir/ir.ts";
import type { Builder } from "../ir/builder.ts";
import type { Expr } from "../../runtime/artifact/kernel.ts";

/** Why a type rule refuses; `arg` is the argument to put the carets under, null for the whole. */
export interface Refusal {
  readonly refused: string;
  readonly arg: number | null;
}

/** A feature tensor in float64, row-major; the interpreter maps over steps and samples. */
export interface Value {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Where a derivative is built. `b` appends to the graph; `args`, `y`, `dy` are its nodes. */
export interface VjpContext {
  readonly b: Builder;
  readonly args: readonly NodeId[];
  readonly y: NodeId;
  /** Adjoint of y, of y's type. */
  readonly dy: NodeId;
  readonly attrs: Attrs;
}

/** How tests sample an op. */
export interface Probe {
  readonly cases: readonly ProbeCase[];
  readonly from: number;
  readonly to: number;
  /** Values at which value and emitted code must still be right (finite, or the limit). */
  readonly extremes?: readonly number[];
  /** Relative error allowed between the derivative and central differences, in float64. */
  readonly tolerance: number;
  /** |x − kink| kept above 1e-3 when sampling: where the derivative jumps. */
  readonly kinks?: readonly number[];
}

/** One call: its arguments' types, which vary over nothing unless `seqs`, `batches` say so, and its attrs. */
export interface ProbeCase {
  readonly shapes: readonly (readonly Dim[])[];
  readonly seqs?: readonly (string | null)[];
  readonly batches?: readonly boolean[];
  readonly dtypes?: readonly ("real" | "index")[];
  /** Arguments that are lengths: whole numbers in [0, T]. */
  readonly lengths?: readonly boolean[];
  readonly attrs?: Attrs;
}

interface OpBase {
  /** The name users write, when it may be called in a spec; null for ops only the compiler makes. */
  readonly spec: { readonly call: string; readonly params: string } | null;
  /** Values a call takes (its node arguments), before its numeric `params`; null when that varies. */
  readonly arity: number | null;
  /** Numeric attributes a call may give by position after the values, or by name; null is no default. */
  readonly params: readonly Param[];
  /** Bounds of the result from bounds of the arguments: interval analysis. */
  readonly range: (x: readonly Interval[], attrs: Attrs) => Interval;
  /** The mathematics, shapes, ranges, source. First sentence is the summary. */
  readonly doc: string;
  readonly probe: Probe;
}

/**
 * Elementwise: y[i] = f(a[i], b[i], …) with scalar and trailing-axis broadcast; the result varies
 * over every sequence and batch that an argument varies over. Only `value`, `vjp`, `emit` differ.
 */
export interface MapOp extends OpBase {
  readonly form: "map";
  readonly arity: number;
  readonly value: (x: readonly number[], attrs: Attrs) => number;
  /** Adjoint of every argument before un-broadcasting (the differentiator sums what was broadcast); null for none. */
  readonly vjp: (c: VjpContext) => readonly (NodeId | null)[];
  readonly emit: (x: readonly Expr[], attrs: Attrs) => Expr;
}

export interface Param {
  readonly name: string;
  readonly default: number | null;
}

export interface Interval {
  readonly lo: number;
  readonly hi: number;
}

/**
 * Anything else (contract, sum, max, part, concat, …). `type` gives the result's full type.
 * `emit` is the kernel form: see `Lowering` in this file.
 */
export interface StructuredOp extends OpBase {
  readonly form: "structured";
  /** True of reductions: the backward pass saves their value rather than computing it again. */
  readonly reduces?: true;
  /** Attributes a builder may leave out. */
  readonly defaults: Attrs;
  readonly type: (args: readonly Tensor[], attrs: Attrs) => Tensor | Refusal;
  /** Float64 value over whole tensors, [seq][batch][...shape] all present axes; sizes gives T, B, S. */
  readonly value: (
    args: readonly WholeValue[],
    attrs: Attrs,
    result: WholeType,
    sizes: Sizes,
  ) => Float64Array;
  readonly vjp: (c: VjpContext) => readonly (NodeId | null)[];
  readonly emit: (c: Lowering) => Expr;
}

export interface WholeType {
  readonly type: Tensor;
  /** type's axes as numbers: [seq?][batch?][...shape]. */
  readonly extents: readonly number[];
}
export interface WholeValue extends WholeType {
  readonly data: Float64Array;
}
/** Run-time sizes by symbol: B, T, S, … */
export type Sizes = Readonly<Record<string, number>>;

/**
 * Kernel form of one result element. The element is addressed by `at`: an Expr for the step (null
 * when the result has no seq), the sample, and every feature axis. `load(i, address)` is argument i
 * at an address of its own; `sum`/`max` open a reduction over an extent and give its variable.
 */
export interface Lowering {
  readonly at: Address;
  readonly args: readonly Tensor[];
  readonly result: Tensor;
  readonly attrs: Attrs;
  readonly load: (arg: number, at: Address) => Expr;
  readonly reduce: (
    kind: "sum" | "max" | "min",
    extents: readonly Dim[],
    body: (vars: readonly Expr[]) => Expr,
  ) => Expr;
  /** The length of sequence `name` for the sample addressed, as a real. */
  readonly extent: (d: Dim) => Expr;
}
export interface Address {
  readonly step: Expr | null;
  readonly sample: Expr | null;
  readonly axes: readonly Expr[];
}

/** An op written as others: no value, derivative or code of its own. */
export interface CompoundOp extends OpBase {
  readonly form: "compound";
  readonly type: (args: readonly Tensor[], attrs: Attrs) => Tensor | Refusal;
  readonly expand: (b: Builder, args: readonly NodeId[], attrs: Attrs) => NodeId;
}

export type OpDef = MapOp | StructuredOp | CompoundOp;
