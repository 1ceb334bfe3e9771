/** @file What type rules refuse and how far ranges reach. In: tables of cases. The types that are
 *  given, and ranges of samples, are swept in ops.test.ts. */
import { describe, expect, test } from "vitest";
import type { Attrs, Dim, Tensor } from "../compiler/ir/ir.ts";
import type { OpDef } from "../compiler/ops/op.ts";
import { CALLS, isOpName, OPERATORS, OPS, type OpName } from "../compiler/ops/table.ts";
import { isRefusal, resultType, withDefaults } from "../compiler/ops/typing.ts";

interface Arg {
  readonly shape?: readonly Dim[];
  readonly seq?: string;
  readonly batch?: boolean;
  readonly index?: boolean;
}

function typeOf(a: Arg): Tensor {
  return {
    seq: a.seq ?? null,
    batch: a.batch ?? false,
    shape: a.shape ?? [],
    dtype: a.index ? "index" : "real",
  };
}

/** Op, arguments' types, attributes, the reason's words, the argument to blame. */
const REFUSED: readonly (readonly [OpName, readonly Arg[], Attrs, RegExp, number | null])[] = [
  ["add", [{}], {}, /takes 2 values, got 1/, null],
  ["clamp", [{}], { lo: 0 }, /a number for hi/, null],
  ["tanh", [{ index: true }], {}, /tokens/, 0],
  ["add", [{ shape: [3] }, { shape: [2, 4] }], {}, /\[2, 4\].*broadcast.*\[3\]/, 1],
  ["add", [{ shape: ["S"] }, { shape: ["T"] }], {}, /broadcast/, 1],
  ["add", [{ seq: "T" }, { seq: "S" }], {}, /varies over S/, 1],
  ["matmul", [{ shape: [2, 3] }, { shape: [2] }], {}, /2 would have to be 3/, 1],
  ["matmul", [{ shape: [2] }, { shape: [2] }], {}, /dot/, 1],
  ["matmul", [{}, { shape: [2] }], {}, /scalar/, 0],
  ["matmul", [{ shape: [2, 2, 2] }, { shape: [2] }], {}, /matrix or vector/, 0],
  [
    "contract",
    [{ shape: [2] }, { shape: [3] }],
    { a: "i", b: "i", y: "" },
    /3 would have to be 2/,
    1,
  ],
  ["contract", [{ shape: [2, 2] }, { shape: [2] }], { a: "ii", b: "i", y: "" }, /twice/, 0],
  ["contract", [{ shape: [2] }, { shape: [2] }], { a: "i", b: "j", y: "k" }, /neither/, null],
  ["sum", [{ shape: [2] }], { axes: [1] }, /no axis 1/, 0],
  ["max", [{}], {}, /scalar/, 0],
  ["part_last", [{ shape: [3] }], { from: 2, size: 2 }, /2 from 2/, 0],
  ["part_last", [{ shape: ["S"] }], { from: 0, size: 2 }, /no fixed size/, 0],
  ["pad", [{ shape: [3] }], { axis: 0, before: -1 }, /padded/, 0],
  ["concat_last", [{ shape: [3] }, {}], {}, /scalar/, 1],
  ["concat_last", [{ shape: [3, 2] }, { shape: [2, 2] }], {}, /cannot be joined/, 1],
  ["transpose_last", [{ shape: [3] }], {}, /two axes/, 0],
  ["expand", [{ seq: "T" }], { seq: "S" }, /varies over T/, 0],
  ["gather", [{ shape: [3, 2], batch: true }, { index: true }], {}, /table/, 0],
  ["gather", [{ shape: [3, 2] }, {}], {}, /tokens/, 1],
  ["onehot", [{}], { of: 3 }, /tokens/, 0],
  ["delay", [{}, {}], {}, /sequence/, 0],
  ["delay", [{ seq: "T", shape: [2] }, {}], {}, /\[\].*\[2\]/, 1],
  ["edge", [{}], { end: "last" }, /sequence/, 0],
  ["steps", [{ shape: [2] }], { seq: "T", of: "valid" }, /one length/, 0],
  ["steps", [], { seq: "T", of: "middle" }, /middle/, null],
  ["to_axis", [{ shape: [2] }], {}, /sequence/, 0],
  ["to_steps", [{ shape: [2] }], {}, /no sequence/, 0],
  ["reverse_steps", [{ shape: [2] }], {}, /sequence/, 0],
  ["dot", [{ shape: [2] }, { shape: [3] }], {}, /3 would have to be 2/, 1],
  ["outer", [{ shape: [2, 2] }, { shape: [3] }], {}, /vector/, 0],
  ["softmax", [{}], {}, /scalar/, 0],
];

test.each(REFUSED)("%s %j %j is refused: %s", (name, args, attrs, words, arg) => {
  const op = OPS[name];
  const got = resultType(op, args.map(typeOf), withDefaults(op, attrs));
  expect(isRefusal(got)).toBe(true);
  if (!isRefusal(got)) return;
  expect(got.refused).toMatch(words);
  expect(got.arg).toBe(arg);
});

const INF = Number.POSITIVE_INFINITY;
type Ends = readonly [number, number];
/** Op, bounds of its arguments, bounds of the result, at their tightest. */
const RANGES: readonly (readonly [OpName, readonly Ends[], Ends, Attrs?])[] = [
  [
    "add",
    [
      [0, 1],
      [2, INF],
    ],
    [2, INF],
  ],
  [
    "sub",
    [
      [1, 1],
      [0, 1],
    ],
    [0, 1],
  ],
  [
    "mul",
    [
      [-2, 1],
      [-3, 4],
    ],
    [-8, 6],
  ],
  [
    "mul",
    [
      [0, 1],
      [0, INF],
    ],
    [0, INF],
  ],
  [
    "div",
    [
      [1, 2],
      [-1, 1],
    ],
    [-INF, INF],
  ],
  [
    "div",
    [
      [1, 2],
      [2, 4],
    ],
    [0.25, 1],
  ],
  [
    "pow",
    [
      [-2, 1],
      [2, 2],
    ],
    [0, 4],
  ],
  [
    "pow",
    [
      [-2, 1],
      [3, 3],
    ],
    [-8, 1],
  ],
  [
    "pow",
    [
      [-2, 1],
      [0.5, 0.5],
    ],
    [-INF, INF],
  ],
  [
    "pow",
    [
      [0.5, 2],
      [-1, 1],
    ],
    [0.5, 2],
  ],
  ["neg", [[-1, INF]], [-INF, 1]],
  ["abs", [[-3, 2]], [0, 3]],
  ["sigmoid", [[-INF, INF]], [0, 1]],
  ["tanh", [[-INF, 0]], [-1, 0]],
  ["log", [[0, 1]], [-INF, 0]],
  ["log", [[-1, 1]], [-INF, INF]],
  ["relu", [[-INF, 2]], [0, 2]],
  ["softsign", [[-INF, INF]], [-1, 1]],
  ["hard_sigmoid", [[-INF, INF]], [0, 1]],
  ["leaky_relu", [[-1, 1]], [-0.5, 1], { alpha: 0.5 }],
  ["thresholded_relu", [[-1, 3]], [0, 3]],
  ["clamp", [[-INF, INF]], [-1, 2], { lo: -1, hi: 2 }],
  [
    "maximum",
    [
      [-1, 1],
      [0, 3],
    ],
    [0, 3],
  ],
  [
    "where",
    [
      [0, 1],
      [2, 3],
      [-1, 0],
    ],
    [-1, 3],
  ],
  [
    "contract",
    [
      [0, 1],
      [0, 1],
    ],
    [0, INF],
    { a: "i", b: "i", y: "" },
  ],
  [
    "concat",
    [
      [0, 1],
      [-1, 0],
    ],
    [-1, 1],
    { axis: 0 },
  ],
  ["mean", [[0, 1]], [0, 1]],
  ["softmax", [[-INF, INF]], [0, 1]],
  ["logsumexp", [[2, 3]], [2, INF]],
];

for (const [name, bounds, wanted, attrs = {}] of RANGES) {
  test(`${name} of ${bounds.map((b) => `[${b}]`)} is in [${wanted}]`, () => {
    const op: OpDef = OPS[name];
    const xs = bounds.map(([lo, hi]) => ({ lo, hi }));
    const { lo, hi } = op.range(xs, withDefaults(op, attrs));
    expect(lo).toBeCloseTo(wanted[0], 12);
    expect(hi).toBeCloseTo(wanted[1], 12);
  });
}

describe("names", () => {
  test("every operator and call is an op", () => {
    for (const name of [...Object.values(OPERATORS), ...CALLS.values()]) {
      expect(isOpName(name)).toBe(true);
    }
  });

  test("no two ops are called alike", () => {
    const called = Object.values(OPS).filter((op) => op.spec !== null);
    expect(CALLS.size).toBe(called.length);
  });
});
