/** @file `outer(a, b)`. An entry of the op table: see op.ts. */
import { product } from "./interval.ts";
import type { CompoundOp } from "./op.ts";
import { isRefusal, refuse, show, union } from "./typing.ts";

export const outer: CompoundOp = {
  form: "compound",
  arity: 2,
  params: [],
  spec: { call: "outer", params: "a, b" },
  doc: "a bᵀ of two vectors: [m], [n] → [m, n].",
  type: (args) => {
    for (const [i, v] of args.entries()) {
      if (v.dtype !== "real") return refuse("has tokens where numbers are needed", i);
      if (v.shape.length !== 1) return refuse(`has ${show(v.shape)}: a vector is needed`, i);
    }
    const sum = union(args);
    if (isRefusal(sum)) return sum;
    return { ...sum, shape: [args[0]!.shape[0]!, args[1]!.shape[0]!], dtype: "real" };
  },
  expand: (b, args) =>
    b.apply("contract", args, { a: "i", b: "j", y: "ij", seq: true, batch: true }),
  range: ([x, y]) => product(x!, y!),
  probe: {
    cases: [{ shapes: [[2], [3]], batches: [true, false], seqs: [null, "T"] }],
    from: -2,
    to: 2,
    tolerance: 1e-6,
  },
};
