/** @file `exp`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const exp = unary({
  spec: { call: "exp", params: "x" },
  doc: "e^x, elementwise; overflows past 709 in double, 88 in single precision.",
  value: (x) => Math.exp(x),
  vjp: ({ b, y, dy }) => b.mul(dy, y),
  emit: (x) => call("exp", x),
  range: (x) => image(x, Math.exp),
  probe: { from: -4, to: 4, extremes: [-90, 80], tolerance: 1e-6 },
});
