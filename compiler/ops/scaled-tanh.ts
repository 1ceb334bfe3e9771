/** @file `scaled_tanh`. An entry of the op table: see op.ts. */
import { num } from "./attrs.ts";
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const scaledTanh = unary({
  spec: { call: "scaled_tanh", params: "x, alpha = 1, beta = 1" },
  doc: "alpha tanh(beta x), elementwise; ONNX's ScaledTanh.",
  params: [
    { name: "alpha", default: 1 },
    { name: "beta", default: 1 },
  ],
  value: (x, a) => num(a, "alpha") * Math.tanh(num(a, "beta") * x),
  vjp: ({ b, x, dy, attrs }) => {
    const t = b.apply("tanh", [b.mul(b.lit(num(attrs, "beta")), x)]);
    const slope = b.lit(num(attrs, "alpha") * num(attrs, "beta"));
    return b.mul(dy, b.mul(slope, b.sub(b.lit(1), b.mul(t, t))));
  },
  emit: (x, a) => call("mul", num(a, "alpha"), call("tanh", call("mul", num(a, "beta"), x))),
  range: (x, a) => image(x, (v) => num(a, "alpha") * Math.tanh(num(a, "beta") * v)),
  probe: {
    from: -4,
    to: 4,
    extremes: [-90, 90],
    attrs: { alpha: 1.7, beta: 0.6 },
    tolerance: 1e-6,
  },
});
