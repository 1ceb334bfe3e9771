/** @file The leading Lyapunov exponents of a run. In: a loop's session, a run. Out: mean logarithmic growth a step, the
 *  largest first. Benettin, Galgani, Giorgilli & Strelcyn 1980, Meccanica 15, part 2 (QR). */
import { random } from "../../runtime/random.ts";
import { all, joined, rowsOf, split, widthOf } from "./rows.ts";
import type { LoopSession, Run } from "./session.ts";
import { orthonormal } from "./orthonormal.ts";

/** Steps between two orthogonalisations. */
const EVERY = 8;

/**
 * Rows are taken back and made orthonormal every few steps; the mean logarithm of their lengths is the exponent. The
 * transposed products have the exponents of the products. The first tenth of the way lets the rows align.
 */
export async function lyapunov(
  session: LoopSession,
  run: Run,
  wanted: number,
): Promise<readonly number[]> {
  const { slots } = session.m;
  const every = all(slots);
  const width = widthOf(slots, every);
  const count = Math.min(wanted, width);
  const { normal } = random(0, "lyapunov");
  const start = Array.from({ length: count }, () => Float64Array.from({ length: width }, normal));
  let q = orthonormal(start).rows;
  const sums = new Float64Array(count);
  let counted = 0;
  const alignment = Math.floor(run.steps / 10);
  for (let lag = 1; lag <= run.steps; lag += EVERY) {
    const length = Math.min(EVERY, run.steps - lag + 1);
    const flat = new Float64Array(count * width);
    for (const [i, row] of q.entries()) flat.set(row, i * width);
    const taken = await session.back(run, split(flat, slots), count, lag, length);
    const last = joined(rowsOf(taken, slots, (length - 1) * count, length * count), slots, every);
    const next = orthonormal(q.map((_, r) => last.slice(r * width, (r + 1) * width)));
    q = next.rows;
    if (lag <= alignment) continue;
    for (const [i, x] of next.lengths.entries()) sums[i] = sums[i]! + Math.log(x);
    counted += length;
  }
  return counted === 0 ? [] : [...sums].map((s) => s / counted).sort((a, b) => b - a);
}
