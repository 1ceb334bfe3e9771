/** @file Ops against numbers known from elsewhere. In: tables of cases. The sweep in ops.test.ts holds
 *  ops to themselves; this holds them to the world. */
import { expect, test } from "vitest";
import { createBuilder } from "../compiler/ir/builder.ts";
import { interpret } from "../compiler/ir/interpret.ts";
import type { Attrs, Dim, Tensor } from "../compiler/ir/ir.ts";
import type { OpName } from "../compiler/ops/table.ts";

/** Scalars: op, arguments, the definition's value to 10 digits. */
const SCALARS: readonly (readonly [OpName, readonly number[], number, Attrs?])[] = [
  ["pow", [-2, 3], -8],
  ["pow", [0, 0], 1],
  ["pow", [2, 0.5], Math.SQRT2],
  ["maximum", [2, -3], 2],
  ["minimum", [2, -3], -3],
  ["clamp", [7], 2, { lo: -1, hi: 2 }],
  ["lt", [1, 2], 1],
  ["ge", [1, 2], 0],
  ["ne", [1, 2], 1],
  ["where", [0, 5, 6], 6],
  ["where", [-3, 5, 6], 5],
  ["sign", [-0.3], -1],
  ["expm1", [1e-12], 1.0000000000005e-12],
  ["log1p", [1e-12], 9.999999999995e-13],
  ["sigmoid", [1], 0.7310585786300049],
  ["sigmoid", [-90], 8.194012623990515e-40],
  ["sigmoid", [90], 1],
  ["log_sigmoid", [-90], -90],
  ["log_sigmoid", [2], -0.1269280110429726],
  ["softplus", [-90], 8.194012623990515e-40],
  ["softplus", [90], 90],
  ["softplus", [1], 1.3132616875182228],
  ["tanh", [0.5], 0.4621171572600098],
  ["relu", [-2], 0],
  ["leaky_relu", [-2], -0.02],
  ["leaky_relu", [-2], -0.4, { alpha: 0.2 }],
  ["elu", [-1], -0.6321205588285577],
  ["selu", [1], 1.0507009873554805],
  ["selu", [-1], -1.1113307378125625],
  ["gelu", [1], 0.8411919906082768],
  ["gelu", [-3], -0.0036373920817729943],
  ["silu", [1], 0.7310585786300049],
  ["softsign", [-3], -0.75],
  ["hard_sigmoid", [1], 0.7],
  ["hard_sigmoid", [9], 1],
  ["hard_tanh", [-9], -1],
  ["affine", [3], 3],
  ["affine", [3], 7, { alpha: 2, beta: 1 }],
  ["scaled_tanh", [0.5], 1.5231883119115297, { alpha: 2, beta: 2 }],
  ["thresholded_relu", [0.9], 0],
  ["thresholded_relu", [1.1], 1.1],
  ["stop_gradient", [4], 4],
];

for (const [name, x, wanted, attrs = {}] of SCALARS) {
  test(`${name}(${x}) ${JSON.stringify(attrs)} is ${wanted}`, () => {
    const b = createBuilder();
    const args = x.map((v) => b.lit(v));
    const y = b.apply(name, args, attrs);
    const got = interpret(b.finish([{ key: "y", id: y }]), new Map(), {}).get("y")![0]!;
    expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-9 * Math.abs(wanted));
  });
}

interface Arg {
  readonly shape?: readonly Dim[];
  readonly seq?: string;
  readonly batch?: boolean;
  readonly index?: boolean;
  readonly data: readonly number[];
}

const SIZES = { T: 3, B: 2, S: 2 };
/** Two samples over three steps, of length 3 and 1: [T][B]. */
const STEPS: Arg = { seq: "T", batch: true, data: [1, 2, 3, 4, 5, 6] };
const LENGTHS: Arg = { batch: true, data: [3, 1] };

/** Structured and compound ops: arguments, attributes, value in layout order. */
const WHOLES: readonly (readonly [OpName, readonly Arg[], Attrs, readonly number[]])[] = [
  [
    "matmul",
    [
      { shape: [2, 2], data: [1, 2, 3, 4] },
      { shape: [2], data: [5, 6] },
    ],
    {},
    [17, 39],
  ],
  [
    "matmul",
    [
      { shape: [2], data: [5, 6] },
      { shape: [2, 2], data: [1, 2, 3, 4] },
    ],
    {},
    [23, 34],
  ],
  [
    "matmul",
    [
      { shape: [1, 2], data: [1, 2] },
      { shape: [2, 2], data: [1, 2, 3, 4] },
    ],
    {},
    [7, 10],
  ],
  ["contract", [STEPS, STEPS], { a: "", b: "", y: "", seq: false, batch: true }, [35, 56]],
  ["contract", [STEPS, STEPS], { a: "", b: "", y: "", seq: true, batch: false }, [5, 25, 61]],
  ["contract", [STEPS, LENGTHS], { a: "", b: "", y: "", seq: false, batch: false }, [39]],
  ["sum", [STEPS], { seq: false }, [9, 12]],
  ["sum", [{ shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }], { axes: [0] }, [5, 7, 9]],
  ["max", [{ shape: [2, 3], data: [1, 3, 2, -6, -5, -4] }], {}, [3, -4]],
  ["min", [{ shape: ["S"], batch: true, data: [1, 3, 2, -6] }], {}, [1, -6]],
  [
    "part",
    [{ shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }],
    { axis: 1, from: 1, size: 2 },
    [2, 3, 5, 6],
  ],
  ["part_last", [{ shape: [4], data: [1, 2, 3, 4] }], { from: 2, size: 2 }, [3, 4]],
  ["pad", [{ shape: [2], data: [1, 2] }], { axis: 0, before: 1, after: 2 }, [0, 1, 2, 0, 0]],
  [
    "concat",
    [
      { shape: [1, 2], data: [1, 2] },
      { shape: [1, 2], data: [3, 4] },
    ],
    { axis: 0 },
    [1, 2, 3, 4],
  ],
  [
    "concat_last",
    [
      { shape: [1], data: [1] },
      { shape: [1], batch: true, data: [3, 4] },
    ],
    {},
    [1, 3, 1, 4],
  ],
  ["transpose_last", [{ shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }], {}, [1, 4, 2, 5, 3, 6]],
  ["expand", [{ shape: [2], data: [1, 2] }], { axes: [1], dims: [2] }, [1, 1, 2, 2]],
  ["expand", [{ data: [7] }], { seq: "T", batch: true }, [7, 7, 7, 7, 7, 7]],
  [
    "gather",
    [
      { shape: [2, 2], data: [1, 2, 3, 4] },
      { batch: true, index: true, data: [1, 0] },
    ],
    {},
    [3, 4, 1, 2],
  ],
  [
    "scatter",
    [
      { batch: true, index: true, data: [1, 1] },
      { batch: true, data: [3, 4] },
    ],
    { rows: 3 },
    [0, 7, 0],
  ],
  ["onehot", [{ batch: true, index: true, data: [2, 0] }], { of: 3 }, [0, 0, 1, 1, 0, 0]],
  ["delay", [STEPS, { batch: true, data: [8, 9] }], {}, [8, 9, 1, 2, 3, 4]],
  ["delay", [STEPS, { data: [8] }], { reverse: true }, [3, 4, 5, 6, 8, 8]],
  ["edge", [STEPS], { end: "last" }, [5, 6]],
  ["edge", [STEPS], { end: "first" }, [1, 2]],
  ["steps", [LENGTHS], { seq: "T", of: "valid" }, [1, 1, 1, 0, 1, 0]],
  ["steps", [LENGTHS], { seq: "T", of: "last" }, [0, 1, 0, 0, 1, 0]],
  ["steps", [{ batch: true, data: [0, 2] }], { seq: "T", of: "first" }, [0, 1, 0, 0, 0, 0]],
  ["steps", [], { seq: "T", of: "last" }, [0, 0, 1]],
  ["valid", [LENGTHS], { seq: "S" }, [1, 1, 1, 0]],
  ["size", [], { seq: "T" }, [3]],
  ["size", [LENGTHS], { seq: "T" }, [3, 1]],
  ["to_axis", [STEPS], {}, [1, 3, 5, 2, 4, 6]],
  ["to_steps", [{ shape: ["S"], batch: true, data: [1, 2, 3, 4] }], {}, [1, 3, 2, 4]],
  ["reverse_steps", [STEPS], {}, [5, 6, 3, 4, 1, 2]],
  ["reverse_steps", [STEPS, LENGTHS], {}, [5, 2, 3, 0, 1, 0]],
  ["mean", [{ shape: [4], data: [1, 2, 3, 6] }], {}, [3]],
  ["mean", [{ shape: ["S"], data: [1, 2] }], {}, [1.5]],
  ["sum_last", [{ shape: [4], data: [1, 2, 3, 6] }], {}, [12]],
  [
    "dot",
    [
      { shape: [2], data: [1, 2] },
      { shape: [2], data: [3, 4] },
    ],
    {},
    [11],
  ],
  [
    "outer",
    [
      { shape: [2], data: [1, 2] },
      { shape: [2], data: [3, 4] },
    ],
    {},
    [3, 4, 6, 8],
  ],
  ["softmax", [{ shape: [2, 2], data: [900, 900, 0, Math.log(3)] }], {}, [0.5, 0.5, 0.25, 0.75]],
  ["log_softmax", [{ shape: [2], data: [-900, 900] }], {}, [-1800, 0]],
  ["logsumexp", [{ shape: [2], data: [900, 900] }], {}, [900 + Math.LN2]],
];

test.each(WHOLES)("%s %j %j", (name, args, attrs, wanted) => {
  const b = createBuilder();
  const ids = args.map((a, i) => b.leaf(`a${i}`, typeOf(a)));
  const y = b.apply(name, ids, attrs);
  const inputs = new Map(args.map((a, i) => [`a${i}`, Float64Array.from(a.data)]));
  const got = [...interpret(b.finish([{ key: "y", id: y }]), inputs, SIZES).get("y")!];
  expect(got).toHaveLength(wanted.length);
  for (const [i, w] of wanted.entries()) expect(got[i]).toBeCloseTo(w, 12);
});

function typeOf(a: Omit<Arg, "data">): Tensor {
  return {
    seq: a.seq ?? null,
    batch: a.batch ?? false,
    shape: a.shape ?? [],
    dtype: a.index ? "index" : "real",
  };
}
