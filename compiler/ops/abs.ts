/** @file `abs`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const abs = unary({
  spec: { call: "abs", params: "x" },
  doc: "|x|, elementwise; derivative sign(x), 0 at 0.",
  value: (x) => Math.abs(x),
  vjp: ({ b, x, dy }) => b.mul(dy, b.apply("sign", [x])),
  emit: (x) => call("abs", x),
  range: (x) => image(x, Math.abs, 0),
  probe: { from: -4, to: 4, extremes: [-1e30, 0, 1e30], kinks: [0], tolerance: 1e-7 },
});
