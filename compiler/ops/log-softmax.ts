/** @file `log_softmax(v)`. An entry of the op table: see op.ts. */
import type { CompoundOp } from "./op.ts";
import { keepLast, needsAxis } from "./structured.ts";

export const logSoftmax: CompoundOp = {
  form: "compound",
  arity: 1,
  params: [],
  spec: { call: "log_softmax", params: "v" },
  doc: "v - log Σ e^v over the last axis: the logarithm of softmax without its underflow. Range (-∞, 0].",
  type: ([v]) => needsAxis(v!, 0) ?? v!,
  expand: (b, [v]) => {
    const top = b.apply("stop_gradient", [b.apply("max", [v!])]);
    const low = b.sub(v!, keepLast(b, top));
    const total = b.apply("sum_last", [b.apply("exp", [low])]);
    return b.sub(low, keepLast(b, b.apply("log", [total])));
  },
  range: () => ({ lo: Number.NEGATIVE_INFINITY, hi: 0 }),
  probe: {
    cases: [
      { shapes: [[3]], batches: [true], seqs: ["T"] },
      { shapes: [[2, 3]] },
      { shapes: [["S"]] },
    ],
    from: -4,
    to: 4,
    extremes: [-90, 90],
    tolerance: 1e-6,
  },
};
