/** @file `tanh`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const tanh = unary({
  spec: { call: "tanh", params: "x" },
  doc: "Hyperbolic tangent, elementwise; range [-1, 1]. DLMF 4.28.",
  value: (x) => Math.tanh(x),
  vjp: ({ b, y, dy }) => b.mul(dy, b.sub(b.lit(1), b.mul(y, y))),
  emit: (x) => call("tanh", x),
  range: (x) => image(x, Math.tanh),
  probe: { from: -4, to: 4, extremes: [-90, 90], tolerance: 1e-6 },
});
