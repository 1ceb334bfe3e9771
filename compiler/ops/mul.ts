/** @file `a * b`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { product } from "./interval.ts";
import { binary } from "./map-op.ts";

export const mul = binary({
  spec: null,
  doc: "a * b, elementwise; written with the operator.",
  value: (x, y) => x * y,
  vjp: ({ b, p, q, dy }) => [b.mul(dy, q), b.mul(dy, p)],
  emit: (x, y) => call("mul", x, y),
  range: product,
  probe: { from: -4, to: 4, extremes: [-1e15, 0, 1e15], tolerance: 1e-7 },
});
