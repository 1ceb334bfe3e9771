/** @file `-x`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { unary } from "./map-op.ts";

export const neg = unary({
  spec: null,
  doc: "-x, elementwise; written with the operator.",
  value: (x) => -x,
  vjp: ({ b, dy }) => b.neg(dy),
  emit: (x) => call("neg", x),
  range: (x) => ({ lo: -x.hi, hi: -x.lo }),
  probe: { from: -4, to: 4, extremes: [-1e30, 1e30], tolerance: 1e-7 },
});
