/** @file How far a state reaches along one run. In: a loop's session, a run. Out: log ‖∂s_T/∂s_{T-lag}‖₂ and the log
 *  norm of the gradient, for every lag. Products are rescaled as they go: none under- or overflows. */
import { MOST } from "../../compiler/analyse/measuring.ts";
import { random } from "../../runtime/random.ts";
import { compressed } from "./compress.ts";
import { directions } from "./directions.ts";
import {
  all,
  type Blocks,
  joined,
  largest,
  rowsOf,
  scaledBy,
  split,
  stacked,
  units,
  widthOf,
} from "./rows.ts";
import type { LoopSession, Run } from "./session.ts";
import { norm, topSingular } from "./top-singular.ts";

export interface Reach {
  /** Natural logarithms by lag, from 1 on; −∞ where the norm is 0. */
  readonly norms: readonly number[];
  /** Of ∂L/∂s_{T-lag}, where a gradient enters at the last step. */
  readonly gradient: readonly number[];
  /** Rows that the norms are of, where there are too many for all: then they may be low. Else null. */
  readonly directions: number | null;
}

/** Slots whose rows, or columns, the norm is of. */
export interface Choice {
  readonly rows: readonly boolean[];
  readonly columns: readonly boolean[];
}

/** Steps taken back at once; the rows that still matter are looked for after each chunk. */
const CHUNK = 24;
/** Numbers that one chunk of steps may write. */
const ROOM = 4e6;
/** A product whose largest element leaves these is rescaled before it goes on. */
const [SMALL, LARGE] = [1e-12, 1e12];
/** What compressing may drop, relative to the product: the rounding that products of either precision have. */
const DROPPED = { f32: 3e-6, f64: 1e-15 } as const;

/**
 * The rows of P = ∂s_T/∂s_{T-lag} are adjoints of unit vectors, taken back a step at a time: P_{lag+1} = P_lag J. Rows
 * that no longer matter to any norm go (see compress.ts). The gradient is one row more, from `entering`: ∂L/∂s
 * before the last step, slot by slot. Of more than `most` rows, those of the leading directions stand for all.
 */
export async function reach(
  session: LoopSession,
  run: Run,
  { rows: chosen, columns }: Choice,
  entering: Blocks,
  onLag: (lag: number) => void,
  most = MOST,
): Promise<Reach> {
  const { slots } = session.m;
  const every = all(slots);
  const norms: number[] = [];
  const gradient: number[] = [];
  const measure = measurer(widthOf(slots, columns));

  const isWide = widthOf(slots, chosen) > most;
  const start = isWide
    ? await directions(session, run, { rows: chosen, columns })
    : { rows: units(slots, chosen), count: widthOf(slots, chosen) };
  let { rows: p, count } = start;
  let g: Blocks = slots.map((s) => new Float64Array(s.size));
  let [logP, logG] = [0, 0];
  const room = (): number => Math.max(1, Math.floor(ROOM / ((count + 1) * widthOf(slots, every))));
  for (let lag = 1; lag <= run.steps; ) {
    const length = lag === 1 ? 1 : Math.min(CHUNK, room(), run.steps - lag + 1);
    const taken = await session.back(run, stacked(p, g), count + 1, lag, length);
    for (let k = 0; k < length; k++, lag++) {
      const first = k * (count + 1);
      p = rowsOf(taken, slots, first, first + count);
      g = lag === 1 ? entering : rowsOf(taken, slots, first + count, first + count + 1);
      norms.push(logP + Math.log(measure(joined(p, slots, columns), count)));
      gradient.push(logG + Math.log(norm(joined(g, slots, every))));
      onLag(lag);
      const sizes = [largest(p), largest(g)];
      if (sizes.some((x) => x !== 0 && !(x > SMALL && x < LARGE))) {
        lag++;
        break;
      }
    }
    const small = compressed(
      joined(p, slots, every),
      count,
      widthOf(slots, every),
      DROPPED[session.precision],
    );
    if (small !== null) {
      p = split(small.data, slots);
      count = small.rows;
    }
    const [byP, byG] = [magnitude(p), magnitude(g)];
    p = scaledBy(p, 1 / byP);
    g = scaledBy(g, 1 / byG);
    logP += Math.log(byP);
    logG += Math.log(byG);
  }
  return { norms, gradient, directions: isWide ? start.count : null };
}

const magnitude = (blocks: Blocks): number => {
  const x = largest(blocks);
  return x > 0 && Number.isFinite(x) ? x : 1;
};

/** The largest singular value of matrices that change little from one to the next. */
function measurer(width: number): (p: Float64Array, rows: number) => number {
  const { normal } = random(0, "singular vector");
  const vector = Float64Array.from({ length: width }, normal);
  const length = norm(vector);
  let warm: Float64Array = vector;
  return (p, rows) => {
    // Some of everything beside what was found before: no direction is missed for ever.
    const start = warm.map((x, i) => x + (0.01 * vector[i]!) / length);
    const top = topSingular(p, rows, width, start);
    warm = top.vector;
    return top.value;
  };
}
