/** @file `dot(a, b)`. An entry of the op table: see op.ts. */
import { manyOf, product } from "./interval.ts";
import type { CompoundOp } from "./op.ts";
import { isRefusal, refuse, show, union } from "./typing.ts";

export const dot: CompoundOp = {
  form: "compound",
  arity: 2,
  params: [],
  spec: { call: "dot", params: "a, b" },
  doc: "Σ a·b of two vectors: [n], [n] → [], a scalar.",
  type: (args) => {
    const [n] = args[0]!.shape;
    for (const [i, v] of args.entries()) {
      if (v.dtype !== "real") return refuse("has tokens where numbers are needed", i);
      if (v.shape.length !== 1) return refuse(`has ${show(v.shape)}: a vector is needed`, i);
      if (v.shape[0] !== n)
        return refuse(`has ${show(v.shape)}: ${v.shape[0]} would have to be ${n}`, i);
    }
    const sum = union(args);
    return isRefusal(sum) ? sum : { ...sum, shape: [], dtype: "real" };
  },
  expand: (b, args) => b.apply("contract", args, { a: "i", b: "i", y: "", seq: true, batch: true }),
  range: ([x, y]) => manyOf(product(x!, y!)),
  probe: {
    cases: [{ shapes: [[3], [3]], batches: [true, false], seqs: [null, "T"] }],
    from: -2,
    to: 2,
    tolerance: 1e-6,
  },
};
