/** @file The largest singular value of a matrix. In: its rows, a vector to start from. Out: the value and its right
 *  vector. By Lanczos' recurrence on AᵀA with full reorthogonalisation. Golub & Van Loan 2013, section 10.4. */

export interface TopSingular {
  readonly value: number;
  /** Unit right singular vector, to start the next from. */
  readonly vector: Float64Array;
}

/** Steps after which the value is taken as it is: with fewer columns it is exact before. */
const STEPS = 80;
/** Relative change of the value's square in a step below which it has settled. */
const SETTLED = 1e-11;

/** `a` is row-major [rows][columns]; `start` need not be a unit vector. */
export function topSingular(
  a: Float64Array,
  rows: number,
  columns: number,
  start: Float64Array,
): TopSingular {
  const basis: Float64Array[] = [];
  const [alphas, betas]: [number[], number[]] = [[], []];
  let v = unit(start);
  let value = 0;
  let settled = 0;
  for (let k = 0; k < Math.min(columns, STEPS); k++) {
    basis.push(v);
    const w = gram(a, rows, columns, v);
    alphas.push(dot(v, w));
    for (const u of basis) subtract(w, u, dot(u, w));
    for (const u of basis) subtract(w, u, dot(u, w));
    const next = largestEigenvalue(alphas, betas);
    settled = Math.abs(next - value) <= SETTLED * next ? settled + 1 : 0;
    value = next;
    const beta = norm(w);
    if (settled >= 2 || beta <= 1e-14 * Math.sqrt(Math.abs(value)) || beta === 0) break;
    betas.push(beta);
    v = w.map((x) => x / beta);
  }
  const weights = eigenvector(alphas, betas, value);
  const vector = new Float64Array(columns);
  for (const [k, u] of basis.entries()) subtract(vector, u, -weights[k]!);
  return { value: Math.sqrt(Math.max(0, value)), vector: unit(vector) };
}

/** Aᵀ (A v), two rows at a time. */
function gram(a: Float64Array, rows: number, columns: number, v: Float64Array): Float64Array {
  const w = new Float64Array(columns);
  for (let i = 0; i < rows; i += 2) {
    const [p, q] = [i * columns, (i + 1) * columns];
    const isPair = i + 1 < rows;
    let [y, z] = [0, 0];
    for (let j = 0; j < columns; j++) {
      y += a[p + j]! * v[j]!;
      if (isPair) z += a[q + j]! * v[j]!;
    }
    for (let j = 0; j < columns; j++) w[j] = w[j]! + a[p + j]! * y + (isPair ? a[q + j]! * z : 0);
  }
  return w;
}

/** Of the symmetric tridiagonal matrix, by bisection on Sturm counts. */
function largestEigenvalue(diagonal: readonly number[], off: readonly number[]): number {
  const radius = (i: number): number => Math.abs(off[i - 1] ?? 0) + Math.abs(off[i] ?? 0);
  let hi = Math.max(...diagonal.map((d, i) => d + (i < diagonal.length ? radius(i) : 0)));
  let lo = Math.max(...diagonal);
  for (let turn = 0; turn < 60 && hi - lo > 1e-15 * hi; turn++) {
    const middle = (lo + hi) / 2;
    if (hasAbove(diagonal, off, middle)) lo = middle;
    else hi = middle;
  }
  return hi;
}

/** Is there an eigenvalue above x: a positive pivot of T − x I? */
function hasAbove(diagonal: readonly number[], off: readonly number[], x: number): boolean {
  let pivot = 1;
  for (const [i, d] of diagonal.entries()) {
    const b = i === 0 ? 0 : off[i - 1]!;
    pivot = d - x - (b * b) / pivot;
    if (pivot > 0) return true;
    if (pivot === 0) pivot = -Number.MIN_VALUE;
  }
  return false;
}

/** Of T for an eigenvalue, by two turns of inverse iteration. */
function eigenvector(
  diagonal: readonly number[],
  off: readonly number[],
  value: number,
): readonly number[] {
  const n = diagonal.length;
  const shift = value * (1 + 1e-12) + Number.MIN_VALUE;
  let x: readonly number[] = diagonal.map(() => 1 / Math.sqrt(n));
  for (let turn = 0; turn < 2; turn++) {
    const [c, d]: [number[], number[]] = [[], []];
    for (let i = 0; i < n; i++) {
      const b = i === 0 ? 0 : off[i - 1]!;
      const pivot = diagonal[i]! - shift - b * (c[i - 1] ?? 0) || -Number.EPSILON * shift;
      c.push((off[i] ?? 0) / pivot);
      d.push((x[i]! - b * (d[i - 1] ?? 0)) / pivot);
    }
    const y = [...d];
    for (let i = n - 2; i >= 0; i--) y[i] = d[i]! - c[i]! * y[i + 1]!;
    const length = Math.hypot(...y);
    if (!(length > 0) || !Number.isFinite(length)) return x;
    x = y.map((v) => v / length);
  }
  return x;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let s = 0;
  for (let i = 0; i < a.length; i++) s += a[i]! * b[i]!;
  return s;
}

export const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));

/** a −= s b. */
export function subtract(a: Float64Array, b: Float64Array, s: number): void {
  for (let i = 0; i < a.length; i++) a[i] = a[i]! - s * b[i]!;
}

function unit(a: Float64Array): Float64Array {
  const length = norm(a);
  return length > 0 ? a.map((x) => x / length) : a.map((_, i) => (i === 0 ? 1 : 0));
}
