/** @file `to_axis`: a sequence seen whole. An entry of the op table: see op.ts. */
import type { StructuredOp } from "./op.ts";
import { place } from "./structured.ts";
import { refuse } from "./typing.ts";
import { fill, reader } from "./whole.ts";

export const toAxis: StructuredOp = {
  form: "structured",
  arity: 1,
  params: [],
  defaults: {},
  spec: null,
  doc: "The sequence becomes the first feature axis: [...] at every step → [S, ...] once.",
  type: ([v]) => {
    if (v!.seq === null) return refuse("must be a sequence", 0);
    return { ...v!, seq: null, shape: [v!.seq, ...v!.shape] };
  },
  value: ([v], _, result) => {
    const read = reader(v!);
    return fill(result, (_step, sample, [step, ...axes]) => read(step!, sample, axes));
  },
  vjp: ({ b, dy }) => [b.apply("to_steps", [dy])],
  emit: (c) => {
    const [step, ...axes] = c.at.axes;
    return c.load(0, { ...place(c.args[0]!, c.at, axes), step: step! });
  },
  range: ([x]) => x!,
  probe: {
    cases: [
      { shapes: [[2]], seqs: ["S"], batches: [true] },
      { shapes: [[]], seqs: ["S"] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
