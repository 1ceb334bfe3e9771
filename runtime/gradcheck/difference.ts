/** @file Derivatives from values alone. In: a function of one displacement. Out: the derivative at 0 by
 *  differences that agrees best with a claim, and whether there is one at all. */

/** The loss where one element is moved by `delta`: its value, and Σ|terms| it was summed from. */
export type Loss = (delta: number) => Promise<{ readonly value: number; readonly size: number }>;

export interface Difference {
  readonly numeric: number;
  /** |claim − numeric| beyond the rounding of the difference, over `scale` or the larger of the two. */
  readonly error: number;
  /** The one-sided differences disagree, and go on doing so closer up. */
  readonly kink: boolean;
}

/**
 * Differences of fourth order, (8 (f(h) − f(−h)) − (f(2h) − f(−2h))) / 12h, error h⁴ f⁽⁵⁾ / 30, then of
 * second order with smaller and smaller h, until one agrees with `claim` to a hundredth of `tolerance`;
 * the nearest counts. A kink near by spoils those that reach over it; a wrong claim agrees with none. What agrees to within the
 * rounding of the difference, 8 · 2⁻⁵² · Σ|terms| / h, counts as equal; a smaller step whose rounding
 * is above the tolerance tells nothing and is not asked. Steps are relative to max(1, |x|).
 */
export async function difference(
  loss: Loss,
  claim: number,
  x: number,
  scale: number,
  tolerance: number,
): Promise<Difference> {
  const unit = Math.max(1, Math.abs(x));
  let best: { numeric: number; error: number } | null = null;
  for (const { h, order } of STEPS) {
    const { numeric, size } =
      order === 4 ? await fourth(loss, h * unit) : await second(loss, h * unit);
    const noise = (ROUNDING * size) / (h * unit);
    const allowed = tolerance * Math.max(Math.abs(claim), Math.abs(numeric), scale);
    if (best !== null && noise > allowed) break;
    const error = relative(claim, numeric, scale, noise);
    if (best === null || error < best.error) best = { numeric, error };
    if (error <= tolerance / 100) break;
  }
  const kink = best!.error > tolerance && (await isKink(loss, unit, tolerance * scale));
  return { ...best!, kink };
}

const STEPS = [
  { h: 1e-3, order: 4 },
  { h: 1e-4, order: 4 },
  { h: 1e-5, order: 2 },
  { h: 1e-6, order: 2 },
  { h: 1e-7, order: 2 },
] as const;

const ROUNDING = 8 * 2 ** -52;

interface Quotient {
  readonly numeric: number;
  readonly size: number;
}

async function second(loss: Loss, h: number): Promise<Quotient> {
  const [up, down] = [await loss(h), await loss(-h)];
  return { numeric: (up.value - down.value) / (2 * h), size: up.size };
}

async function fourth(loss: Loss, h: number): Promise<Quotient> {
  const [near, far] = [await second(loss, h), await second(loss, 2 * h)];
  return { numeric: (4 * near.numeric - far.numeric) / 3, size: near.size };
}

function relative(claim: number, numeric: number, scale: number, noise: number): number {
  const gap = Math.abs(claim - numeric);
  if (Number.isNaN(gap)) return Number.POSITIVE_INFINITY;
  if (gap <= noise) return 0;
  return (gap - noise) / Math.max(Math.abs(claim), Math.abs(numeric), scale);
}

/** Of a smooth loss the one-sided differences are h f″ apart: ten times closer, a tenth of the gap. */
async function isKink(loss: Loss, unit: number, least: number): Promise<boolean> {
  const middle = await loss(0);
  const gap = async (h: number): Promise<number> => {
    const [up, down] = [await loss(h), await loss(-h)];
    return Math.abs(up.value - middle.value - (middle.value - down.value)) / h;
  };
  const [wide, close] = [await gap(1e-5 * unit), await gap(1e-6 * unit)];
  return close > least + (ROUNDING * middle.size) / (1e-6 * unit) && close > wide / 3;
}
