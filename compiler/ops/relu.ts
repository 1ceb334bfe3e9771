/** @file `relu`. An entry of the op table: see op.ts. */
import { call, select } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

export const relu = unary({
  spec: { call: "relu", params: "x" },
  doc: "x where x > 0, else 0; elementwise. Derivative 0 at 0; NaN stays NaN.",
  value: (x) => Math.max(x, 0),
  vjp: ({ b, x, dy }) => b.apply("where", [b.apply("gt", [x, b.lit(0)]), dy, b.lit(0)]),
  emit: (x) => select(call("le", x, 0), 0, x),
  range: (x) => image(x, (v) => Math.max(v, 0)),
  probe: { from: -4, to: 4, extremes: [-1e30, 0, 1e30], kinks: [0], tolerance: 1e-7 },
});
