/** @file Orthonormal rows. In: rows. Out: rows of the same span, and what each had left. */
import { dot, norm, subtract } from "./top-singular.ts";

/** Modified Gram-Schmidt, twice; the lengths are what each row had left. */
export function orthonormal(rows: readonly Float64Array[]): {
  readonly rows: readonly Float64Array[];
  readonly lengths: readonly number[];
} {
  const done: Float64Array[] = [];
  const lengths: number[] = [];
  for (const row of rows) {
    const r = Float64Array.from(row);
    for (const u of [...done, ...done]) subtract(r, u, dot(u, r));
    const length = norm(r);
    lengths.push(length);
    done.push(length > 0 ? r.map((x) => x / length) : r);
  }
  return { rows: done, lengths };
}
