/** @file `affine`. An entry of the op table: see op.ts. */
import { num } from "./attrs.ts";
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const affine = unary({
  spec: { call: "affine", params: "x, alpha = 1, beta = 0" },
  doc: "alpha x + beta, elementwise; ONNX's Affine.",
  params: [
    { name: "alpha", default: 1 },
    { name: "beta", default: 0 },
  ],
  value: (x, a) => num(a, "alpha") * x + num(a, "beta"),
  vjp: ({ b, dy, attrs }) => b.mul(b.lit(num(attrs, "alpha")), dy),
  emit: (x, a) => call("add", call("mul", num(a, "alpha"), x), num(a, "beta")),
  range: (x, a) => image(x, (v) => num(a, "alpha") * v + num(a, "beta")),
  probe: {
    from: -4,
    to: 4,
    extremes: [-1e15, 1e15],
    attrs: { alpha: -1.5, beta: 0.25 },
    tolerance: 1e-6,
  },
});
