/** @file `scatter`: sums rows by token. An entry of the op table: see op.ts. */
import type { Expr } from "../../runtime/artifact/kernel.ts";
import type { Dim } from "../ir/ir.ts";
import { num } from "./attrs.ts";
import { call, select } from "./expr.ts";
import { manyOf } from "./interval.ts";
import type { StructuredOp } from "./op.ts";
import { over, place } from "./structured.ts";
import { isRefusal, refuse, show, union } from "./typing.ts";
import { features, fill, reader, wholeType } from "./whole.ts";

export const scatter: StructuredOp = {
  form: "structured",
  arity: 2,
  params: [],
  defaults: {},
  spec: null,
  doc: "A table [rows, ...] whose row r is the sum, over steps, samples and token axes, of dy where the token is r: the derivative of `gather`.",
  type: ([index, dy], attrs) => {
    if (index!.dtype !== "index") return refuse("must be tokens", 0);
    if (dy!.dtype !== "real") return refuse("has tokens where numbers are needed", 1);
    const sum = union([index!, dy!]);
    if (isRefusal(sum)) return sum;
    const lead = index!.shape.length;
    if (!index!.shape.every((d, i) => d === dy!.shape[i])) {
      return refuse(`has ${show(dy!.shape)}, tokens ${show(index!.shape)}`, 1);
    }
    return {
      seq: null,
      batch: false,
      shape: [num(attrs, "rows"), ...dy!.shape.slice(lead)],
      dtype: "real",
    };
  },
  value: ([index, dy], _, result, sizes) => {
    const [tokens, read] = [reader(index!), reader(dy!)];
    const all = wholeType(
      {
        seq: index!.type.seq ?? dy!.type.seq,
        batch: index!.type.batch || dy!.type.batch,
        shape: features(index!),
        dtype: "index",
      },
      sizes,
    );
    return fill(result, (_step, _sample, [row, ...rest]) => {
      let total = 0;
      fill(all, (step, sample, axes) => {
        if (tokens(step, sample, axes) === row) total += read(step, sample, [...axes, ...rest]);
        return 0;
      });
      return total;
    });
  },
  vjp: ({ b, args: [index, of], dy }) => [
    null,
    over(b, b.apply("gather", [dy, index!]), b.type(of!)),
  ],
  emit: (c) => {
    const [index, dy] = [c.args[0]!, c.args[1]!];
    const seq = index.seq ?? dy.seq;
    const batch = index.batch || dy.batch;
    const [row, ...rest] = c.at.axes;
    const extents: Dim[] = [
      ...(seq === null ? [] : [seq]),
      ...(batch ? ["B"] : []),
      ...index.shape,
    ];
    const term = (vars: readonly Expr[]): Expr => {
      const axes = [...vars];
      const at = {
        step: seq === null ? null : axes.shift()!,
        sample: batch ? axes.shift()! : null,
        axes: [],
      };
      const token = c.load(0, place(index, at, axes));
      return select(call("eq", token, row!), c.load(1, place(dy, at, [...axes, ...rest])), 0);
    };
    return extents.length === 0 ? term([]) : c.reduce("sum", extents, term);
  },
  range: ([, x]) => manyOf(x!),
  probe: {
    cases: [
      {
        shapes: [[], [2]],
        dtypes: ["index", "real"],
        batches: [true, true],
        seqs: ["T", "T"],
        attrs: { rows: 4 },
      },
      { shapes: [[3], [3]], dtypes: ["index", "real"], attrs: { rows: 4 } },
      {
        shapes: [[], [2]],
        dtypes: ["index", "real"],
        batches: [true, false],
        seqs: [null, "T"],
        attrs: { rows: 4 },
      },
      { shapes: [[], []], dtypes: ["index", "real"], attrs: { rows: 4 } },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-6,
  },
};
