/** @file `GRU<H>`: which of a cell's dims are written. In: its dims, how many are written. Out: their
 *  names, in order. The one place for that rule. */
import type { DimParam } from "../../grammar/ast.ts";

/**
 * Written dims are the last of those without a default, and the others come from what flows in
 * (`LSTM<H>` of `LSTM<D, H>`); when more are written than have no default, they are the first of all
 * (`Attention<D, M, H, Q>` of `Attention<D, M, H, Q = H, A = H>`). Null: more than there are.
 */
export function writtenDims(dims: readonly DimParam[], count: number): readonly string[] | null {
  if (count > dims.length) return null;
  const needed = dims.filter((d) => d.default === null);
  const written =
    count <= needed.length ? needed.slice(needed.length - count) : dims.slice(0, count);
  return written.map((d) => d.name.text);
}
