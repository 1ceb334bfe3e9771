/** @file `a != b`. An entry of the op table: see op.ts. */
import { call } from "./expr.ts";
import { UNIT } from "./interval.ts";
import { binary } from "./map-op.ts";

export const ne = binary({
  spec: null,
  doc: "1 where a is different from b, else 0; written !=. Its derivative is 0.",
  value: (x, y) => (x !== y ? 1 : 0),
  vjp: () => [null, null],
  emit: (x, y) => call("ne", x, y),
  range: () => UNIT,
  probe: { from: -4, to: 4, extremes: [-1, 0, 1], tolerance: 1e-7 },
});
