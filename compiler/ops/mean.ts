/** @file `mean(v)` over the last axis. An entry of the op table: see op.ts. */
import type { CompoundOp } from "./op.ts";
import { needsAxis } from "./structured.ts";

export const mean: CompoundOp = {
  form: "compound",
  arity: 1,
  params: [],
  spec: { call: "mean", params: "v" },
  doc: "Mean over the last axis: [..., n] → [...].",
  type: ([v]) => needsAxis(v!, 0) ?? { ...v!, shape: v!.shape.slice(0, -1) },
  expand: (b, [v]) => {
    const n = b.type(v!).shape.at(-1)!;
    const count = typeof n === "number" ? b.lit(n) : b.apply("size", [], { seq: n });
    return b.div(b.apply("sum_last", [v!]), count);
  },
  range: ([x]) => x!,
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
