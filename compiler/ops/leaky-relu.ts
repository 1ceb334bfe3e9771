/** @file `leaky_relu`. An entry of the op table: see op.ts. */
import { num } from "./attrs.ts";
import { call, select } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const leakyRelu = unary({
  spec: { call: "leaky_relu", params: "x, alpha = 0.01" },
  doc: "x where x > 0, else alpha x; elementwise.",
  params: [{ name: "alpha", default: 0.01 }],
  value: (x, a) => (x > 0 ? x : num(a, "alpha") * x),
  vjp: ({ b, x, dy, attrs }) => {
    const scaled = b.mul(b.lit(num(attrs, "alpha")), dy);
    return b.apply("where", [b.apply("gt", [x, b.lit(0)]), dy, scaled]);
  },
  emit: (x, a) => select(call("gt", x, 0), x, call("mul", num(a, "alpha"), x)),
  range: (x, a) => image(x, (v) => (v > 0 ? v : num(a, "alpha") * v), 0),
  probe: {
    from: -4,
    to: 4,
    extremes: [-1e30, 0, 1e30],
    kinks: [0],
    attrs: { alpha: 0.2 },
    tolerance: 1e-7,
  },
});
