/** @file `onehot`: tokens as vectors. An entry of the op table: see op.ts. */
import { num } from "./attrs.ts";
import { call } from "./expr.ts";
import { UNIT } from "./interval.ts";
import type { StructuredOp } from "./op.ts";
import { place } from "./structured.ts";
import { refuse } from "./typing.ts";
import { fill, reader } from "./whole.ts";

export const onehot: StructuredOp = {
  form: "structured",
  arity: 1,
  params: [],
  defaults: {},
  spec: null,
  doc: "1 at the token, 0 elsewhere: tokens [...p] → [...p, of].",
  type: ([index], attrs) => {
    if (index!.dtype !== "index") return refuse("must be tokens", 0);
    return { ...index!, shape: [...index!.shape, num(attrs, "of")], dtype: "real" };
  },
  value: ([index], _, result) => {
    const read = reader(index!);
    return fill(result, (step, sample, axes) =>
      read(step, sample, axes.slice(0, -1)) === axes.at(-1) ? 1 : 0,
    );
  },
  vjp: () => [null],
  emit: (c) => {
    const token = c.load(0, place(c.args[0]!, c.at, c.at.axes.slice(0, -1)));
    return call("eq", token, c.at.axes.at(-1)!);
  },
  range: () => UNIT,
  probe: {
    cases: [
      { shapes: [[]], dtypes: ["index"], batches: [true], seqs: ["T"], attrs: { of: 5 } },
      { shapes: [[3]], dtypes: ["index"], attrs: { of: 4 } },
    ],
    from: 0,
    to: 3,
    tolerance: 1e-7,
  },
};
