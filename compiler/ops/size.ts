/** @file `size`: the length of a sequence. An entry of the op table: see op.ts. */
import { word } from "./attrs.ts";
import type { StructuredOp } from "./op.ts";
import { lengthFault, place } from "./structured.ts";
import { refuse } from "./typing.ts";
import { extentOf, fill, reader } from "./whole.ts";

export const size: StructuredOp = {
  form: "structured",
  arity: null,
  params: [],
  defaults: {},
  spec: null,
  doc: "The length of the sequence `seq` as a real: each sample's own where it is the argument, else the number of steps of the run.",
  type: ([length, ...more], attrs) => {
    word(attrs, "seq");
    if (more.length > 0) return refuse("takes at most one length");
    const batch = length?.batch ?? false;
    return lengthFault(length, 0) ?? { seq: null, batch, shape: [], dtype: "real" };
  },
  value: ([length], attrs, result, sizes) => {
    const read = length ? reader(length) : () => extentOf(word(attrs, "seq"), sizes);
    return fill(result, (_, sample) => read(0, sample, []));
  },
  vjp: ({ args }) => args.map(() => null),
  emit: (c) => {
    const length = c.args[0];
    return length ? c.load(0, place(length, c.at, [])) : c.extent(word(c.attrs, "seq"));
  },
  range: () => ({ lo: 0, hi: Number.POSITIVE_INFINITY }),
  probe: {
    cases: [
      { shapes: [], attrs: { seq: "T" } },
      { shapes: [[]], batches: [true], lengths: [true], attrs: { seq: "T" } },
    ],
    from: 0,
    to: 3,
    tolerance: 1e-7,
  },
};
