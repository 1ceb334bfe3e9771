/** @file `sigmoid`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { logistic } from "./logistic.ts";
import { unary } from "./map-op.ts";

export const sigmoid = unary({
  spec: { call: "sigmoid", params: "x" },
  doc: "1 / (1 + e^-x), elementwise; range [0, 1].",
  value: logistic,
  vjp: ({ b, y, dy }) => b.mul(dy, b.mul(y, b.sub(b.lit(1), y))),
  emit: (x) => call("sigmoid", x),
  range: (x) => image(x, logistic),
  probe: { from: -4, to: 4, extremes: [-90, 90], tolerance: 1e-6 },
});
