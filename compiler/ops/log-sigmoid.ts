/** @file `log_sigmoid`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { softplusCode, softplusOf } from "./logistic.ts";
import { unary } from "./map-op.ts";

export const logSigmoid = unary({
  spec: { call: "log_sigmoid", params: "x" },
  doc: "log(sigmoid(x)) = min(x, 0) - log1p(e^-|x|), elementwise; range (-∞, 0]. Derivative sigmoid(-x).",
  value: (x) => -softplusOf(-x),
  vjp: ({ b, x, dy }) => b.mul(dy, b.apply("sigmoid", [b.neg(x)])),
  emit: (x) => call("neg", softplusCode(call("neg", x))),
  range: (x) => image(x, (v) => -softplusOf(-v)),
  probe: { from: -4, to: 4, extremes: [-90, 90], tolerance: 1e-6 },
});
