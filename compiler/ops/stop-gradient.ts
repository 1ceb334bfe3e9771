/** @file `stop_gradient`. An entry of the op table: see op.ts. */
import { unary } from "./map-op.ts";

export const stopGradient = unary({
  spec: { call: "stop_gradient", params: "x" },
  doc: "x itself, elementwise; no derivative flows through.",
  value: (x) => x,
  vjp: () => null,
  emit: (x) => x,
  range: (x) => x,
  probe: { from: -4, to: 4, extremes: [-1e30, 0, 1e30], tolerance: 1e-7 },
});
