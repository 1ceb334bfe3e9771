/** @file `delay`: a sequence one step later. An entry of the op table: see op.ts. */
import { sameType } from "../ir/ir.ts";
import { flag } from "./attrs.ts";
import { call, select } from "./expr.ts";
import { union } from "./interval.ts";
import type { StructuredOp } from "./op.ts";
import { filled, over, place, shifted, stepOf } from "./structured.ts";
import { refuse, show } from "./typing.ts";
import { fill, reader } from "./whole.ts";

export const delay: StructuredOp = {
  form: "structured",
  arity: 2,
  params: [],
  defaults: { reverse: false },
  spec: null,
  doc: "Row t is row t-1 of the sequence and row 0 is `init`; in reverse, row t is row t+1 and the last is `init`.",
  type: ([v, init]) => {
    if (v!.seq === null) return refuse("must be a sequence", 0);
    if (!sameType({ ...v!, seq: null, batch: false }, { ...init!, batch: false })) {
      return refuse(`has ${show(init!.shape)}, the steps ${show(v!.shape)}`, 1);
    }
    return { ...v!, batch: v!.batch || init!.batch };
  },
  value: ([v, init], attrs, result) => {
    const [rows, first] = [reader(v!), reader(init!)];
    const reverse = flag(attrs, "reverse");
    const edge = reverse ? result.extents[0]! - 1 : 0;
    return fill(result, (step, sample, axes) =>
      step === edge ? first(0, sample, axes) : rows(step + (reverse ? 1 : -1), sample, axes),
    );
  },
  vjp: ({ b, args: [v, init], dy, attrs }) => {
    const reverse = flag(attrs, "reverse");
    const zeros = filled(b, 0, { ...b.type(v!), seq: null, batch: false });
    const back = b.apply("delay", [dy, zeros], { reverse: !reverse });
    const edge = b.apply("edge", [dy], { end: reverse ? "last" : "first" });
    return [over(b, back, b.type(v!)), over(b, edge, b.type(init!))];
  },
  emit: (c) => {
    const [v, init] = [c.args[0]!, c.args[1]!];
    const reverse = flag(c.attrs, "reverse");
    const step = stepOf(c.at);
    const atEdge = reverse
      ? call("ge", step, call("sub", c.extent(c.result.seq!), 1))
      : call("le", step, 0);
    const neighbour = { ...place(v, c.at, c.at.axes), step: shifted(step, reverse ? 1 : -1) };
    return select(atEdge, c.load(1, place(init, c.at, c.at.axes)), c.load(0, neighbour));
  },
  range: ([x, y]) => union(x!, y!),
  probe: {
    cases: [
      { shapes: [[2], [2]], seqs: ["T", null], batches: [true, true] },
      { shapes: [[2], [2]], seqs: ["T", null], batches: [true, false], attrs: { reverse: true } },
      { shapes: [[], []], seqs: ["T", null], batches: [false, true] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
