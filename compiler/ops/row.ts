/** @file `row`: one index of an axis, without the axis. An entry of the op table: see op.ts. */
import { num } from "./attrs.ts";
import { lit } from "./expr.ts";
import type { StructuredOp } from "./op.ts";
import { axisFault, fixedExtent, place, without } from "./structured.ts";
import { refuse, show } from "./typing.ts";
import { fill, reader } from "./whole.ts";

export const row: StructuredOp = {
  form: "structured",
  arity: 1,
  params: [],
  defaults: {},
  spec: null,
  doc: "Elements at index `at` of an axis: [..., n, ...] → [..., ...].",
  type: ([v], attrs) => {
    const [axis, at] = [num(attrs, "axis"), num(attrs, "at")];
    const fault = axisFault(v!, axis, 0);
    if (fault) return fault;
    const n = v!.shape[axis]!;
    if (typeof n !== "number") return refuse(`is ${show(v!.shape)}: ${n} has no fixed size`, 0);
    if (!Number.isInteger(at) || at < 0 || at >= n) {
      return refuse(`has ${n} rows: row ${at} is not there`, 0);
    }
    return { ...v!, shape: without(v!.shape, axis) };
  },
  value: ([v], attrs, result) => {
    const read = reader(v!);
    const [axis, at] = [num(attrs, "axis"), num(attrs, "at")];
    return fill(result, (step, sample, axes) => read(step, sample, axes.toSpliced(axis, 0, at)));
  },
  vjp: ({ b, args: [v], dy, attrs }) => {
    const [axis, at] = [num(attrs, "axis"), num(attrs, "at")];
    const own = b.apply("expand", [dy], { axes: [axis], dims: [1] });
    const after = fixedExtent(b.type(v!), axis) - at - 1;
    return [b.apply("pad", [own], { axis, before: at, after })];
  },
  emit: (c) => {
    const [axis, at] = [num(c.attrs, "axis"), num(c.attrs, "at")];
    return c.load(0, place(c.args[0]!, c.at, c.at.axes.toSpliced(axis, 0, lit(at))));
  },
  range: ([x]) => x!,
  probe: {
    cases: [
      { shapes: [[3]], attrs: { axis: 0, at: 1 } },
      { shapes: [[2, 4, 3]], attrs: { axis: 1, at: 2 }, batches: [true], seqs: ["T"] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
