/** @file Numbers as callers hold them: what is looked for in long arrays, and what is copied. */
import { describe, expect, test } from "vitest";
import { read, type Wanted } from "../runtime/values.ts";

const wanted: Wanted = { what: "input `x`", path: "x", extents: ["B", 3], of: null };
const readAs = (data: Float32Array | Float64Array, lent = false) =>
  read({ data, shape: [data.length / 3, 3] }, wanted, new Map(), lent);

/** Short arrays are searched by the engine, long ones by a loop of four sums. */
describe.each([6, 65_535, 65_538, 90_003])("%i numbers", (count) => {
  test.each([Float32Array, Float64Array])("finite ones pass (%o)", (Kind) => {
    const data = new Kind(count).map((_, i) => (i % 2 === 0 ? 1e30 : -i));
    expect(readAs(data)).toMatchObject({ ok: true });
  });

  const places = [0, 1, 2, 3, count - 2, count - 1].filter((i) => i < count);
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "%d is found anywhere, and where",
    (strange) => {
      for (const at of places) {
        const data = new Float32Array(count).fill(0.5);
        data[at] = strange;
        const result = readAs(data);
        const path = `x[${Math.floor(at / 3)}][${at % 3}]`;
        expect(result).toMatchObject({ ok: false, faults: [{ code: "R205", path }] });
      }
    },
  );
});

test("a caller's array is copied, unless it is lent", () => {
  const data = new Float32Array(6);
  const taken = (lent: boolean) => {
    const result = readAs(data, lent);
    return result.ok ? result.value.data : null;
  };
  expect(taken(false)).not.toBe(data);
  expect(taken(true)).toBe(data);
});
