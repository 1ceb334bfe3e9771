/** @file `reverse_steps`: each sample backwards. An entry of the op table: see op.ts. */
import { call, select } from "./expr.ts";
import { union } from "./interval.ts";
import type { StructuredOp } from "./op.ts";
import { lengthFault, over, place, stepOf } from "./structured.ts";
import { refuse } from "./typing.ts";
import { fill, reader } from "./whole.ts";

export const reverseSteps: StructuredOp = {
  form: "structured",
  arity: null,
  params: [],
  defaults: {},
  spec: null,
  doc: "Row t is row length-1-t, zero past the length; without a length every sample has all steps.",
  type: ([v, length, ...more]) => {
    if (v === undefined || more.length > 0)
      return refuse("takes a sequence and at most one length");
    if (v.seq === null) return refuse("must be a sequence", 0);
    return lengthFault(length, 1) ?? { ...v, batch: v.batch || (length?.batch ?? false) };
  },
  value: ([v, length], _, result) => {
    const rows = reader(v!);
    const read = length ? reader(length) : () => result.extents[0]!;
    return fill(result, (step, sample, axes) => {
      const n = read(0, sample, []);
      return step < n ? rows(n - 1 - step, sample, axes) : 0;
    });
  },
  vjp: ({ b, args: [v, ...length], dy }) => [
    over(b, b.apply("reverse_steps", [dy, ...length]), b.type(v!)),
    ...length.map(() => null),
  ],
  emit: (c) => {
    const [v, length] = c.args;
    const step = stepOf(c.at);
    const n = length ? c.load(1, place(length, c.at, [])) : c.extent(v!.seq!);
    const from = call("sub", call("sub", n, 1), step);
    const row = c.load(0, { ...place(v!, c.at, c.at.axes), step: from });
    return length ? select(call("lt", step, n), row, 0) : row;
  },
  range: ([x]) => union(x!, { lo: 0, hi: 0 }),
  probe: {
    cases: [
      { shapes: [[2]], seqs: ["T"], batches: [true] },
      { shapes: [[2], []], seqs: ["T", null], batches: [true, true], lengths: [false, true] },
      { shapes: [[2], []], seqs: ["T", null], batches: [false, true], lengths: [false, true] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
