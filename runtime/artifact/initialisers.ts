/** @file The initialisers' names and arguments: the vocabulary the compiler checks `~ name(…)` against
 *  and the border accepts. In: nothing. Out: a table. Never draws: `runtime/initialise.ts` does. */

export interface ArgSpec {
  readonly name: string;
  /** Taken when the argument is left out; null: it must be given. */
  readonly default: number | null;
  /** The value must be within. */
  readonly from: number;
  readonly to: number;
}

export interface InitialiserSpec {
  /** What the elements are; one sentence, with its source. */
  readonly doc: string;
  /** In the order of positional arguments. */
  readonly args: readonly ArgSpec[];
}

const LARGE = 1e6;
const any = (name: string, fallback: number | null): ArgSpec => ({
  name,
  default: fallback,
  from: -LARGE,
  to: LARGE,
});
const positive = (name: string, fallback: number | null): ArgSpec => ({
  name,
  default: fallback,
  from: 0,
  to: LARGE,
});
const GAIN: readonly ArgSpec[] = [any("gain", 1)];

/**
 * fan_in and fan_out of a shape: [out, in, …rest] has fan_in = in · rest, fan_out = out; a vector [n]
 * has both n, a scalar both 1.
 */
export const INITIALISERS = {
  zeros: { doc: "All 0.", args: [] },
  ones: { doc: "All 1.", args: [] },
  const: { doc: "All `value`.", args: [any("value", null)] },
  uniform: { doc: "Uniform on [low, high).", args: [any("low", null), any("high", null)] },
  normal: {
    doc: "Normal with standard deviation `std` around `mean`.",
    args: [any("mean", 0), positive("std", 1)],
  },
  truncated_normal: {
    doc: "Normal, drawn again until within two `std` of `mean`.",
    args: [any("mean", 0), positive("std", 1)],
  },
  glorot_uniform: {
    doc: "Uniform, variance 2 / (fan_in + fan_out). Glorot & Bengio 2010, eq. 16.",
    args: GAIN,
  },
  glorot_normal: {
    doc: "Normal, variance 2 / (fan_in + fan_out). Glorot & Bengio 2010.",
    args: GAIN,
  },
  he_uniform: { doc: "Uniform, variance 2 / fan_in. He et al. 2015, eq. 10.", args: GAIN },
  he_normal: { doc: "Normal, variance 2 / fan_in. He et al. 2015, eq. 10.", args: GAIN },
  lecun_uniform: { doc: "Uniform, variance 1 / fan_in. LeCun et al. 1998, eq. 16.", args: GAIN },
  lecun_normal: { doc: "Normal, variance 1 / fan_in. LeCun et al. 1998, eq. 16.", args: GAIN },
  orthogonal: {
    doc: "Orthonormal rows or columns, whichever are fewer, uniformly distributed. Saxe et al. 2014; Mezzadri 2007.",
    args: GAIN,
  },
  identity: { doc: "`gain` on the main diagonal, 0 elsewhere. Le et al. 2015.", args: GAIN },
  chrono: {
    doc: "log(u), u uniform on [1, T_max − 1): a forget gate's bias for memory up to T_max steps. Tallec & Ollivier 2018, eq. 16.",
    args: [{ name: "T_max", default: null, from: 2, to: 1e9 }],
  },
  fan_in_uniform: {
    doc: "Uniform on ±gain / √fan_in: torch's default for linear layers.",
    args: GAIN,
  },
} as const satisfies Record<string, InitialiserSpec>;

export type InitialiserName = keyof typeof INITIALISERS;
