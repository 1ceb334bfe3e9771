/** @file `a ^ b`. An entry of the op table: see op.ts. */
import type { Expr } from "../../runtime/artifact/kernel.ts";
import { call } from "./expr.ts";
import { ANY, hull } from "./interval.ts";
import { binary } from "./map-op.ts";
import type { Interval } from "./op.ts";

export const pow = binary({
  spec: null,
  doc: "a ^ b, elementwise; written with the operator. Defined for a ≥ 0, and for a < 0 where b is a whole number; 0 ^ 0 is 1. The derivative by b is 0 where a ≤ 0.",
  value: (x, y) => x ** y,
  vjp: ({ b, p, q, y, dy }) => {
    // d/dp = q p^(q−1), 0 where q = 0 (p^(q−1) may be infinite there); d/dq = p^q log p.
    const zero = b.lit(0);
    const slope = b.mul(q, b.apply("pow", [p, b.sub(q, b.lit(1))]));
    const flat = b.apply("eq", [q, zero]);
    const positive = b.apply("gt", [p, zero]);
    const log = b.apply("log", [b.apply("where", [positive, p, b.lit(1)])]);
    return [b.mul(dy, b.apply("where", [flat, zero, slope])), b.mul(dy, b.mul(y, log))];
  },
  emit: power,
  range,
  probe: { from: 0.2, to: 3, extremes: [0, 1, 2], tolerance: 1e-6 },
});

/** Small whole exponents are products: exact for negative bases too. */
function power(x: Expr, y: Expr): Expr {
  const squared = () => call("mul", x, x);
  switch ("lit" in y ? y.lit : null) {
    case 1:
      return x;
    case 2:
      return squared();
    case 3:
      return call("mul", squared(), x);
    case 4: {
      const square = squared();
      return call("mul", square, square);
    }
    case -1:
      return call("div", 1, x);
    case 0.5:
      return call("sqrt", x);
    default:
      return call("pow", x, y);
  }
}

function range(x: Interval, y: Interval): Interval {
  if (y.lo === y.hi && Number.isInteger(y.lo) && y.lo >= 0) {
    const n = y.lo;
    const inner = x.lo < 0 && x.hi > 0 ? [0 ** n] : [];
    return hull(x.lo ** n, x.hi ** n, ...inner);
  }
  if (x.lo < 0) return ANY;
  if (x.lo === 0 && y.lo < 0) return { lo: 0, hi: Number.POSITIVE_INFINITY };
  const corners = [x.lo ** y.lo, x.lo ** y.hi, x.hi ** y.lo, x.hi ** y.hi];
  const unit = x.lo <= 1 && x.hi >= 1 ? [1] : [];
  const flat = y.lo <= 0 && y.hi >= 0 ? [1] : [];
  return hull(...corners, ...unit, ...flat);
}
