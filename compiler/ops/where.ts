/** @file `where(c, a, b)`. An entry of the op table: see op.ts. */
import { select } from "./expr.ts";
import { union } from "./interval.ts";
import { ternary } from "./map-op.ts";

export const where = ternary({
  spec: { call: "where", params: "c, a, b" },
  doc: "a where c ≠ 0, else b; elementwise. The derivative flows to the side taken, none to c.",
  value: (c, x, y) => (c !== 0 ? x : y),
  vjp: ({ b, args: [c], dy }) => {
    const zero = b.lit(0);
    return [null, b.apply("where", [c, dy, zero]), b.apply("where", [c, zero, dy])];
  },
  emit: (c, x, y) => select(c, x, y),
  range: (_, x, y) => union(x, y),
  probe: { from: -4, to: 4, extremes: [-1, 0, 1], tolerance: 1e-7 },
});
