/** @file `log`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { ANY, image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const log = unary({
  spec: { call: "log", params: "x" },
  doc: "Natural logarithm, elementwise; x > 0.",
  value: (x) => Math.log(x),
  vjp: ({ b, x, dy }) => b.div(dy, x),
  emit: (x) => call("log", x),
  range: (x) => (x.lo < 0 ? ANY : image(x, Math.log)),
  probe: { from: 0.2, to: 4, extremes: [1e-30, 1e30], tolerance: 1e-6 },
});
