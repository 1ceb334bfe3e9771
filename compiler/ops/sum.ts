/** @file `sum` over any axes, steps and samples. An entry of the op table: see op.ts. */
import type { Expr } from "../../runtime/artifact/kernel.ts";
import type { Dim } from "../ir/ir.ts";
import { flag, nums } from "./attrs.ts";
import { manyOf } from "./interval.ts";
import type { StructuredOp } from "./op.ts";
import { axisFault, over, without } from "./structured.ts";
import { refuse } from "./typing.ts";
import { features, fill, reader, wholeType } from "./whole.ts";

export const sum: StructuredOp = {
  form: "structured",
  reduces: true,
  arity: 1,
  params: [],
  defaults: { axes: [], seq: true, batch: true },
  spec: null,
  doc: "Sum over the given feature axes, and over steps and samples that are not kept. The axes go.",
  type: ([v], attrs) => {
    if (v!.dtype !== "real") return refuse("has tokens where numbers are needed", 0);
    const axes = nums(attrs, "axes");
    if (new Set(axes).size !== axes.length) return refuse(`an axis is named twice: ${axes}`);
    for (const axis of axes) {
      const fault = axisFault(v!, axis, 0);
      if (fault) return fault;
    }
    return {
      seq: flag(attrs, "seq") ? v!.seq : null,
      batch: flag(attrs, "batch") && v!.batch,
      shape: without(v!.shape, ...axes),
      dtype: "real",
    };
  },
  value: ([v], attrs, result, sizes) => {
    const axes = nums(attrs, "axes");
    const shape = features(v!);
    const gone = {
      seq: result.type.seq === null ? v!.type.seq : null,
      batch: v!.type.batch && !result.type.batch,
      shape: axes.map((i) => shape[i]!),
      dtype: "real" as const,
    };
    const inner = wholeType(gone, sizes);
    const read = reader(v!);
    return fill(result, (step, sample, at) => {
      let total = 0;
      fill(inner, (s, n, summed) => {
        let next = 0;
        const full = shape.map((_, i) =>
          axes.includes(i) ? summed[axes.indexOf(i)]! : at[next++]!,
        );
        total += read(gone.seq === null ? step : s, gone.batch ? n : sample, full);
        return 0;
      });
      return total;
    });
  },
  vjp: ({ b, args: [v], dy, attrs }) => {
    const to = b.type(v!);
    const axes = [...nums(attrs, "axes")].sort((p, q) => p - q);
    const wide =
      axes.length === 0
        ? dy
        : b.apply("expand", [dy], { axes, dims: axes.map((i) => to.shape[i]!) });
    return [over(b, wide, to)];
  },
  emit: (c) => {
    const v = c.args[0]!;
    const axes = nums(c.attrs, "axes");
    const seq = c.result.seq === null ? v.seq : null;
    const batch = v.batch && !c.result.batch;
    const extents: Dim[] = [
      ...(seq === null ? [] : [seq]),
      ...(batch ? ["B"] : []),
      ...axes.map((i) => v.shape[i]!),
    ];
    const term = (vars: readonly Expr[]): Expr => {
      const rest = [...vars];
      const step = seq === null ? c.at.step : rest.shift()!;
      const sample = batch ? rest.shift()! : c.at.sample;
      let next = 0;
      const full = v.shape.map((_, i) =>
        axes.includes(i) ? rest[axes.indexOf(i)]! : c.at.axes[next++]!,
      );
      return c.load(0, { step, sample, axes: full });
    };
    return extents.length === 0 ? term([]) : c.reduce("sum", extents, term);
  },
  range: ([x]) => manyOf(x!),
  probe: {
    cases: [
      { shapes: [[3]], attrs: { axes: [0] } },
      { shapes: [[2, 3, 4]], attrs: { axes: [2, 0] }, batches: [true], seqs: ["T"] },
      {
        shapes: [[2, 3]],
        attrs: { axes: [1], seq: false, batch: false },
        batches: [true],
        seqs: ["T"],
      },
      { shapes: [[2]], attrs: { axes: [], seq: false }, batches: [true], seqs: ["T"] },
      { shapes: [[2]], attrs: { axes: [], batch: false }, batches: [true], seqs: ["T"] },
      { shapes: [["S", 2]], attrs: { axes: [0] }, batches: [true] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-6,
  },
};
