/** @file `sqrt`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { ANY, image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const sqrt = unary({
  spec: { call: "sqrt", params: "x" },
  doc: "Square root, elementwise; x ≥ 0, its derivative infinite at 0.",
  value: (x) => Math.sqrt(x),
  vjp: ({ b, y, dy }) => b.div(b.mul(b.lit(0.5), dy), y),
  emit: (x) => call("sqrt", x),
  range: (x) => (x.lo < 0 ? ANY : image(x, Math.sqrt)),
  probe: { from: 0.2, to: 4, extremes: [0, 1e30], tolerance: 1e-6 },
});
