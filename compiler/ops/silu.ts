/** @file `silu`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { image } from "./interval.ts";
import { logistic } from "./logistic.ts";
import { unary } from "./map-op.ts";

const of = (x: number): number => (x === Number.NEGATIVE_INFINITY ? 0 : x * logistic(x));
/** Where it turns: the root of 1 + e^-x + x e^-x. */
const LOWEST = -1.278464542761074;

export const silu = unary({
  spec: { call: "silu", params: "x" },
  doc: "x sigmoid(x), elementwise; also called swish. Elfwing et al. 2018, arXiv:1702.03118.",
  value: of,
  vjp: ({ b, x, dy }) => {
    // s + x s (1 − s)
    const s = b.apply("sigmoid", [x]);
    return b.mul(dy, b.add(s, b.mul(b.mul(x, s), b.sub(b.lit(1), s))));
  },
  emit: (x) => call("mul", x, call("sigmoid", x)),
  range: (x) => image(x, of, LOWEST),
  probe: { from: -4, to: 4, extremes: [-90, 90], tolerance: 1e-6 },
});
