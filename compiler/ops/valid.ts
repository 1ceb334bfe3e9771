/** @file `valid`: which positions of a memory a sample has. An entry of the op table: see op.ts. */
import { word } from "./attrs.ts";
import { call } from "./expr.ts";
import { UNIT } from "./interval.ts";
import type { StructuredOp } from "./op.ts";
import { lengthFault, place } from "./structured.ts";
import { refuse } from "./typing.ts";
import { fill, reader } from "./whole.ts";

export const valid: StructuredOp = {
  form: "structured",
  arity: null,
  params: [],
  defaults: {},
  spec: null,
  doc: "A vector over the sequence `seq` as a feature axis: 1 at positions inside the sample, else 0. The length of each sample is the argument; without one all are inside.",
  type: ([length, ...more], attrs) => {
    if (more.length > 0) return refuse("takes at most one length");
    const batch = length?.batch ?? false;
    return (
      lengthFault(length, 0) ?? { seq: null, batch, shape: [word(attrs, "seq")], dtype: "real" }
    );
  },
  value: ([length], _, result) => {
    const read = length ? reader(length) : () => Number.POSITIVE_INFINITY;
    return fill(result, (_step, sample, [i]) => (i! < read(0, sample, []) ? 1 : 0));
  },
  vjp: ({ args }) => args.map(() => null),
  emit: (c) => {
    const length = c.args[0];
    const n = length ? c.load(0, place(length, c.at, [])) : c.extent(word(c.attrs, "seq"));
    return call("lt", c.at.axes[0]!, n);
  },
  range: () => UNIT,
  probe: {
    cases: [
      { shapes: [], attrs: { seq: "S" } },
      { shapes: [[]], batches: [true], lengths: [true], attrs: { seq: "S" } },
    ],
    from: 0,
    to: 3,
    tolerance: 1e-7,
  },
};
