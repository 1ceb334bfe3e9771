/** @file A self-attention layer of a cell's widths. In: its widths. Out: work, memory and
 *  depth of the layer, and the length at which one formula passes another. One head; Vaswani et al. 2017
 *  (arXiv:1706.03762), eq. 1: softmax(Q Kᵀ / √W) V with Q, K, V, output projections; every pair of steps. */
import { at, constant, type Formula, plus, product, times } from "../6-schedule/formula.ts";

/** Features of a step: in and out of the cell. */
export interface Widths {
  readonly input: Formula;
  readonly output: Formula;
}

/** Per sample; T is the length, or the steps so far of a stream. Bytes are of float32. */
export interface AttentionCost {
  readonly parameters: Formula;
  /** All steps at once. */
  readonly flops: Formula;
  /** What its gradient needs until the backward pass: input, Q, K, V, the T × T weights, context, output. */
  readonly training: Formula;
  /** Kernels one after another: projections, scores, softmax, context, output. */
  readonly depth: number;
  /** Keys and values of the T steps so far. */
  readonly cache: Formula;
  /** The T-th step of a stream. */
  readonly stepFlops: Formula;
}

/** Scale, maximum, difference, exponential, sum, quotient of each score. */
const SOFTMAX = 6;

export function attentionCost({ input: D, output: W }: Widths): AttentionCost {
  const T = (f: Formula): Formula => times(f, ["T"]);
  const parameters = plus(product(product(constant(3), D), W), product(W, W));
  const projections = product(constant(2), parameters);
  const pair = plus(product(constant(4), W), constant(SOFTMAX));
  return {
    parameters,
    flops: plus(T(projections), T(T(pair))),
    training: plus(
      product(constant(4), T(plus(D, product(constant(5), W)))),
      times(constant(4), ["T", "T"]),
    ),
    depth: 5,
    cache: T(product(constant(8), W)),
    stepFlops: plus(projections, T(pair)),
  };
}

/**
 * The smallest T ≥ 1 from which on `more` is at least `less`; null: never. Both of T alone, and their
 * difference of one sign up to somewhere and of the other after, as a constant, T and T² make it.
 */
export function crossing(less: Formula, more: Formula): number | null {
  const excess = (T: number): number => at(more, { T }) - at(less, { T });
  if (excess(LONGEST) < 0) return null;
  let [low, high] = [0, LONGEST];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (excess(middle) >= 0) high = middle;
    else low = middle;
  }
  return high;
}

const LONGEST = 2 ** 40;
