/** @file Every cell and model of the library on the wasm device: values and gradients against float64, at
 *  sizes that fill vectors and tiles and sizes that do not. */
import { describe, expect, test } from "vitest";
import type { CellDecl, ModelDecl } from "../grammar/ast.ts";
import { wasmDevice } from "../runtime/devices/wasm.ts";
import { gradcheck } from "../runtime/index.ts";
import { FOLDERS, smallDims, specFiles } from "./harness/library.ts";
import { compileSpec } from "./harness/spec.ts";

/** H = 33 leaves a lane and a row over; `grow` of other dims keeps them apart; at H = 16 tiles are full. */
const SHAPES = [
  { H: 4, grow: 0, B: 2, T: 4 },
  { H: 33, grow: 6, B: 5, T: 7 },
  { H: 16, grow: 13, B: 1, T: 3 },
] as const;

const entries = FOLDERS.flatMap(specFiles).flatMap(({ path, entries: list }) =>
  list.map((entry) => [entry.name.text, path, entry] as const),
);

describe.each(SHAPES)("H = $H, B = $B, T = $T", ({ H, grow, B, T }) => {
  const dimsOf = (entry: CellDecl | ModelDecl): Readonly<Record<string, number>> =>
    Object.fromEntries(
      Object.entries(smallDims(entry)).map(([name, n]) => [name, name === "H" ? H : n + grow]),
    );
  test.each(entries)("%s (%s)", async (name, file, entry) => {
    const artifact = compileSpec({ file, entry: name, dims: dimsOf(entry) });
    const report = await gradcheck(artifact, { devices: [wasmDevice], B, T, samples: 0 });
    expect(report.backends.filter((b) => !b.ok)).toEqual([]);
    expect(report.backends).toHaveLength(1);
  });
});
