/** @file `part`: a slice of an axis. An entry of the op table: see op.ts. */
import { num } from "./attrs.ts";
import type { StructuredOp } from "./op.ts";
import { axisFault, fixedExtent, place, shifted } from "./structured.ts";
import { refuse, show } from "./typing.ts";
import { fill, reader } from "./whole.ts";

export const part: StructuredOp = {
  form: "structured",
  arity: 1,
  params: [],
  defaults: {},
  spec: null,
  doc: "Elements from … from + size - 1 of an axis: [..., n, ...] → [..., size, ...].",
  type: ([v], attrs) => {
    const [axis, from, size] = [num(attrs, "axis"), num(attrs, "from"), num(attrs, "size")];
    const fault = axisFault(v!, axis, 0);
    if (fault) return fault;
    const n = v!.shape[axis]!;
    if (typeof n !== "number") return refuse(`is ${show(v!.shape)}: ${n} has no fixed size`, 0);
    const whole = Number.isInteger(from) && Number.isInteger(size);
    if (!whole || from < 0 || size < 1 || from + size > n) {
      return refuse(`has ${n} elements: ${size} from ${from} are not all there`, 0);
    }
    return { ...v!, shape: v!.shape.with(axis, size) };
  },
  value: ([v], attrs, result) => {
    const read = reader(v!);
    const [axis, from] = [num(attrs, "axis"), num(attrs, "from")];
    return fill(result, (step, sample, axes) =>
      read(step, sample, axes.with(axis, axes[axis]! + from)),
    );
  },
  vjp: ({ b, args: [v], dy, attrs }) => {
    const [axis, from, size] = [num(attrs, "axis"), num(attrs, "from"), num(attrs, "size")];
    const after = fixedExtent(b.type(v!), axis) - from - size;
    return [b.apply("pad", [dy], { axis, before: from, after })];
  },
  emit: (c) => {
    const axis = num(c.attrs, "axis");
    const i = shifted(c.at.axes[axis]!, num(c.attrs, "from"));
    return c.load(0, place(c.args[0]!, c.at, c.at.axes.with(axis, i)));
  },
  range: ([x]) => x!,
  probe: {
    cases: [
      { shapes: [[5]], attrs: { axis: 0, from: 1, size: 3 } },
      { shapes: [[2, 4, 3]], attrs: { axis: 1, from: 2, size: 2 }, batches: [true], seqs: ["T"] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
