/** @file `steps`: which steps a sample has. An entry of the op table: see op.ts. */
import { word } from "./attrs.ts";
import { call } from "./expr.ts";
import { UNIT } from "./interval.ts";
import type { StructuredOp } from "./op.ts";
import { both, lengthFault, place, stepOf } from "./structured.ts";
import { refuse } from "./typing.ts";
import { fill, reader } from "./whole.ts";

const ENDS = ["valid", "first", "last"];

export const steps: StructuredOp = {
  form: "structured",
  arity: null,
  params: [],
  defaults: {},
  spec: null,
  doc: 'A sequence of 1 and 0 over `seq`: 1 at the steps inside the sample (of = "valid"), at its "first" or its "last". The length of each sample is the argument; without one every sample has all steps. A sample of length 0 has none.',
  type: ([length, ...more], attrs) => {
    if (more.length > 0) return refuse("takes at most one length");
    if (!ENDS.includes(word(attrs, "of")))
      return refuse(`cannot tell steps of "${word(attrs, "of")}"`);
    const batch = length?.batch ?? false;
    return lengthFault(length, 0) ?? { seq: word(attrs, "seq"), batch, shape: [], dtype: "real" };
  },
  value: ([length], attrs, result) => {
    const of = word(attrs, "of");
    const read = length ? reader(length) : () => result.extents[0]!;
    return fill(result, (step, sample) => {
      const n = read(0, sample, []);
      if (step >= n) return 0;
      return of === "valid" || step === (of === "first" ? 0 : n - 1) ? 1 : 0;
    });
  },
  vjp: ({ args }) => args.map(() => null),
  emit: (c) => {
    const step = stepOf(c.at);
    const length = c.args[0];
    const n = length ? c.load(0, place(length, c.at, [])) : c.extent(c.result.seq!);
    switch (word(c.attrs, "of")) {
      case "first":
        return both(call("eq", step, 0), call("gt", n, 0));
      case "last":
        return call("eq", step, call("sub", n, 1));
      default:
        return call("lt", step, n);
    }
  },
  range: () => UNIT,
  probe: {
    cases: ENDS.flatMap((of) => [
      { shapes: [], attrs: { seq: "T", of } },
      { shapes: [[]], batches: [true], lengths: [true], attrs: { seq: "T", of } },
    ]),
    from: 0,
    to: 3,
    tolerance: 1e-7,
  },
};
