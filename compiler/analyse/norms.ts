/** @file Bounds of the spectral norm of a linear map. In: a map, bounds of its coefficients. Out: a number that its
 *  norm never exceeds, and, where that is infinite, the coefficient to blame. Golub & Van Loan 2013, section 2.3. */
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import type { NodeId } from "../ir/ir.ts";
import type { Interval } from "../ops/op.ts";
import type { Coefficients } from "./coefficients.ts";
import type { Linear, Shape } from "./linear.ts";

export interface Norms {
  readonly c: Coefficients;
  readonly range: (id: NodeId) => Interval;
  readonly constant: (id: NodeId) => Float64Array | null;
  /** Memo of norms of matrices by node. */
  readonly spectral: Map<NodeId, number>;
}

export interface Bounded {
  readonly norm: number;
  /** The coefficient without a bound; null where the norm is finite. */
  readonly unbounded: NodeId | null;
}

/** Rounding in a decomposition never takes a bound below the norm. */
const MARGIN = 1 + 1e-12;

export function normOf(n: Norms, l: Linear): Bounded {
  switch (l.kind) {
    case "scale":
      return bounded(largest(n, l.by), l.by);
    case "matrix":
      return bounded(spectralOf(n, l.of), l.of);
    case "column":
      return bounded(euclidean(n, l.of, l.rows), l.of);
    case "row":
      return bounded(euclidean(n, l.of, l.cols), l.of);
    case "part":
    case "pad":
    case "permute":
      return { norm: 1, unbounded: null };
    case "repeat":
      return bounded(Math.sqrt(count(l.rows) / count(l.cols)), null);
    case "add":
      return bounded(Math.sqrt(count(l.cols) / count(l.rows)), null);
    case "contract":
      return bounded(euclidean(n, l.of, n.c.b.type(l.of).shape), l.of);
    case "product":
      return product(l.factors.map((f) => normOf(n, f)));
    case "sum":
      return sum(l.terms.map((t) => normOf(n, t)));
  }
}

function bounded(norm: number, id: NodeId | null): Bounded {
  return Number.isFinite(norm)
    ? { norm, unbounded: null }
    : { norm: Number.POSITIVE_INFINITY, unbounded: id };
}

/** ‖A B‖ ≤ ‖A‖ ‖B‖; a zero factor makes a zero, whatever the others. */
export function product(parts: readonly Bounded[]): Bounded {
  if (parts.some((p) => p.norm === 0)) return { norm: 0, unbounded: null };
  const blamed = parts.find((p) => !Number.isFinite(p.norm));
  return blamed ?? { norm: parts.reduce((x, p) => x * p.norm, 1), unbounded: null };
}

/** ‖A + B‖ ≤ ‖A‖ + ‖B‖. */
export function sum(parts: readonly Bounded[]): Bounded {
  const blamed = parts.find((p) => !Number.isFinite(p.norm));
  return blamed ?? { norm: parts.reduce((x, p) => x + p.norm, 0), unbounded: null };
}

function largest(n: Norms, id: NodeId): number {
  const { lo, hi } = n.range(id);
  return Math.max(Math.abs(lo), Math.abs(hi));
}

/** ‖v‖₂: of the numbers themselves where they are known, else √count times the largest. */
function euclidean(n: Norms, id: NodeId, shape: Shape): number {
  const values = n.constant(id);
  const size = count(shape);
  if (values !== null && values.length === size)
    return Math.sqrt(values.reduce((all, x) => all + x * x, 0)) * MARGIN;
  const most = largest(n, id);
  return most === 0 ? 0 : Math.sqrt(size) * most;
}

/** ‖M‖₂: of the numbers where they are known, else √(rows · columns) times the largest. */
function spectralOf(n: Norms, id: NodeId): number {
  const there = n.spectral.get(id);
  if (there !== undefined) return there;
  const values = n.constant(id);
  const { shape } = n.c.b.type(id);
  const norm =
    values === null ? euclidean(n, id, shape) : spectralNorm(values, Number(shape[0])) * MARGIN;
  n.spectral.set(id, norm);
  return norm;
}

/** The largest singular value of a matrix, row-major. */
export function spectralNorm(values: Float64Array, rows: number): number {
  if (rows === 0 || values.length === 0) return 0;
  const matrix = Matrix.from1DArray(rows, values.length / rows, [...values]);
  return new SingularValueDecomposition(matrix, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  }).norm2;
}

function count(shape: Shape): number {
  return shape.reduce<number>((n, d) => n * Number(d), 1);
}
