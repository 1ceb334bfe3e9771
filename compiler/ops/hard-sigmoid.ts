/** @file `hard_sigmoid`. An entry of the op table: see op.ts. */
import type { Attrs } from "../ir/ir.ts";
import { num } from "./attrs.ts";
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

const of = (x: number, a: Attrs): number =>
  Math.min(Math.max(num(a, "alpha") * x + num(a, "beta"), 0), 1);

export const hardSigmoid = unary({
  spec: { call: "hard_sigmoid", params: "x, alpha = 0.2, beta = 0.5" },
  doc: "min(max(alpha x + beta, 0), 1), elementwise; range [0, 1]. Defaults as in ONNX.",
  params: [
    { name: "alpha", default: 0.2 },
    { name: "beta", default: 0.5 },
  ],
  value: of,
  vjp: ({ b, x, dy, attrs }) => {
    const z = b.add(b.mul(b.lit(num(attrs, "alpha")), x), b.lit(num(attrs, "beta")));
    const inside = b.mul(b.apply("gt", [z, b.lit(0)]), b.apply("lt", [z, b.lit(1)]));
    return b.mul(dy, b.mul(b.lit(num(attrs, "alpha")), inside));
  },
  emit: (x, a) => {
    const z = call("add", call("mul", num(a, "alpha"), x), num(a, "beta"));
    return call("min", call("max", z, 0), 1);
  },
  range: (x, a) => image(x, (v) => of(v, a)),
  probe: {
    from: -4,
    to: 4,
    extremes: [-90, 90],
    kinks: [-2.5, 2.5],
    attrs: { alpha: 0.2, beta: 0.5 },
    tolerance: 1e-6,
  },
});
