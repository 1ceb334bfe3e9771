/** @file `gelu`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { logistic } from "./logistic.ts";
import { unary } from "./map-op.ts";

/** 2√(2/π): the argument of the sigmoid is twice that of the tanh. */
const ROOT = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;
const of = (x: number): number =>
  x === Number.NEGATIVE_INFINITY ? 0 : x * logistic(ROOT * (x + CUBIC * x ** 3));
/** Where it turns: the root of its derivative. */
const LOWEST = -0.752461422112;

export const gelu = unary({
  spec: { call: "gelu", params: "x" },
  doc: "0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), elementwise: the tanh form. Evaluated as x sigmoid(2u), the same without cancellation. Hendrycks & Gimpel 2016, arXiv:1606.08415.",
  value: of,
  vjp: ({ b, x, dy }) => {
    // y = x s, s = sigmoid(2u): dy/dx = s + x s (1 − s) · 2u'
    const square = b.mul(x, x);
    const s = b.apply("sigmoid", [
      b.mul(x, b.add(b.lit(ROOT), b.mul(b.lit(ROOT * CUBIC), square))),
    ]);
    const slope = b.add(b.lit(ROOT), b.mul(b.lit(3 * ROOT * CUBIC), square));
    const bend = b.mul(b.mul(x, b.mul(s, b.sub(b.lit(1), s))), slope);
    return b.mul(dy, b.add(s, bend));
  },
  emit: (x) => {
    const u = call("mul", x, call("add", ROOT, call("mul", ROOT * CUBIC, call("mul", x, x))));
    return call("mul", x, call("sigmoid", u));
  },
  range: (x) => image(x, of, LOWEST),
  probe: { from: -4, to: 4, extremes: [-90, 90], tolerance: 1e-6 },
});
