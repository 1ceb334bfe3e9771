/** @file `mae`: mean absolute error. An entry of the table of losses: see loss.ts. */
import { elementwise } from "./mean.ts";

export const mae = elementwise({
  doc: "Mean of |y - t|; derivative 0 where they are equal.",
  of: (b, y, t) => b.apply("abs", [b.sub(y, t)]),
});
