/** @file `gather`: rows of a table. An entry of the op table: see op.ts. */
import type { StructuredOp } from "./op.ts";
import { place } from "./structured.ts";
import { refuse, show } from "./typing.ts";
import { fill, reader } from "./whole.ts";

export const gather: StructuredOp = {
  form: "structured",
  arity: 2,
  params: [],
  defaults: {},
  spec: null,
  doc: "The rows of a table [V, ...] at tokens: tokens of shape [...p] give [...p, ...]. The table is one for all steps and samples. An embedding.",
  type: ([table, index]) => {
    if (
      table!.shape.length === 0 ||
      table!.seq !== null ||
      table!.batch ||
      table!.dtype !== "real"
    ) {
      return refuse(
        `must be a table with rows, the same for every step and sample; has ${show(table!.shape)}`,
        0,
      );
    }
    if (index!.dtype !== "index") return refuse("must be tokens", 1);
    return { ...index!, shape: [...index!.shape, ...table!.shape.slice(1)], dtype: "real" };
  },
  value: ([table, index], _, result) => {
    const [rows, tokens] = [reader(table!), reader(index!)];
    const lead = index!.type.shape.length;
    return fill(result, (step, sample, axes) =>
      rows(0, 0, [tokens(step, sample, axes.slice(0, lead)), ...axes.slice(lead)]),
    );
  },
  vjp: ({ b, args: [table, index], dy }) => {
    const rows = b.type(table!).shape[0]!;
    return [b.apply("scatter", [index!, dy], { rows }), null];
  },
  emit: (c) => {
    const index = c.args[1]!;
    const lead = index.shape.length;
    const row = c.load(1, place(index, c.at, c.at.axes.slice(0, lead)));
    return c.load(0, { step: null, sample: null, axes: [row, ...c.at.axes.slice(lead)] });
  },
  range: ([x]) => x!,
  probe: {
    cases: [
      {
        shapes: [[4, 2], []],
        dtypes: ["real", "index"],
        batches: [false, true],
        seqs: [null, "T"],
      },
      { shapes: [[4], [3]], dtypes: ["real", "index"] },
      { shapes: [[4, 2, 3], []], dtypes: ["real", "index"], batches: [false, true] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-7,
  },
};
