/** @file `to_steps`: an axis as a sequence. An entry of the op table: see op.ts. */
import type { StructuredOp } from "./op.ts";
import { place, stepOf } from "./structured.ts";
import { refuse, show } from "./typing.ts";
import { fill, reader } from "./whole.ts";

export const toSteps: StructuredOp = {
  form: "structured",
  arity: 1,
  params: [],
  defaults: {},
  spec: null,
  doc: "The first feature axis, whose extent is the name of a sequence, becomes the steps: [S, ...] once → [...] at every step.",
  type: ([v]) => {
    const [seq, ...shape] = v!.shape;
    if (v!.seq !== null) return refuse(`varies over ${v!.seq} already`, 0);
    if (typeof seq !== "string")
      return refuse(`is ${show(v!.shape)}: its first axis is no sequence`, 0);
    return { ...v!, seq, shape };
  },
  value: ([v], _, result) => {
    const read = reader(v!);
    return fill(result, (step, sample, axes) => read(0, sample, [step, ...axes]));
  },
  vjp: ({ b, dy }) => [b.apply("to_axis", [dy])],
  emit: (c) => c.load(0, place(c.args[0]!, c.at, [stepOf(c.at), ...c.at.axes])),
  range: ([x]) => x!,
  probe: {
    cases: [{ shapes: [["S", 2]], batches: [true] }, { shapes: [["S"]] }],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
