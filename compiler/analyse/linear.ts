/** @file Linear maps between feature tensors, with coefficients that are nodes of a graph. In: nothing. Out: the
 *  maps and what is plain to see of one. Never knows which op a map came from, nor a name. */
import type { Builder } from "../ir/builder.ts";
import type { Dim, NodeId } from "../ir/ir.ts";
import type { Coefficients } from "./coefficients.ts";

export type Shape = readonly Dim[];

/** `rows` is the shape of results, `cols` of arguments. Vectors and matrices as usual; `scale` is elementwise. */
export type Linear =
  /** v ↦ by ∗ v, elementwise; `by` is a scalar or of v's shape, or repeats over v's leading axes. */
  | { readonly kind: "scale"; readonly by: NodeId; readonly rows: Shape; readonly cols: Shape }
  /** v ↦ M v, or Mᵀ v. */
  | {
      readonly kind: "matrix";
      readonly of: NodeId;
      readonly transposed: boolean;
      readonly rows: Shape;
      readonly cols: Shape;
    }
  /** s ↦ s c: from a scalar. */
  | { readonly kind: "column"; readonly of: NodeId; readonly rows: Shape; readonly cols: Shape }
  /** v ↦ Σ r ∗ v: to a scalar. */
  | { readonly kind: "row"; readonly of: NodeId; readonly rows: Shape; readonly cols: Shape }
  | Structure
  /** factors[0] is applied last. At least two. */
  | {
      readonly kind: "product";
      readonly factors: readonly Linear[];
      readonly rows: Shape;
      readonly cols: Shape;
    }
  /** No terms: the map to zero. */
  | {
      readonly kind: "sum";
      readonly terms: readonly Linear[];
      readonly rows: Shape;
      readonly cols: Shape;
    };

/** Maps that only move, copy or add elements; and sums of products with axes of any number. */
export type Structure =
  | {
      readonly kind: "part";
      readonly axis: number;
      readonly from: number;
      readonly rows: Shape;
      readonly cols: Shape;
    }
  | {
      readonly kind: "pad";
      readonly axis: number;
      readonly before: number;
      readonly rows: Shape;
      readonly cols: Shape;
    }
  /** Axis i of the result is axis perm[i] of the argument. */
  | {
      readonly kind: "permute";
      readonly perm: readonly number[];
      readonly rows: Shape;
      readonly cols: Shape;
    }
  /** New axes at these positions of the result. */
  | {
      readonly kind: "repeat";
      readonly axes: readonly number[];
      readonly rows: Shape;
      readonly cols: Shape;
    }
  /** Sums over these axes of the argument. */
  | {
      readonly kind: "add";
      readonly axes: readonly number[];
      readonly rows: Shape;
      readonly cols: Shape;
    }
  /** y[out] = Σ v[arg] m[by], over the labels that out lacks. */
  | {
      readonly kind: "contract";
      readonly of: NodeId;
      readonly arg: string;
      readonly by: string;
      readonly out: string;
      readonly rows: Shape;
      readonly cols: Shape;
    };

export function identity(c: Coefficients, shape: Shape): Linear {
  return { kind: "scale", by: c.b.lit(1), rows: shape, cols: shape };
}

export const zero = (rows: Shape, cols: Shape): Linear => ({ kind: "sum", terms: [], rows, cols });

export function isZero(l: Linear): boolean {
  return l.kind === "sum" && l.terms.length === 0;
}

export function isIdentity(c: Coefficients, l: Linear): boolean {
  if (l.kind !== "scale") return false;
  const by = c.b.node(l.by);
  return by.kind === "const" && by.value === 1;
}

/** Is `by` of a scale one number for all elements? */
export function isScalar(b: Builder, by: NodeId): boolean {
  return b.type(by).shape.length === 0;
}

/** Equal text, equal map. */
export function key(l: Linear): string {
  return JSON.stringify(l);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

export function factorsOf(l: Linear): readonly Linear[] {
  return l.kind === "product" ? l.factors : [l];
}
