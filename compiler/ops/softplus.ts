/** @file `softplus`. An entry of the op table: see op.ts. */
import { image } from "./interval.ts";
import { softplusCode, softplusOf } from "./logistic.ts";
import { unary } from "./map-op.ts";

export const softplus = unary({
  spec: { call: "softplus", params: "x" },
  doc: "log(1 + e^x) = max(x, 0) + log1p(e^-|x|), elementwise; range [0, ∞). Derivative sigmoid(x).",
  value: softplusOf,
  vjp: ({ b, x, dy }) => b.mul(dy, b.apply("sigmoid", [x])),
  emit: softplusCode,
  range: (x) => image(x, softplusOf),
  probe: { from: -4, to: 4, extremes: [-90, 90], tolerance: 1e-6 },
});
