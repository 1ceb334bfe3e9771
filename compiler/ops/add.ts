/** @file `a + b`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { binary } from "./map-op.ts";

export const add = binary({
  spec: null,
  doc: "a + b, elementwise; written with the operator.",
  value: (x, y) => x + y,
  vjp: ({ dy }) => [dy, dy],
  emit: (x, y) => call("add", x, y),
  range: (x, y) => ({ lo: x.lo + y.lo, hi: x.hi + y.hi }),
  probe: { from: -4, to: 4, extremes: [-1e30, 1e30], tolerance: 1e-7 },
});
