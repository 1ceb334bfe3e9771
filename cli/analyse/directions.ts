/** @file Directions of the last state that feel the past most. In: a loop too wide to take every row back. Out: rows
 *  that span the leading left singular vectors of ∂s_T/∂s_{T-lag} at many lags. By subspace iteration with products
 *  by the Jacobians and their transposes; no product is formed. Golub & Van Loan 2013, section 8.2.4. */
import { random } from "../../runtime/random.ts";
import { orthonormal } from "./orthonormal.ts";
import type { Choice } from "./reach.ts";
import { all, type Blocks, joined, rowsOf, split, widthOf } from "./rows.ts";
import type { LoopSession, Run } from "./session.ts";

/** Vectors of one lag. */
const BLOCK = 12;
/** Steps between two orthogonalisations: long products keep their span. */
const EVERY = 16;

/** Lags 1, 2, 4, …: each starts from what the one before found. Rows are orthonormal, slot by slot. */
export async function directions(
  session: LoopSession,
  run: Run,
  choice: Choice,
): Promise<{ readonly rows: Blocks; readonly count: number }> {
  const { slots } = session.m;
  const width = widthOf(slots, all(slots));
  const { normal } = random(0, "directions");
  const fresh = (count: number) =>
    Array.from({ length: count }, () => Float64Array.from({ length: width }, normal));
  const found: Float64Array[] = [];
  let u = masked(session, fresh(BLOCK), choice.rows);
  for (let lag = 1; ; lag = Math.min(2 * lag, run.steps)) {
    const turns = Math.max(2, Math.floor(24 / lag));
    u = masked(session, [...u.slice(0, BLOCK - 2), ...fresh(2)], choice.rows);
    for (let turn = 0; turn < turns; turn++) {
      const v = masked(session, await carried(session, run, u, lag, "back"), choice.columns);
      u = masked(session, await carried(session, run, v, lag, "forth"), choice.rows);
    }
    found.push(...u);
    if (lag === run.steps) break;
  }
  const { rows, lengths } = orthonormal(found);
  const kept = rows.filter((_, i) => lengths[i]! > 1e-6);
  return { rows: split(flat(kept, width), slots), count: kept.length };
}

type Rows = readonly Float64Array[];

/** Rows taken through `lag` steps, from the end or to it; of the result only the span is meant. */
async function carried(
  session: LoopSession,
  run: Run,
  start: Rows,
  lag: number,
  way: "back" | "forth",
): Promise<Rows> {
  const { slots } = session.m;
  const width = widthOf(slots, all(slots));
  let rows = start;
  for (let done = 0; done < lag; ) {
    const length = Math.min(EVERY, lag - done);
    const n = rows.length;
    const blocks = split(flat(rows, width), slots);
    const at = way === "back" ? 1 + done : 1 + lag - done - length;
    const taken = await session[way](run, blocks, n, at, length);
    const last = way === "forth" ? taken : rowsOf(taken, slots, (length - 1) * n, length * n);
    const data = joined(last, slots, all(slots));
    rows = orthonormal(rows.map((_, r) => data.slice(r * width, (r + 1) * width))).rows;
    done += length;
  }
  return rows;
}

/** Rows without the slots that are not meant, orthonormal. */
function masked({ m: { slots } }: LoopSession, rows: Rows, chosen: readonly boolean[]): Rows {
  const keep = slots.flatMap((s, i) => Array.from({ length: s.size }, () => chosen[i]));
  return orthonormal(rows.map((row) => row.map((x, k) => (keep[k] ? x : 0)))).rows;
}

function flat(rows: Rows, width: number): Float64Array {
  const data = new Float64Array(rows.length * width);
  for (const [i, row] of rows.entries()) data.set(row, i * width);
  return data;
}
