/** @file `mse`: mean squared error. An entry of the table of losses: see loss.ts. */
import { elementwise } from "./mean.ts";

export const mse = elementwise({
  doc: "Mean of (y - t)².",
  of: (b, y, t) => {
    const d = b.sub(y, t);
    return b.mul(d, d);
  },
});
