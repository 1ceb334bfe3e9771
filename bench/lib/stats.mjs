// @ts-check
/** @file Numbers of numbers. In: samples, points. Out: medians, exponents. Pure. */

/**
 * The middle value, or the mean of the two in the middle; NaN of nothing.
 * @param {readonly number[]} values
 */
export function median(values) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((x, y) => x - y);
  const m = sorted.length >> 1;
  const [low, high] = [sorted[m - 1] ?? Number.NaN, sorted[m] ?? Number.NaN];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/**
 * p of y ≈ a·xᵖ by least squares over (ln x, ln y); null of fewer than two x > 0 with y > 0.
 * @param {readonly (readonly [x: number, y: number])[]} points
 * @returns {number | null}
 */
export function exponent(points) {
  const logs = points
    .filter(([x, y]) => x > 0 && y > 0)
    .map(([x, y]) => /** @type {const} */ ([Math.log(x), Math.log(y)]));
  const mean = (/** @type {0 | 1} */ axis) =>
    logs.reduce((sum, p) => sum + p[axis], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  const spread = logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  if (!(spread > 0)) return null;
  return logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / spread;
}

/**
 * The exponent over the upper half of the points, where fixed costs are small beside the growing ones.
 * @param {readonly (readonly [x: number, y: number])[]} points
 */
export function upperExponent(points) {
  const sorted = [...points].sort((p, q) => p[0] - q[0]);
  return exponent(sorted.slice(Math.max(0, Math.min(sorted.length >> 1, sorted.length - 2))));
}

/**
 * Three significant digits, with k and M: 1234567 → "1.23M".
 * @param {number | null | undefined} x
 */
export function short(x) {
  if (x === null || x === undefined || !Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  if (size >= 1e6) return `${(x / 1e6).toPrecision(3)}M`;
  if (size >= 1e4) return `${Math.round(x / 1e3)}k`;
  if (size >= 100) return String(Math.round(x));
  return x === 0 ? "0" : x.toPrecision(3);
}
