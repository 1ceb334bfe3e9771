/** @file `hard_tanh`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

const of = (x: number): number => Math.min(Math.max(x, -1), 1);

export const hardTanh = unary({
  spec: { call: "hard_tanh", params: "x" },
  doc: "min(max(x, -1), 1), elementwise; range [-1, 1].",
  value: of,
  vjp: ({ b, x, dy }) =>
    b.mul(dy, b.mul(b.apply("gt", [x, b.lit(-1)]), b.apply("lt", [x, b.lit(1)]))),
  emit: (x) => call("min", call("max", x, -1), 1),
  range: (x) => image(x, of),
  probe: { from: -4, to: 4, extremes: [-90, 90], kinks: [-1, 1], tolerance: 1e-6 },
});
