/** @file `clamp(x, lo, hi)`. An entry of the op table: see op.ts. */
import { num } from "./attrs.ts";
import { call } from "./expr.ts";
import { unary } from "./map-op.ts";

export const clamp = unary({
  spec: { call: "clamp", params: "x, lo, hi" },
  doc: "min(max(x, lo), hi), elementwise; lo ≤ hi are numbers. The derivative is 1 in [lo, hi], ends included, 0 outside.",
  params: [
    { name: "lo", default: null },
    { name: "hi", default: null },
  ],
  value: (x, a) => Math.min(Math.max(x, num(a, "lo")), num(a, "hi")),
  vjp: ({ b, x, dy, attrs }) => {
    const above = b.apply("ge", [x, b.lit(num(attrs, "lo"))]);
    const below = b.apply("le", [x, b.lit(num(attrs, "hi"))]);
    return b.mul(dy, b.mul(above, below));
  },
  emit: (x, a) => call("min", call("max", x, num(a, "lo")), num(a, "hi")),
  range: (x, a) => {
    const inside = (v: number) => Math.min(Math.max(v, num(a, "lo")), num(a, "hi"));
    return { lo: inside(x.lo), hi: inside(x.hi) };
  },
  probe: {
    from: -4,
    to: 4,
    extremes: [-1e30, 1e30],
    kinks: [-1.5, 2],
    attrs: { lo: -1.5, hi: 2 },
    tolerance: 1e-7,
  },
});
