/** @file `softsign`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

const of = (x: number): number => (Number.isFinite(x) ? x / (1 + Math.abs(x)) : Math.sign(x));

export const softsign = unary({
  spec: { call: "softsign", params: "x" },
  doc: "x / (1 + |x|), elementwise; range [-1, 1].",
  value: of,
  vjp: ({ b, x, dy }) => {
    const d = b.add(b.lit(1), b.apply("abs", [x]));
    return b.div(dy, b.mul(d, d));
  },
  emit: (x) => call("div", x, call("add", 1, call("abs", x))),
  range: (x) => image(x, of),
  probe: { from: -4, to: 4, extremes: [-1e15, 0, 1e15], kinks: [0], tolerance: 1e-6 },
});
