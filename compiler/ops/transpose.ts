/** @file `transpose`: axes in another order. An entry of the op table: see op.ts. */
import { nums } from "./attrs.ts";
import type { StructuredOp } from "./op.ts";
import { place } from "./structured.ts";
import { refuse, show } from "./typing.ts";
import { fill, reader } from "./whole.ts";

export const transpose: StructuredOp = {
  form: "structured",
  arity: 1,
  params: [],
  defaults: {},
  spec: null,
  doc: "The axes in another order: axis i of the result is axis perm[i] of v.",
  type: ([v], attrs) => {
    const perm = nums(attrs, "perm");
    const sorted = [...perm].sort((p, q) => p - q);
    if (perm.length !== v!.shape.length || sorted.some((p, i) => p !== i)) {
      return refuse(`is ${show(v!.shape)}, which ${show(perm)} does not permute`, 0);
    }
    return { ...v!, shape: perm.map((p) => v!.shape[p]!) };
  },
  value: ([v], attrs, result) => {
    const read = reader(v!);
    const back = inverse(nums(attrs, "perm"));
    return fill(result, (step, sample, axes) =>
      read(
        step,
        sample,
        back.map((p) => axes[p]!),
      ),
    );
  },
  vjp: ({ b, dy, attrs }) => [b.apply("transpose", [dy], { perm: inverse(nums(attrs, "perm")) })],
  emit: (c) => {
    const back = inverse(nums(c.attrs, "perm"));
    return c.load(
      0,
      place(
        c.args[0]!,
        c.at,
        back.map((p) => c.at.axes[p]!),
      ),
    );
  },
  range: ([x]) => x!,
  probe: {
    cases: [
      { shapes: [[2, 3]], attrs: { perm: [1, 0] } },
      { shapes: [[2, 3, 4]], attrs: { perm: [1, 2, 0] }, batches: [true], seqs: ["T"] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};

function inverse(perm: readonly number[]): number[] {
  return perm.map((_, i) => perm.indexOf(i));
}
