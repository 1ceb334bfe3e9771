/** @file `softmax(v)`. An entry of the op table: see op.ts. */
import { UNIT } from "./interval.ts";
import type { CompoundOp } from "./op.ts";
import { keepLast, needsAxis } from "./structured.ts";

export const softmax: CompoundOp = {
  form: "compound",
  arity: 1,
  params: [],
  spec: { call: "softmax", params: "v" },
  doc: "e^v / Σ e^v over the last axis; the largest is subtracted first, so it cannot overflow. Range [0, 1], sum 1.",
  type: ([v]) => needsAxis(v!, 0) ?? v!,
  expand: (b, [v]) => {
    const top = b.apply("stop_gradient", [b.apply("max", [v!])]);
    const e = b.apply("exp", [b.sub(v!, keepLast(b, top))]);
    return b.div(e, keepLast(b, b.apply("sum_last", [e])));
  },
  range: () => UNIT,
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
