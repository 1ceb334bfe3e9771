/** @file Small graphs that passes and the scheduler are swept over. In: nothing. Out: graphs as lowering
 *  makes them, one idea each, and seeded values for their leaves. Never a cell by its full equations
 *  where a part of them shows the idea. */
import { type Builder, createBuilder } from "../../compiler/ir/builder.ts";
import { type Graph, type NodeId, real, type Tensor } from "../../compiler/ir/ir.ts";
import type { Sizes } from "../../compiler/ops/op.ts";

/** What a step is given and gives; every list in the order of the scan's own. */
export interface Step {
  readonly next: readonly NodeId[];
  readonly collects?: readonly NodeId[];
  readonly sums?: readonly NodeId[];
}
export interface Loop {
  readonly over?: string;
  readonly reverse?: boolean;
  readonly carries: readonly NodeId[];
  readonly slices?: readonly NodeId[];
  readonly consts?: readonly NodeId[];
}
export interface StepArgs {
  readonly b: Builder;
  readonly carries: readonly NodeId[];
  readonly slices: readonly NodeId[];
  readonly consts: readonly NodeId[];
}

/** A scan over what `loop` names; gives its items: carries, then collects, then sums. */
export function scan(b: Builder, loop: Loop, step: (s: StepArgs) => Step): readonly NodeId[] {
  const body = b.body();
  const over = loop.over ?? "T";
  const leaf = (of: NodeId): NodeId => {
    const arg = body.leaf("arg", { ...b.type(of), seq: null });
    const name = b.node(of).name;
    return name === undefined ? arg : body.named(arg, name);
  };
  const bind = (ids: readonly NodeId[] = []) => ids.map((of) => ({ arg: leaf(of), of }));
  const carries = loop.carries.map((init) => ({ arg: leaf(init), init }));
  const slices = bind(loop.slices);
  const consts = bind(loop.consts);
  const arg = (p: { readonly arg: NodeId }) => p.arg;
  const {
    next,
    collects = [],
    sums = [],
  } = step({
    b: body,
    carries: carries.map(arg),
    slices: slices.map(arg),
    consts: consts.map(arg),
  });
  const id = b.scan({
    over,
    reverse: loop.reverse ?? false,
    carries: carries.map((c, i) => ({ ...c, next: next[i]! })),
    slices,
    consts,
    collects,
    sums,
    body,
  });
  return [...next, ...collects, ...sums].map((_, i) => b.item(id, i));
}

const D = 3;
const H = 4;

function short(b: Builder) {
  const param = (name: string, ...shape: number[]) =>
    b.named(b.leaf(`param:${name}`, real(shape)), name);
  return {
    param,
    params: (names: string, ...shape: number[]) => names.split(" ").map((n) => param(n, ...shape)),
    input: (name: string, ...shape: number[]) =>
      b.named(b.leaf(`input:${name}`, real(shape, true, "T")), name),
    initial: (name: string, ...shape: number[]) =>
      b.named(b.leaf(`initial:${name}`, real(shape, true)), name),
    mask: () => b.apply("steps", [b.leaf("length:T", real([], true))], { seq: "T", of: "valid" }),
  };
}

const matmul = (b: Builder, m: NodeId, v: NodeId) => b.apply("matmul", [m, v]);
const sums = (b: Builder, ...terms: readonly NodeId[]) => terms.reduce((x, y) => b.add(x, y));
const map = (b: Builder, op: "sigmoid" | "tanh" | "exp", x: NodeId) => b.apply(op, [x]);

function build(f: (b: Builder) => Readonly<Record<string, NodeId>>): Graph {
  const b = createBuilder();
  const outputs = f(b);
  return b.finish(Object.entries(outputs).map(([key, id]) => ({ key, id })));
}

/** Four gates with memory; `peepholes` on three of them, `masked` by lengths. */
function gated(options: { peepholes?: boolean; masked?: boolean; reverse?: boolean }): Graph {
  return build((b) => {
    const s = short(b);
    const x = s.input("x", D);
    const W = s.params("W_i W_f W_g W_o", H, D);
    const U = s.params("U_i U_f U_g U_o", H, H);
    const bias = s.params("b_i b_f b_g b_o", H);
    const p = options.peepholes ? s.params("p_i p_f p_o", H) : [];
    const slices = options.masked ? [x, s.mask()] : [x];
    const consts = [...W, ...U, ...bias, ...p];
    const [h, c, y] = scan(
      b,
      {
        carries: [s.initial("h", H), s.initial("c", H)],
        slices,
        consts,
        reverse: options.reverse ?? false,
      },
      ({ b, carries: [h, c], slices: [x, m], consts: k }) => {
        const pre = (i: number, peep: NodeId | undefined, at: NodeId) => {
          const terms = [matmul(b, k[i]!, x!), matmul(b, k[4 + i]!, h!)];
          if (peep !== undefined) terms.push(b.mul(peep, at));
          return sums(b, ...terms, k[8 + i]!);
        };
        const i = b.named(map(b, "sigmoid", pre(0, k[12], c!)), "i");
        const f = b.named(map(b, "sigmoid", pre(1, k[13], c!)), "f");
        const g = b.named(map(b, "tanh", pre(2, undefined, c!)), "g");
        const c1 = b.named(b.add(b.mul(f, c!), b.mul(i, g)), "c");
        const o = b.named(map(b, "sigmoid", pre(3, k[14], c1)), "o");
        const h1 = b.named(b.mul(o, map(b, "tanh", c1)), "h");
        const kept = (now: NodeId, old: NodeId) =>
          m === undefined ? now : b.apply("where", [m, now, old]);
        return { next: [kept(h1, h!), kept(c1, c!)], collects: [kept(h1, b.lit(0))] };
      },
    );
    return { "output:h": y!, "final:h": h!, "final:c": c! };
  });
}

/** A candidate from the product with r·h: two products a step, the second on a result of the first. */
const resetBefore = () =>
  build((b) => {
    const s = short(b);
    const W = s.params("W_r W_z W_n", H, D);
    const U = s.params("U_r U_z U_n", H, H);
    const bias = s.params("b_r b_z b_n", H);
    const [h, y] = scan(
      b,
      { carries: [s.initial("h", H)], slices: [s.input("x", D)], consts: [...W, ...U, ...bias] },
      ({ b, carries: [h], slices: [x], consts: k }) => {
        const pre = (i: number, v: NodeId) =>
          sums(b, matmul(b, k[i]!, x!), matmul(b, k[3 + i]!, v), k[6 + i]!);
        const r = b.named(map(b, "sigmoid", pre(0, h!)), "r");
        const z = b.named(map(b, "sigmoid", pre(1, h!)), "z");
        const n = b.named(map(b, "tanh", pre(2, b.mul(r, h!))), "n");
        const h1 = b.named(b.add(b.mul(z, h!), b.mul(b.sub(b.lit(1), z), n)), "h");
        return { next: [h1], collects: [h1] };
      },
    );
    return { "output:h": y!, "final:h": h! };
  });

/** A matrix state, an outer product, scalars a step, a normaliser, a readout that no state needs. */
const matrixState = () =>
  build((b) => {
    const s = short(b);
    const W = s.params("W_q W_k W_v", H, D);
    const w = s.params("w_i w_f", D);
    const O = s.param("W_y", 2, H);
    const [C, n, y] = scan(
      b,
      {
        carries: [s.initial("C", H, H), s.initial("n", H)],
        slices: [s.input("x", D)],
        consts: [...W, ...w, O],
      },
      ({ b, carries: [C, n], slices: [x], consts: k }) => {
        const [q, key, v] = [0, 1, 2].map((i) => matmul(b, k[i]!, x!)) as [NodeId, NodeId, NodeId];
        const i = map(b, "sigmoid", b.apply("dot", [k[3]!, x!]));
        const f = map(b, "sigmoid", b.apply("dot", [k[4]!, x!]));
        const C1 = b.named(b.add(b.mul(f, C!), b.mul(i, b.apply("outer", [v, key]))), "C");
        const n1 = b.named(b.add(b.mul(f, n!), b.mul(i, key)), "n");
        const size = b.apply("maximum", [b.apply("abs", [b.apply("dot", [n1, q])]), b.lit(1)]);
        const h = b.named(b.div(matmul(b, C1, q), size), "h");
        return { next: [C1, n1], collects: [matmul(b, k[5]!, h)] };
      },
    );
    return { "output:y": y!, "final:C": C!, "final:n": n! };
  });

/** A decoder that attends to a memory, masked by its lengths: softmax over S at every step. */
const attention = () =>
  build((b) => {
    const s = short(b);
    const M = 2;
    const memory = b.named(b.leaf("input:m", real(["S", M], true)), "m");
    const valid = b.apply("valid", [b.leaf("length:S", real([], true))], { seq: "S" });
    const consts = [
      memory,
      s.param("W_m", M, H),
      s.param("v", H),
      ...s.params("W U", H, H),
      s.param("W_c", H, M),
      valid,
    ];
    const [h, y, a] = scan(
      b,
      { carries: [s.initial("h", H)], slices: [s.input("x", H)], consts },
      ({ b, carries: [h], slices: [x], consts: [m, Wm, v, W, U, Wc, valid] }) => {
        const keys = b.apply("matmul", [m!, Wm!]);
        const hidden = map(b, "tanh", b.add(keys, matmul(b, U!, h!)));
        const scores = b.apply("where", [valid!, matmul(b, hidden, v!), b.lit(-1e30)]);
        const a = b.named(b.mul(b.apply("softmax", [scores]), valid!), "a");
        const context = b.named(b.apply("matmul", [a, m!]), "context");
        const h1 = map(b, "tanh", b.add(matmul(b, W!, x!), matmul(b, Wc!, context)));
        return { next: [h1], collects: [h1, a] };
      },
    );
    return { "output:h": y!, "output:a": a!, "final:h": h! };
  });

/** Tokens in, a softmax over classes at every step, the mean log-likelihood of targets. */
const tagger = () =>
  build((b) => {
    const s = short(b);
    const K = 5;
    const tokens = b.leaf("input:tokens", { seq: "T", batch: true, shape: [], dtype: "index" });
    const labels = b.leaf("target:labels", { seq: "T", batch: true, shape: [], dtype: "index" });
    const x = b.apply("gather", [s.param("E", 5, D), tokens]);
    const [, y] = scan(
      b,
      {
        carries: [s.initial("h", H)],
        slices: [x],
        consts: [s.param("W", H, D), s.param("U", H, H)],
      },
      ({ b, carries: [h], slices: [x], consts: [W, U] }) => {
        const h1 = map(b, "tanh", b.add(matmul(b, W!, x!), matmul(b, U!, h!)));
        return { next: [h1], collects: [h1] };
      },
    );
    const z = b.add(matmul(b, s.param("W_y", K, H), y!), s.param("b_y", K));
    const target = b.apply("onehot", [labels], { of: K });
    const each = b.apply("dot", [b.apply("log_softmax", [z]), target]);
    const masked = b.mul(each, s.mask());
    const total = b.apply("sum", [masked], { axes: [], seq: false, batch: false });
    const count = b.apply("sum", [s.mask()], { axes: [], seq: false, batch: false });
    return { "output:p": b.apply("softmax", [z]), loss: b.neg(b.div(total, count)) };
  });

/** Two directions over one input, joined, and a second layer over both. */
const bidirectional = () =>
  build((b) => {
    const s = short(b);
    const x = s.input("x", D);
    const layer = (name: string, of: NodeId, width: number, reverse: boolean) => {
      const [h, y] = scan(
        b,
        {
          reverse,
          carries: [s.initial(`${name}.h`, H)],
          slices: [of, s.mask()],
          consts: [
            s.param(`${name}.W`, H, width),
            s.param(`${name}.U`, H, H),
            s.param(`${name}.b`, H),
          ],
        },
        ({ b, carries: [h], slices: [x, m], consts: [W, U, bias] }) => {
          const h1 = map(b, "tanh", sums(b, matmul(b, W!, x!), matmul(b, U!, h!), bias!));
          const kept = (old: NodeId) => b.apply("where", [m!, h1, old]);
          return { next: [kept(h!)], collects: [kept(b.lit(0))] };
        },
      );
      return { h: h!, y: y! };
    };
    const ahead = layer("ahead", x, D, false);
    const back = layer("back", x, D, true);
    const both = b.apply("concat", [ahead.y, back.y], { axis: 0 });
    const second = layer("second", both, 2 * H, false);
    return {
      "output:y": second.y,
      "output:r": b.apply("reverse_steps", [both, b.leaf("length:T", real([], true))]),
      "final:h": b.apply("concat", [ahead.h, back.h], { axis: 0 }),
    };
  });

/** s[t-2], a carry that only another carry reads, a scalar state, a state no input reaches. */
const lags = () =>
  build((b) => {
    const s = short(b);
    const [s1, , n, y] = scan(
      b,
      {
        carries: [s.initial("s", H), s.initial("s#2", H), s.initial("n")],
        slices: [s.input("x", H)],
        consts: [s.param("a", H), s.param("k")],
      },
      ({ b, carries: [s1, s2, n], slices: [x], consts: [a, k] }) => {
        const now = sums(b, b.mul(a!, s1!), b.mul(b.lit(0.25), s2!), x!);
        const count = b.add(b.mul(k!, n!), b.lit(1));
        return { next: [now, s1!, count], collects: [b.div(now, count), s2!] };
      },
    );
    return { "output:y": y!, "final:s": s1!, "final:n": n! };
  });

/** Mean and variance of a step's sums before the gate: reductions that feed reductions. */
const normalised = () =>
  build((b) => {
    const s = short(b);
    const [h, y] = scan(
      b,
      {
        carries: [s.initial("h", H)],
        slices: [s.input("x", D)],
        consts: [s.param("W", H, D), ...s.params("U V", H, H), ...s.params("g a", H)],
      },
      ({ b, carries: [h], slices: [x], consts: [W, U, V, g, a] }) => {
        const norm = (v: NodeId) => {
          const centred = b.sub(v, b.apply("mean", [v]));
          const spread = b.apply("mean", [b.mul(centred, centred)]);
          const scale = b.apply("sqrt", [b.add(spread, b.lit(1e-5))]);
          return b.add(b.mul(g!, b.div(centred, scale)), a!);
        };
        const z = norm(b.add(matmul(b, W!, x!), matmul(b, U!, h!)));
        const u = map(b, "sigmoid", norm(matmul(b, V!, h!)));
        const h1 = b.add(b.mul(u, h!), b.mul(b.sub(b.lit(1), u), map(b, "tanh", z)));
        return { next: [h1], collects: [h1] };
      },
    );
    return { "output:h": y!, "final:h": h! };
  });

/** Gates whose products are each normalised: pieces of joined products with reductions of their own. */
const normalisedGates = () =>
  build((b) => {
    const s = short(b);
    const [h, y] = scan(
      b,
      {
        carries: [s.initial("h", H)],
        slices: [s.input("x", D)],
        consts: [
          ...s.params("W_r W_z W_n", H, D),
          ...s.params("U_r U_z U_n", H, H),
          ...s.params("g_r g_z g_n", H),
          s.param("a", H),
        ],
      },
      ({ b, carries: [h], slices: [x], consts: k }) => {
        const norm = (v: NodeId, gain: NodeId) => {
          const centred = b.sub(v, b.apply("mean", [v]));
          const spread = b.apply("mean", [b.mul(centred, centred)]);
          const scale = b.apply("sqrt", [b.add(spread, b.lit(1e-5))]);
          return b.add(b.mul(gain, b.div(centred, scale)), k[9]!);
        };
        const [r, z, n] = [0, 1, 2].map((i) => {
          const of = norm(matmul(b, k[3 + i]!, h!), k[6 + i]!);
          const softly = b.apply("softmax", [matmul(b, k[i]!, x!)]);
          return b.add(softly, i < 2 ? of : b.neg(of));
        });
        const kept = map(b, "sigmoid", z!);
        const next = map(b, "tanh", b.mul(map(b, "sigmoid", r!), n!));
        const h1 = b.add(b.mul(kept, h!), b.mul(b.sub(b.lit(1), kept), next));
        return { next: [h1], collects: [h1] };
      },
    );
    return { "output:h": y!, "final:h": h! };
  });

/** Deep in a step: each level is a product on the last; constants only the compiler would write. */
const deep = () =>
  build((b) => {
    const s = short(b);
    const R = s.params("R_1 R_2 R_3", H, H);
    const T = s.params("T_1 T_2 T_3", H, H);
    const [h, y] = scan(
      b,
      { carries: [s.initial("s", H)], slices: [s.input("x", H)], consts: [...R, ...T] },
      ({ b, carries: [s0], slices: [x], consts: k }) => {
        let state = s0!;
        for (let l = 0; l < 3; l++) {
          const zero = b.mul(b.lit(0), b.lit(3));
          const inner = sums(b, matmul(b, k[l]!, state), l === 0 ? x! : zero);
          const t = map(b, "sigmoid", b.add(matmul(b, k[3 + l]!, state), b.neg(b.lit(1))));
          state = b.add(b.mul(map(b, "tanh", inner), t), b.mul(state, b.sub(b.lit(1), t)));
        }
        return { next: [state], collects: [state] };
      },
    );
    return { "output:y": y!, "final:s": h! };
  });

/** No loop at all: one step of a gated cell as streaming has it. */
const step = () =>
  build((b) => {
    const s = short(b);
    const x = b.leaf("input:x", real([D], true));
    const [h, c] = [b.leaf("state:h", real([H], true)), b.leaf("state:c", real([H], true))];
    const [W, U] = [s.params("W_i W_f W_g W_o", H, D), s.params("U_i U_f U_g U_o", H, H)];
    const bias = s.params("b_i b_f b_g b_o", H);
    const pre = (i: number) => sums(b, matmul(b, W[i]!, x), matmul(b, U[i]!, h), bias[i]!);
    const gate = (i: number) => map(b, "sigmoid", pre(i));
    const c1 = b.add(b.mul(gate(1), c), b.mul(gate(0), map(b, "tanh", pre(2))));
    const h1 = b.mul(gate(3), map(b, "tanh", c1));
    return { "output:h": h1, "state:h": h1, "state:c": c1 };
  });

/** Pools over time, sequences without samples, several sequences, edges, orders of axes. */
const odds = () =>
  build((b) => {
    const s = short(b);
    const x = s.input("x", D, 2);
    const shared = b.leaf("input:clock", real([2], false, "T"));
    const other = b.leaf("input:other", real([D], true, "S"));
    const moved = b.apply("transpose", [x], { perm: [1, 0] });
    const delayed = b.apply("delay", [b.mul(x, shared), zeros(b)], { reverse: true });
    const axis = b.apply("to_axis", [other]);
    const scores = b.apply("matmul", [
      axis,
      b.apply("edge", [b.apply("sum_last", [x])], { end: "last" }),
    ]);
    const back = b.apply("to_steps", [b.apply("softmax", [scores])]);
    const many = b.apply(
      "concat",
      [...Array(9).keys()].map((i) => b.mul(s.param(`q${i}`, i + 1), b.lit(i + 1))),
      { axis: 0 },
    );
    return {
      "output:moved": b.apply("part", [moved], { axis: 0, from: 1, size: 1 }),
      "output:delayed": delayed,
      "output:back": back,
      "output:mean": b.div(
        b.apply("sum", [x], { axes: [0], seq: false }),
        b.apply("size", [], { seq: "T" }),
      ),
      "output:last": b.apply("edge", [b.apply("pad", [x], { axis: 1, before: 1, after: 2 })], {
        end: "first",
      }),
      "output:many": b.mul(
        map(b, "exp", many),
        b.apply("sum", [x], { axes: [0, 1], seq: false, batch: false }),
      ),
      "output:clock": map(b, "tanh", shared),
      "output:same": x,
      "output:one": b.lit(1),
    };
    function zeros(b: Builder): NodeId {
      return b.apply("expand", [b.lit(0)], { axes: [0, 1], dims: [D, 2], batch: true });
    }
  });

export const GRAPHS: Readonly<Record<string, () => Graph>> = {
  gated: () => gated({}),
  peepholes: () => gated({ peepholes: true }),
  masked: () => gated({ peepholes: true, masked: true }),
  backwards: () => gated({ masked: true, reverse: true }),
  "reset before": resetBefore,
  "matrix state": matrixState,
  attention,
  tagger,
  bidirectional,
  lags,
  normalised,
  "normalised gates": normalisedGates,
  deep,
  step,
  odds,
};

/** Seeded values for every leaf of a graph: reals in (-1, 1), lengths in [1, T], tokens in [0, 5). */
export function leafValues(graph: Graph, sizes: Sizes, seed: number): Map<string, Float64Array> {
  const next = random(seed);
  const values = new Map<string, Float64Array>();
  for (const node of graph.nodes) {
    if (node.kind !== "leaf" || values.has(node.key)) continue;
    const most = node.key.startsWith("length:") ? sizes[node.key.slice("length:".length)] : null;
    const data = new Float64Array(count(node.type, sizes)).map((_, i) => {
      if (node.type.dtype === "index") return Math.floor(next() * 5);
      if (typeof most === "number") return i === 0 ? most : 1 + Math.floor(next() * most);
      return next() * 2 - 1;
    });
    values.set(node.key, data);
  }
  return values;
}

export function count(type: Tensor, sizes: Sizes): number {
  const extents = [
    ...(type.seq === null ? [] : [type.seq]),
    ...(type.batch ? ["B"] : []),
    ...type.shape,
  ];
  return extents.reduce((n: number, e) => n * (typeof e === "number" ? e : (sizes[e] ?? 1)), 1);
}

/** Numbers in [0, 1): the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
