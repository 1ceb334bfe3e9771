/** @file `part(v, from, size)` of the last axis, as users call it. An entry of the op table: see op.ts. */
import { num } from "./attrs.ts";
import type { CompoundOp } from "./op.ts";
import { part } from "./part.ts";
import { needsAxis } from "./structured.ts";

export const partLast: CompoundOp = {
  form: "compound",
  arity: 1,
  params: [
    { name: "from", default: null },
    { name: "size", default: null },
  ],
  spec: { call: "part", params: "v, from, size" },
  doc: "Elements from … from + size - 1 of the last axis, counted from 0: [..., n] → [..., size].",
  type: ([v], attrs) =>
    needsAxis(v!, 0) ?? part.type([v!], { ...attrs, axis: v!.shape.length - 1 }),
  expand: (b, [v], attrs) =>
    b.apply("part", [v!], {
      axis: b.type(v!).shape.length - 1,
      from: num(attrs, "from"),
      size: num(attrs, "size"),
    }),
  range: ([x]) => x!,
  probe: {
    cases: [
      { shapes: [[5]], attrs: { from: 1, size: 3 }, batches: [true], seqs: ["T"] },
      { shapes: [[2, 3]], attrs: { from: 0, size: 2 } },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
