/** @file `expm1`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const expm1 = unary({
  spec: { call: "expm1", params: "x" },
  doc: "e^x - 1 without the cancellation near 0, elementwise.",
  value: (x) => Math.expm1(x),
  vjp: ({ b, x, dy }) => b.mul(dy, b.apply("exp", [x])),
  emit: (x) => call("expm1", x),
  range: (x) => image(x, Math.expm1),
  probe: { from: -4, to: 4, extremes: [-90, -1e-12, 1e-12, 80], tolerance: 1e-6 },
});
