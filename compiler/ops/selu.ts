/** @file `selu`. An entry of the op table: see op.ts. */
import { call, select } from "./expr.ts";
import { image } from "./interval.ts";
import { unary } from "./map-op.ts";

const ALPHA = 1.6732632423543772;
const SCALE = 1.0507009873554805;
const of = (x: number): number => (x > 0 ? SCALE * x : SCALE * ALPHA * Math.expm1(x));

export const selu = unary({
  spec: { call: "selu", params: "x" },
  doc: "scale · (x where x > 0, else alpha (e^x - 1)), elementwise, with alpha = 1.67326…, scale = 1.05070… that keep mean 0 and variance 1. Klambauer et al. 2017, arXiv:1706.02515.",
  value: of,
  vjp: ({ b, x, dy }) => {
    const zero = b.lit(0);
    const e = b.apply("exp", [b.apply("minimum", [x, zero])]);
    const slope = b.apply("where", [
      b.apply("gt", [x, zero]),
      b.lit(SCALE),
      b.mul(b.lit(SCALE * ALPHA), e),
    ]);
    return b.mul(dy, slope);
  },
  emit: (x) =>
    select(call("gt", x, 0), call("mul", SCALE, x), call("mul", SCALE * ALPHA, call("expm1", x))),
  range: (x) => image(x, of),
  probe: { from: -4, to: 4, extremes: [-90, 90], kinks: [0], tolerance: 1e-6 },
});
