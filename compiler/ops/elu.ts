/** @file `elu`. An entry of the op table: see op.ts. */
import { num } from "./attrs.ts";
import { call, select } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const elu = unary({
  spec: { call: "elu", params: "x, alpha = 1" },
  doc: "x where x > 0, else alpha (e^x - 1); elementwise. Clevert et al. 2016, arXiv:1511.07289.",
  params: [{ name: "alpha", default: 1 }],
  value: (x, a) => (x > 0 ? x : num(a, "alpha") * Math.expm1(x)),
  vjp: ({ b, x, dy, attrs }) => {
    const zero = b.lit(0);
    const e = b.apply("exp", [b.apply("minimum", [x, zero])]);
    const left = b.mul(dy, b.mul(b.lit(num(attrs, "alpha")), e));
    return b.apply("where", [b.apply("gt", [x, zero]), dy, left]);
  },
  emit: (x, a) => select(call("gt", x, 0), x, call("mul", num(a, "alpha"), call("expm1", x))),
  range: (x, a) => image(x, (v) => (v > 0 ? v : num(a, "alpha") * Math.expm1(v)), 0),
  probe: {
    from: -4,
    to: 4,
    extremes: [-90, 90],
    kinks: [0],
    attrs: { alpha: 1.3 },
    tolerance: 1e-6,
  },
});
