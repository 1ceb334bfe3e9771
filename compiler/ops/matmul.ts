/** @file `a @ b`. An entry of the op table: see op.ts. */
import type { Tensor } from "../ir/ir.ts";
import { manyOf, product } from "./interval.ts";
import type { CompoundOp, Refusal } from "./op.ts";
import { isRefusal, refuse, show, union } from "./typing.ts";

/** Axis labels by the ranks of a and b. */
const LABELS: Readonly<Record<string, { a: string; b: string; y: string }>> = {
  "2,1": { a: "ij", b: "j", y: "i" },
  "2,2": { a: "ij", b: "jk", y: "ik" },
  "1,2": { a: "j", b: "jk", y: "k" },
};

export const matmul: CompoundOp = {
  form: "compound",
  arity: 2,
  params: [],
  spec: null,
  doc: "Matrix product, written with the operator: [H, D] @ [D] → [H], [H, D] @ [D, K] → [H, K], [D] @ [D, K] → [K]. The extents that meet are the same.",
  type: ([a, b]) => rule(a!, b!),
  expand: (b, [x, y]) => {
    const ranks = `${b.type(x!).shape.length},${b.type(y!).shape.length}`;
    return b.apply("contract", [x!, y!], { ...LABELS[ranks]!, seq: true, batch: true });
  },
  range: ([x, y]) => manyOf(product(x!, y!)),
  probe: {
    cases: [
      { shapes: [[2, 3], [3]], batches: [false, true], seqs: [null, "T"] },
      {
        shapes: [
          [2, 3],
          [3, 4],
        ],
      },
      { shapes: [[3], [3, 4]], batches: [true, false] },
      { shapes: [["S", 3], [3]], batches: [true, true] },
      { shapes: [["S"], ["S", 3]], batches: [true, true] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-6,
  },
};

function rule(a: Tensor, b: Tensor): Tensor | Refusal {
  for (const [i, v] of [a, b].entries()) {
    if (v.dtype !== "real") return refuse("has tokens where numbers are needed", i);
    if (v.shape.length === 0) return refuse("is a scalar: multiply by it with `*`", i);
    if (v.shape.length > 2) return refuse(`has ${show(v.shape)}: a matrix or vector is needed`, i);
  }
  if (a.shape.length === 1 && b.shape.length === 1)
    return refuse("is a vector, as the left is: use `dot`", 1);
  const inner = a.shape.at(-1)!;
  if (inner !== b.shape[0]) {
    return refuse(
      `has ${show(b.shape)}, the left ${show(a.shape)}: ${b.shape[0]} would have to be ${inner}`,
      1,
    );
  }
  const sum = union([a, b]);
  if (isRefusal(sum)) return sum;
  return { ...sum, shape: [...a.shape.slice(0, -1), ...b.shape.slice(1)], dtype: "real" };
}
