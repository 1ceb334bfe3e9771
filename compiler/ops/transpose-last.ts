/** @file `transpose(v)` of the last two axes, as users call it. An entry of the op table: see op.ts. */
import type { CompoundOp } from "./op.ts";
import { refuse, show } from "./typing.ts";

export const transposeLast: CompoundOp = {
  form: "compound",
  arity: 1,
  params: [],
  spec: { call: "transpose", params: "v" },
  doc: "The last two axes swapped: [..., m, n] → [..., n, m].",
  type: ([v]) => {
    if (v!.shape.length < 2) return refuse(`is ${show(v!.shape)}: it needs two axes to swap`, 0);
    return { ...v!, shape: swapped(v!.shape) };
  },
  expand: (b, [v]) =>
    b.apply("transpose", [v!], { perm: swapped(b.type(v!).shape.map((_, i) => i)) }),
  range: ([x]) => x!,
  probe: {
    cases: [{ shapes: [[2, 3]], batches: [true], seqs: ["T"] }, { shapes: [[2, 3, 4]] }],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};

function swapped<T>(list: readonly T[]): T[] {
  return [...list.slice(0, -2), list.at(-1)!, list.at(-2)!];
}
