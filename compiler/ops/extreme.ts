/** @file The largest or smallest over the last axis: `max` and `min` are made here. In: which.
 *  Out: an entry of the op table (see op.ts). Never knows more than the two. */
import type { StructuredOp } from "./op.ts";
import { keepLast, needsAxis, place } from "./structured.ts";
import { features, fill, reader } from "./whole.ts";

export function extreme(which: "max" | "min"): StructuredOp {
  const [from, word] = which === "max" ? [-Infinity, "largest"] : [Infinity, "smallest"];
  return {
    form: "structured",
    reduces: true,
    arity: 1,
    params: [],
    defaults: {},
    spec: { call: which, params: "v" },
    doc: `The ${word} over the last axis: [..., n] → [...]. Equal ones share the derivative evenly.`,
    type: ([v]) => needsAxis(v!, 0) ?? { ...v!, shape: v!.shape.slice(0, -1) },
    value: ([v], _, result) => {
      const read = reader(v!);
      const n = features(v!).at(-1)!;
      return fill(result, (step, sample, axes) => {
        let best = from;
        for (let i = 0; i < n; i++) best = Math[which](best, read(step, sample, [...axes, i]));
        return best;
      });
    },
    vjp: ({ b, args: [v], y, dy }) => {
      const hit = b.apply("eq", [v!, keepLast(b, y)]);
      const hits = b.apply("sum", [hit], { axes: [b.type(hit).shape.length - 1] });
      return [b.mul(hit, keepLast(b, b.div(dy, hits)))];
    },
    emit: (c) =>
      c.reduce(which, [c.args[0]!.shape.at(-1)!], (vars) =>
        c.load(0, place(c.args[0]!, c.at, [...c.at.axes, ...vars])),
      ),
    range: ([x]) => x!,
    probe: {
      cases: [
        { shapes: [[3]] },
        { shapes: [[2, 3]], batches: [true], seqs: ["T"] },
        { shapes: [["S"]], batches: [true] },
      ],
      from: -4,
      to: 4,
      tolerance: 1e-6,
    },
  };
}
