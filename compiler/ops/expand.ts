/** @file `expand`: repeats a value over new axes. An entry of the op table: see op.ts. */
import type { Dim } from "../ir/ir.ts";
import { dims, flag, nums, word } from "./attrs.ts";
import type { StructuredOp } from "./op.ts";
import { over, place } from "./structured.ts";
import { refuse } from "./typing.ts";
import { fill, reader } from "./whole.ts";

export const expand: StructuredOp = {
  form: "structured",
  arity: 1,
  params: [],
  defaults: { axes: [], dims: [], seq: "", batch: false },
  spec: null,
  doc: 'Repeats v over new axes, which stand at the positions `axes` of the result and have the extents `dims`; over the steps of `seq` ("" for none), and, with `batch`, over samples.',
  type: ([v], attrs) => {
    const [axes, extents, seq] = [nums(attrs, "axes"), dims(attrs, "dims"), word(attrs, "seq")];
    const rank = v!.shape.length + axes.length;
    if (axes.length !== extents.length) return refuse("needs an extent for each new axis");
    if (new Set(axes).size !== axes.length || axes.some((i) => !(i >= 0 && i < rank))) {
      return refuse(`new axes ${axes} do not fit a result of rank ${rank}`);
    }
    if (seq !== "" && v!.seq !== null && v!.seq !== seq) {
      return refuse(`varies over ${v!.seq}: it cannot be repeated over ${seq}`, 0);
    }
    const shape: Dim[] = [];
    let next = 0;
    for (let i = 0; i < rank; i++) {
      shape.push(axes.includes(i) ? extents[axes.indexOf(i)]! : v!.shape[next++]!);
    }
    return {
      ...v!,
      seq: seq === "" ? v!.seq : seq,
      batch: v!.batch || flag(attrs, "batch"),
      shape,
    };
  },
  value: ([v], attrs, result) => {
    const read = reader(v!);
    const axes = nums(attrs, "axes");
    return fill(result, (step, sample, at) =>
      read(
        step,
        sample,
        at.filter((_, i) => !axes.includes(i)),
      ),
    );
  },
  vjp: ({ b, args: [v], dy, attrs }) => {
    const axes = nums(attrs, "axes");
    const less = axes.length === 0 ? dy : b.apply("sum", [dy], { axes });
    return [over(b, less, b.type(v!))];
  },
  emit: (c) => {
    const axes = nums(c.attrs, "axes");
    return c.load(
      0,
      place(
        c.args[0]!,
        c.at,
        c.at.axes.filter((_, i) => !axes.includes(i)),
      ),
    );
  },
  range: ([x]) => x!,
  probe: {
    cases: [
      { shapes: [[]], attrs: { axes: [0], dims: [3], batch: true } },
      { shapes: [[2]], attrs: { axes: [2, 0], dims: [3, 4], seq: "T" }, batches: [true] },
      { shapes: [[2]], attrs: { seq: "T", batch: true } },
      { shapes: [[2]], attrs: { axes: [0], dims: ["S"] }, batches: [true], seqs: ["T"] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
