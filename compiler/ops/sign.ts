/** @file `sign`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const sign = unary({
  spec: { call: "sign", params: "x" },
  doc: "-1, 0 or 1 as x is negative, zero or positive; elementwise. Its derivative is 0.",
  value: (x) => Math.sign(x),
  vjp: () => null,
  emit: (x) => call("sign", x),
  range: (x) => image(x, Math.sign),
  probe: { from: -4, to: 4, extremes: [-1e30, 0, 1e30], kinks: [0], tolerance: 1e-7 },
});
