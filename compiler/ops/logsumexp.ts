/** @file `logsumexp(v)`. An entry of the op table: see op.ts. */
import type { CompoundOp } from "./op.ts";
import { keepLast, needsAxis } from "./structured.ts";

export const logsumexp: CompoundOp = {
  form: "compound",
  arity: 1,
  params: [],
  spec: { call: "logsumexp", params: "v" },
  doc: "log Σ e^v over the last axis; the largest is subtracted first, so it cannot overflow.",
  type: ([v]) => needsAxis(v!, 0) ?? { ...v!, shape: v!.shape.slice(0, -1) },
  expand: (b, [v]) => {
    const top = b.apply("stop_gradient", [b.apply("max", [v!])]);
    const e = b.apply("exp", [b.sub(v!, keepLast(b, top))]);
    return b.add(top, b.apply("log", [b.apply("sum_last", [e])]));
  },
  range: ([x]) => ({ lo: x!.lo, hi: Number.POSITIVE_INFINITY }),
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
