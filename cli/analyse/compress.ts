/** @file Fewer rows of the same norms. In: a matrix. Out: one of as many rows as matter, R of P Π = Q R: Q is
 *  orthogonal, so every product R A has the norm of P A. Golub & Van Loan 2013, section 5.4.2 (column pivoting). */
import { dot, subtract } from "./top-singular.ts";

/**
 * `p` is row-major [rows][columns]; null where no row would go. What is dropped has at most `tolerance` times the
 * Frobenius norm of P: below the rounding of the numbers that P was made from.
 */
export function compressed(
  p: Float64Array,
  rows: number,
  columns: number,
  tolerance: number,
): { readonly data: Float64Array; readonly rows: number } | null {
  const vectors = Array.from({ length: columns }, (_, j) =>
    Float64Array.from({ length: rows }, (_, i) => p[i * columns + j]!),
  );
  const squares = vectors.map((v) => dot(v, v));
  const total = squares.reduce((s, x) => s + x, 0);
  const done = new Set<number>();
  const kept: Float64Array[] = [];
  for (;;) {
    const pivot = largest(squares, done);
    const rest = squares.reduce((s, x, j) => (done.has(j) ? s : s + x), 0);
    if (pivot === null || rest <= tolerance * tolerance * total) break;
    if (kept.length >= 0.9 * rows) return null;
    const length = Math.sqrt(dot(vectors[pivot]!, vectors[pivot]!));
    if (length === 0) break;
    const q = vectors[pivot]!.map((x) => x / length);
    const row = new Float64Array(columns);
    for (const [j, v] of vectors.entries()) {
      if (done.has(j)) continue;
      row[j] = dot(q, v);
      subtract(v, q, row[j]!);
      squares[j] = dot(v, v); // computed anew: a running difference would cancel
    }
    done.add(pivot);
    kept.push(row);
  }
  const data = new Float64Array(kept.length * columns);
  for (const [k, row] of kept.entries()) data.set(row, k * columns);
  return { data, rows: kept.length };
}

function largest(squares: readonly number[], done: ReadonlySet<number>): number | null {
  let best: number | null = null;
  for (const [j, x] of squares.entries())
    if (!done.has(j) && (best === null || x > squares[best]!)) best = j;
  return best;
}
