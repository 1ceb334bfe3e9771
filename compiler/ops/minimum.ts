/** @file `minimum(a, b)`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { binary } from "./map-op.ts";

export const minimum = binary({
  spec: { call: "minimum", params: "a, b" },
  doc: "The smaller of a and b, elementwise. Where they are equal each takes half of the derivative, as PyTorch has it.",
  value: (x, y) => Math.min(x, y),
  vjp: ({ b, p, q, dy }) => {
    // 1 where taken, ½ at a tie, 0 elsewhere.
    const share = (x: typeof p, y: typeof p) =>
      b.mul(b.lit(0.5), b.add(b.apply("le", [x, y]), b.apply("lt", [x, y])));
    return [b.mul(dy, share(p, q)), b.mul(dy, share(q, p))];
  },
  emit: (x, y) => call("min", x, y),
  range: (x, y) => ({ lo: Math.min(x.lo, y.lo), hi: Math.min(x.hi, y.hi) }),
  probe: { from: -4, to: 4, extremes: [-1e30, 0, 1e30], tolerance: 1e-7 },
});
