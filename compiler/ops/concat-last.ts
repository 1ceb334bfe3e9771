/** @file `concat(a, b, …)` along the last axis, as users call it. An entry of the op table: see op.ts. */
import { concat } from "./concat.ts";
import { union } from "./interval.ts";
import type { CompoundOp } from "./op.ts";
import { refuse } from "./typing.ts";

export const concatLast: CompoundOp = {
  form: "compound",
  arity: null,
  params: [],
  spec: { call: "concat", params: "a, b, ..." },
  doc: "The values one after another along the last axis: [..., m], [..., n] → [..., m + n].",
  type: (args, attrs) => {
    const scalar = args.findIndex((v) => v.shape.length === 0);
    if (scalar >= 0) return refuse("is a scalar: it has no axis to join along", scalar);
    return concat.type(args, { ...attrs, axis: (args[0]?.shape.length ?? 1) - 1 });
  },
  expand: (b, args) => b.apply("concat", args, { axis: b.type(args[0]!).shape.length - 1 }),
  range: (xs) => union(...xs),
  probe: {
    cases: [
      { shapes: [[2], [3]], batches: [true, false], seqs: ["T", null] },
      {
        shapes: [
          [2, 3],
          [2, 1],
        ],
      },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
