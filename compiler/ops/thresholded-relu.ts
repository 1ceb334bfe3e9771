/** @file `thresholded_relu`. An entry of the op table: see op.ts. */
import { num } from "./attrs.ts";
import { call, select } from "./expr.ts";
import { union } from "./interval.ts";
import { unary } from "./map-op.ts";

export const thresholdedRelu = unary({
  spec: { call: "thresholded_relu", params: "x, alpha = 1" },
  doc: "x where x > alpha, else 0; elementwise. Jumps at alpha. ONNX's ThresholdedRelu.",
  params: [{ name: "alpha", default: 1 }],
  value: (x, a) => (x > num(a, "alpha") ? x : 0),
  vjp: ({ b, x, dy, attrs }) =>
    b.apply("where", [b.apply("gt", [x, b.lit(num(attrs, "alpha"))]), dy, b.lit(0)]),
  emit: (x, a) => select(call("gt", x, num(a, "alpha")), x, 0),
  range: (x, a) => {
    const alpha = num(a, "alpha");
    if (x.hi <= alpha) return { lo: 0, hi: 0 };
    return x.lo > alpha ? x : union({ lo: 0, hi: 0 }, { lo: alpha, hi: x.hi });
  },
  probe: {
    from: -4,
    to: 4,
    extremes: [-1e30, 0, 1e30],
    kinks: [0.7],
    attrs: { alpha: 0.7 },
    tolerance: 1e-7,
  },
});
