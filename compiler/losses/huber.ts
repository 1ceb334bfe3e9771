/** @file `huber`: squared near, absolute far. An entry of the table of losses: see loss.ts. */
import { num } from "../ops/attrs.ts";
import { elementwise } from "./mean.ts";

export const huber = elementwise({
  doc: "Mean of d²/2 where |d| ≤ delta, else delta (|d| - delta/2), with d = y - t. Huber 1964.",
  params: [{ name: "delta", default: 1 }],
  of: (b, y, t, attrs) => {
    // With q = min(|d|, delta) both cases are q²/2 + delta (|d| − q).
    const delta = b.lit(num(attrs, "delta"));
    const d = b.apply("abs", [b.sub(y, t)]);
    const q = b.apply("minimum", [d, delta]);
    return b.add(b.mul(b.lit(0.5), b.mul(q, q)), b.mul(delta, b.sub(d, q)));
  },
});
