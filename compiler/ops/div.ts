/** @file `a / b`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { ANY, product } from "./interval.ts";
import { binary } from "./map-op.ts";

export const div = binary({
  spec: null,
  doc: "a / b, elementwise; written with the operator. b = 0 gives an infinity or NaN, as IEEE 754 does.",
  value: (x, y) => x / y,
  vjp: ({ b, q, y, dy }) => {
    const dx = b.div(dy, q);
    return [dx, b.neg(b.mul(dx, y))]; // d(x/q)/dq = −y/q
  },
  emit: (x, y) => call("div", x, y),
  range: (x, y) => (y.lo <= 0 && y.hi >= 0 ? ANY : product(x, { lo: 1 / y.hi, hi: 1 / y.lo })),
  probe: { from: 0.3, to: 4, extremes: [-1e15, 1e15], tolerance: 1e-7 },
});
