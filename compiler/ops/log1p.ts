/** @file `log1p`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { ANY, image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const log1p = unary({
  spec: { call: "log1p", params: "x" },
  doc: "log(1 + x) without the cancellation near 0, elementwise; x > -1.",
  value: (x) => Math.log1p(x),
  vjp: ({ b, x, dy }) => b.div(dy, b.add(b.lit(1), x)),
  emit: (x) => call("log1p", x),
  range: (x) => (x.lo < -1 ? ANY : image(x, Math.log1p)),
  probe: { from: -0.7, to: 4, extremes: [-1e-12, 1e-12, 1e30], tolerance: 1e-6 },
});
