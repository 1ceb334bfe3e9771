/** @file The largest |eigenvalue| of a small matrix. In: rows. Out: the radius, or infinity where an element
 *  is no finite number. */

const DOUBLINGS = 10;

/**
 * lim ‖Aᵏ‖^(1/k) (Gelfand 1941) at k = 2¹⁰, by squaring: never below the radius, above it by a factor of
 * at most κ^(1/1024), κ the condition of the eigenvectors.
 */
export function spectralRadius(matrix: readonly (readonly number[])[]): number {
  if (matrix.some((row) => row.some((x) => !Number.isFinite(x)))) return Number.POSITIVE_INFINITY;
  let power = matrix;
  /** log of what has been divided out of `power`. */
  let scale = 0;
  for (let i = 0; i < DOUBLINGS; i++) {
    const size = norm(power);
    if (size === 0) return 0;
    const unit = power.map((row) => row.map((x) => x / size));
    scale = 2 * (scale + Math.log(size));
    power = unit.map((row) =>
      unit.map((_, j) => row.reduce((sum, x, k) => sum + x * unit[k]![j]!, 0)),
    );
  }
  const size = norm(power);
  return size === 0 ? 0 : Math.exp((scale + Math.log(size)) / 2 ** DOUBLINGS);
}

/** ‖A‖∞: the largest sum of |elements| of a row. */
const norm = (matrix: readonly (readonly number[])[]): number =>
  Math.max(...matrix.map((row) => row.reduce((sum, x) => sum + Math.abs(x), 0)));
