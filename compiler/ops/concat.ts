/** @file `concat`: joins along an axis. An entry of the op table: see op.ts. */
import type { Expr } from "../../runtime/artifact/kernel.ts";
import { num } from "./attrs.ts";
import { call, select } from "./expr.ts";
import { union as hull } from "./interval.ts";
import type { StructuredOp } from "./op.ts";
import { axisFault, fixedExtent, over, place, shifted } from "./structured.ts";
import { isRefusal, refuse, show, union } from "./typing.ts";
import { features, fill, reader } from "./whole.ts";

export const concat: StructuredOp = {
  form: "structured",
  arity: null,
  params: [],
  defaults: {},
  spec: null,
  doc: "The values one after another along an axis; their other axes are the same.",
  type: (args, attrs) => {
    const axis = num(attrs, "axis");
    const first = args[0];
    if (first === undefined) return refuse("needs a value to join");
    const sum = union(args);
    if (isRefusal(sum)) return sum;
    let total = 0;
    for (const [i, v] of args.entries()) {
      const fault = axisFault(v, axis, i);
      if (fault) return fault;
      const n = v.shape[axis]!;
      if (typeof n !== "number") return refuse(`is ${show(v.shape)}: ${n} has no fixed size`, i);
      if (v.dtype !== "real") return refuse("has tokens where numbers are needed", i);
      const fits = v.shape.length === first.shape.length;
      if (!fits || !v.shape.every((d, k) => k === axis || d === first.shape[k])) {
        return refuse(`has ${show(v.shape)}, which cannot be joined to ${show(first.shape)}`, i);
      }
      total += n;
    }
    return { ...sum, shape: first.shape.with(axis, total), dtype: "real" };
  },
  value: (args, attrs, result) => {
    const axis = num(attrs, "axis");
    const parts = args.map((v) => ({ read: reader(v), n: features(v)[axis]! }));
    return fill(result, (step, sample, axes) => {
      let i = axes[axis]!;
      let k = 0;
      while (i >= parts[k]!.n) i -= parts[k++]!.n;
      return parts[k]!.read(step, sample, axes.with(axis, i));
    });
  },
  vjp: ({ b, args, dy, attrs }) => {
    const axis = num(attrs, "axis");
    let from = 0;
    return args.map((v) => {
      const size = fixedExtent(b.type(v), axis);
      const own = b.apply("part", [dy], { axis, from, size });
      from += size;
      return over(b, own, b.type(v));
    });
  },
  emit: (c) => {
    const axis = num(c.attrs, "axis");
    const i = c.at.axes[axis]!;
    const pick = (k: number, from: number): Expr => {
      const v = c.args[k]!;
      const here = c.load(k, place(v, c.at, c.at.axes.with(axis, shifted(i, -from))));
      if (k === c.args.length - 1) return here;
      const end = from + fixedExtent(v, axis);
      return select(call("lt", i, end), here, pick(k + 1, end));
    };
    return pick(0, 0);
  },
  range: (xs) => hull(...xs),
  probe: {
    cases: [
      { shapes: [[2], [3]], attrs: { axis: 0 } },
      {
        shapes: [[2], [3], [1]],
        attrs: { axis: 0 },
        batches: [true, false, true],
        seqs: [null, "T", null],
      },
      {
        shapes: [
          [2, 3],
          [2, 1],
        ],
        attrs: { axis: 1 },
      },
      { shapes: [[3]], attrs: { axis: 0 } },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
