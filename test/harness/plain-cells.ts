/** @file Cells as plain loops over numbers: a second transcription of the papers, for the specs that no
 *  outside numbers exist for. In: parameters, input, states of one sample. Out: the next states and the
 *  output. Never the form the spec has where the paper gives another (mLSTM is here unstabilised). */

export type Vector = readonly number[];
export type Matrix = readonly Vector[];
export type State = number | Vector | Matrix;

/** Reads a parameter or state by name; throws where the spec has none such. */
export interface Names {
  scalar(name: string): number;
  vector(name: string): Vector;
  matrix(name: string): Matrix;
}

export interface PlainCell {
  readonly file: string;
  readonly dims: Readonly<Record<string, number>>;
  readonly output: string;
  /** States after the step, and the output under its name where it is not a state. `past(k)` is k steps back. */
  readonly step: (
    p: Names,
    x: Vector,
    past: (k: number) => Names,
  ) => Readonly<Record<string, State>>;
}

const zip = (f: (...x: number[]) => number, ...v: readonly Vector[]): Vector =>
  v[0]!.map((_, i) => f(...v.map((w) => w[i]!)));
const plus = (...v: readonly Vector[]): Vector => zip((...x) => x.reduce((a, b) => a + b, 0), ...v);
const times = (...v: readonly Vector[]): Vector =>
  zip((...x) => x.reduce((a, b) => a * b, 1), ...v);
const inner = (a: Vector, b: Vector): number => times(a, b).reduce((s, x) => s + x, 0);
const apply = (w: Matrix, v: Vector): Vector => w.map((row) => inner(row, v));
const map = (f: (x: number) => number, v: Vector): Vector => v.map(f);
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const tanh = (v: Vector): Vector => map(Math.tanh, v);
const sigmoid = (v: Vector): Vector => map(logistic, v);
/** g a + (1 - g) b. */
const mix = (g: Vector, a: Vector, b: Vector): Vector =>
  zip((w, x, y) => w * x + (1 - w) * y, g, a, b);

const lstm = (
  p: Names,
  x: Vector,
  old: Names,
  coupled: boolean,
): Readonly<Record<"h" | "c", Vector>> => {
  const [h, c] = [old.vector("h"), old.vector("c")];
  const gate = (g: string, cell: Vector): Vector =>
    sigmoid(
      plus(
        apply(p.matrix(`W_${g}`), x),
        apply(p.matrix(`U_${g}`), h),
        times(p.vector(`p_${g}`), cell),
        p.vector(`b_${g}`),
      ),
    );
  const f = gate("f", c);
  const i = coupled ? map((v) => 1 - v, f) : gate("i", c);
  const g = tanh(plus(apply(p.matrix("W_g"), x), apply(p.matrix("U_g"), h), p.vector("b_g")));
  const next = plus(times(f, c), times(i, g));
  return { c: next, h: times(gate("o", next), tanh(next)) };
};

/** (W - Wᵀ - γ I) h. */
const antisymmetric = (p: Names, h: Vector): Vector => {
  const w = p.matrix("W");
  return h.map((_, i) =>
    h.reduce((s, v, j) => s + (w[i]![j]! - w[j]![i]! - (i === j ? 0.01 : 0)) * v, 0),
  );
};

/** MUT's last line: the candidate of a reset state, let in by z. */
const mut = (p: Names, h: Vector, z: Vector, r: Vector, from: Vector): { h: Vector } => {
  const n = tanh(plus(apply(p.matrix("U_h"), times(r, h)), from, p.vector("b_h")));
  return { h: mix(z, n, h) };
};

export const PLAIN_CELLS: Readonly<Record<string, PlainCell>> = {
  CoupledPeepholeLSTM: {
    file: "peephole",
    dims: { D: 3, H: 4 },
    output: "h",
    step: (p, x, past) => lstm(p, x, past(1), true),
  },
  ElmanReLU: {
    file: "elman",
    dims: { D: 3, H: 4 },
    output: "h",
    step: (p, x, past) => {
      const a = plus(
        apply(p.matrix("W"), x),
        apply(p.matrix("U"), past(1).vector("h")),
        p.vector("b"),
      );
      return { h: map((v) => Math.max(v, 0), a) };
    },
  },
  LSTMP: {
    file: "lstmp",
    dims: { D: 3, H: 4, P: 2 },
    output: "r",
    step: (p, x, past) => {
      const [r, c] = [past(1).vector("r"), past(1).vector("c")];
      const sum = (g: string): Vector =>
        plus(apply(p.matrix(`W_${g}`), x), apply(p.matrix(`U_${g}`), r), p.vector(`b_${g}`));
      const next = plus(times(sigmoid(sum("f")), c), times(sigmoid(sum("i")), tanh(sum("g"))));
      return { c: next, r: apply(p.matrix("W_r"), times(sigmoid(sum("o")), tanh(next))) };
    },
  },
  MUT2: {
    file: "mut",
    dims: { H: 4 },
    output: "h",
    step: (p, x, past) => {
      const h = past(1).vector("h");
      const z = sigmoid(
        plus(apply(p.matrix("W_z"), x), apply(p.matrix("U_z"), h), p.vector("b_z")),
      );
      const r = sigmoid(plus(x, apply(p.matrix("U_r"), h), p.vector("b_r")));
      return mut(p, h, z, r, apply(p.matrix("W_h"), x));
    },
  },
  MUT3: {
    file: "mut",
    dims: { D: 3, H: 4 },
    output: "h",
    step: (p, x, past) => {
      const h = past(1).vector("h");
      const z = sigmoid(
        plus(apply(p.matrix("W_z"), x), apply(p.matrix("U_z"), tanh(h)), p.vector("b_z")),
      );
      const r = sigmoid(
        plus(apply(p.matrix("W_r"), x), apply(p.matrix("U_r"), h), p.vector("b_r")),
      );
      return mut(p, h, z, r, apply(p.matrix("W_h"), x));
    },
  },
  RHN: {
    file: "rhn",
    dims: { D: 3, H: 4 },
    output: "s",
    step: (p, x, past) => {
      let s = past(1).vector("s");
      for (const l of [1, 2, 3]) {
        const layer = (name: string): Vector =>
          plus(
            l === 1 ? apply(p.matrix(`W_${name}`), x) : map(() => 0, s),
            apply(p.matrix(`R_${name}${l}`), s),
            p.vector(`b_${name}${l}`),
          );
        s = mix(sigmoid(layer("t")), tanh(layer("h")), s);
      }
      return { s };
    },
  },
  MinLSTM: {
    file: "min-rnn",
    dims: { D: 3, H: 4 },
    output: "h",
    step: (p, x, past) => {
      const line = (g: string): Vector => plus(apply(p.matrix(`W_${g}`), x), p.vector(`b_${g}`));
      const share = zip((f, i) => f / (f + i), sigmoid(line("f")), sigmoid(line("i")));
      return { h: mix(share, past(1).vector("h"), line("h")) };
    },
  },
  AntisymmetricRNN: {
    file: "antisymmetric",
    dims: { D: 3, H: 4 },
    output: "h",
    step: (p, x, past) => {
      const h = past(1).vector("h");
      const a = tanh(plus(antisymmetric(p, h), apply(p.matrix("V"), x), p.vector("b")));
      return { h: zip((old, v) => old + 0.1 * v, h, a) };
    },
  },
  GatedAntisymmetricRNN: {
    file: "antisymmetric",
    dims: { D: 3, H: 4 },
    output: "h",
    step: (p, x, past) => {
      const h = past(1).vector("h");
      const a = antisymmetric(p, h);
      const z = sigmoid(plus(a, apply(p.matrix("V_z"), x), p.vector("b_z")));
      const n = tanh(plus(a, apply(p.matrix("V"), x), p.vector("b")));
      return { h: zip((old, w, v) => old + 0.1 * w * v, h, z, n) };
    },
  },
  SecondOrderRNN: {
    file: "higher-order",
    dims: { D: 3, H: 4 },
    output: "h",
    step: (p, x, past) => {
      const lag = (k: number): Vector => apply(p.matrix(`U_${k}`), past(k).vector("h"));
      return { h: tanh(plus(apply(p.matrix("W"), x), lag(1), lag(2), p.vector("b"))) };
    },
  },
  Holt: {
    file: "holt",
    dims: {},
    output: "y",
    step: (p, x, past) => {
      const [alpha, beta] = [logistic(p.scalar("a")), logistic(p.scalar("b"))];
      const [level, slope] = [past(1).scalar("level"), past(1).scalar("slope")];
      const next = alpha * x[0]! + (1 - alpha) * (level + slope);
      const trend = beta * (next - level) + (1 - beta) * slope;
      return { level: next, slope: trend, y: next + trend };
    },
  },
  /** Eqs. 19-27 as they stand, without m: what the spec holds times exp(m). */
  MLSTM: {
    file: "xlstm",
    dims: { D: 3, K: 4, V: 2 },
    output: "h",
    step: (p, x, past) => {
      const line = (g: string): Vector => plus(apply(p.matrix(`W_${g}`), x), p.vector(`b_${g}`));
      const q = line("q");
      const k = plus(
        map((v) => v / 2, apply(p.matrix("W_k"), x)),
        p.vector("b_k"),
      ); // √K = 2
      const v = line("v");
      const i = Math.exp(inner(p.vector("w_i"), x) + p.scalar("b_i"));
      const f = logistic(inner(p.vector("w_f"), x) + p.scalar("b_f"));
      const memory = past(1)
        .matrix("C")
        .map((row, a) => row.map((old, b) => f * old + i * v[a]! * k[b]!));
      const n = zip((old, key) => f * old + i * key, past(1).vector("n"), k);
      const read = Math.max(Math.abs(inner(n, q)), 1);
      return {
        C: memory,
        n,
        h: zip((o, y) => (o * y) / read, sigmoid(line("o")), apply(memory, q)),
      };
    },
  },
};
