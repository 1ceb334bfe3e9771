/** @file `maximum(a, b)`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { binary } from "./map-op.ts";

export const maximum = binary({
  spec: { call: "maximum", params: "a, b" },
  doc: "The larger of a and b, elementwise. Where they are equal each takes half of the derivative, as PyTorch has it.",
  value: (x, y) => Math.max(x, y),
  vjp: ({ b, p, q, dy }) => {
    // 1 where taken, ½ at a tie, 0 elsewhere.
    const share = (x: typeof p, y: typeof p) =>
      b.mul(b.lit(0.5), b.add(b.apply("ge", [x, y]), b.apply("gt", [x, y])));
    return [b.mul(dy, share(p, q)), b.mul(dy, share(q, p))];
  },
  emit: (x, y) => call("max", x, y),
  range: (x, y) => ({ lo: Math.max(x.lo, y.lo), hi: Math.max(x.hi, y.hi) }),
  probe: { from: -4, to: 4, extremes: [-1e30, 0, 1e30], tolerance: 1e-7 },
});
