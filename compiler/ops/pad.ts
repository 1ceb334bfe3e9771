/** @file `pad`: zeros around an axis. An entry of the op table: see op.ts. */
import { num } from "./attrs.ts";
import { call, select } from "./expr.ts";
import { union } from "./interval.ts";
import type { StructuredOp } from "./op.ts";
import { axisFault, both, fixedExtent, place, shifted } from "./structured.ts";
import { refuse, show } from "./typing.ts";
import { features, fill, reader } from "./whole.ts";

export const pad: StructuredOp = {
  form: "structured",
  arity: 1,
  params: [],
  defaults: { before: 0, after: 0 },
  spec: null,
  doc: "Zeros before and after the elements of an axis: [..., n, ...] → [..., before + n + after, ...].",
  type: ([v], attrs) => {
    const [axis, before, after] = [num(attrs, "axis"), num(attrs, "before"), num(attrs, "after")];
    const fault = axisFault(v!, axis, 0);
    if (fault) return fault;
    const n = v!.shape[axis]!;
    if (typeof n !== "number") return refuse(`is ${show(v!.shape)}: ${n} has no fixed size`, 0);
    if (![before, after].every((k) => Number.isInteger(k) && k >= 0)) {
      return refuse(`cannot be padded by ${before} and ${after}`, 0);
    }
    return { ...v!, shape: v!.shape.with(axis, before + n + after) };
  },
  value: ([v], attrs, result) => {
    const read = reader(v!);
    const [axis, before] = [num(attrs, "axis"), num(attrs, "before")];
    const n = features(v!)[axis]!;
    return fill(result, (step, sample, axes) => {
      const i = axes[axis]! - before;
      return i >= 0 && i < n ? read(step, sample, axes.with(axis, i)) : 0;
    });
  },
  vjp: ({ b, args: [v], dy, attrs }) => {
    const axis = num(attrs, "axis");
    const size = fixedExtent(b.type(v!), axis);
    return [b.apply("part", [dy], { axis, from: num(attrs, "before"), size })];
  },
  emit: (c) => {
    const [axis, before, after] = [
      num(c.attrs, "axis"),
      num(c.attrs, "before"),
      num(c.attrs, "after"),
    ];
    const i = c.at.axes[axis]!;
    const start = call("ge", i, before);
    const end = call("lt", i, before + fixedExtent(c.args[0]!, axis));
    const inside = before === 0 ? end : after === 0 ? start : both(start, end);
    const there = c.load(0, place(c.args[0]!, c.at, c.at.axes.with(axis, shifted(i, -before))));
    return before + after === 0 ? there : select(inside, there, 0);
  },
  range: ([x]) => union(x!, { lo: 0, hi: 0 }),
  probe: {
    cases: [
      { shapes: [[2]], attrs: { axis: 0, before: 1, after: 2 } },
      { shapes: [[2]], attrs: { axis: 0, after: 2 } },
      { shapes: [[2, 3]], attrs: { axis: 1, before: 2 }, batches: [true], seqs: ["T"] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
