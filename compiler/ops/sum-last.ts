/** @file `sum(v)` over the last axis, as users call it. An entry of the op table: see op.ts. */
import { manyOf } from "./interval.ts";
import type { CompoundOp } from "./op.ts";
import { needsAxis } from "./structured.ts";

export const sumLast: CompoundOp = {
  form: "compound",
  arity: 1,
  params: [],
  spec: { call: "sum", params: "v" },
  doc: "Sum over the last axis: [..., n] → [...].",
  type: ([v]) => needsAxis(v!, 0) ?? { ...v!, shape: v!.shape.slice(0, -1) },
  expand: (b, [v]) =>
    b.apply("sum", [v!], { axes: [b.type(v!).shape.length - 1], seq: true, batch: true }),
  range: ([x]) => manyOf(x!),
  probe: {
    cases: [
      { shapes: [[3]], batches: [true], seqs: ["T"] },
      { shapes: [[2, 3]] },
      { shapes: [["S"]] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-6,
  },
};
