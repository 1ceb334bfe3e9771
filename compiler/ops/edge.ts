/** @file `edge`: the first or last row of a sequence. An entry of the op table: see op.ts. */
import { word } from "./attrs.ts";
import { call } from "./expr.ts";
import type { StructuredOp } from "./op.ts";
import { place, ZERO } from "./structured.ts";
import { refuse } from "./typing.ts";
import { fill, reader } from "./whole.ts";

export const edge: StructuredOp = {
  form: "structured",
  arity: 1,
  params: [],
  defaults: {},
  spec: null,
  doc: 'Row 0 (end = "first") or row T-1 ("last") of a sequence; lengths are not looked at.',
  type: ([v]) => (v!.seq === null ? refuse("must be a sequence", 0) : { ...v!, seq: null }),
  value: ([v], attrs, result) => {
    const read = reader(v!);
    const row = word(attrs, "end") === "last" ? v!.extents[0]! - 1 : 0;
    return fill(result, (_, sample, axes) => read(row, sample, axes));
  },
  vjp: ({ b, args: [v], dy, attrs }) => {
    const seq = b.type(v!).seq!;
    return [b.mul(dy, b.apply("steps", [], { seq, of: word(attrs, "end") }))];
  },
  emit: (c) => {
    const v = c.args[0]!;
    const step = word(c.attrs, "end") === "last" ? call("sub", c.extent(v.seq!), 1) : ZERO;
    return c.load(0, { ...place(v, c.at, c.at.axes), step });
  },
  range: ([x]) => x!,
  probe: {
    cases: [
      { shapes: [[2]], seqs: ["T"], batches: [true], attrs: { end: "first" } },
      { shapes: [[2]], seqs: ["T"], batches: [true], attrs: { end: "last" } },
      { shapes: [[]], seqs: ["T"], attrs: { end: "last" } },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
