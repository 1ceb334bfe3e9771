/** @file The wasm device: every program by hand, against the float64 reference. */
import { describe, expect, test } from "vitest";
import type { Device } from "../runtime/devices/device.ts";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { wasmDevice } from "../runtime/devices/wasm.ts";
import { createSession } from "../runtime/devices/wasm/session.ts";
import type { TileSize } from "../runtime/devices/wasm/tiles.ts";
import { gradcheck } from "../runtime/gradcheck.ts";
import { cases } from "./harness/programs.ts";
import { relativeError, relativeL2, runCase } from "./harness/run-case.ts";
import { compileSpec } from "./harness/spec.ts";

const TOLERANCE = 1e-5;

/** With the tiles of other engines: what is computed does not depend on them. */
const tiled = (tiles: TileSize): Device => ({
  ...wasmDevice,
  open: async (artifact) => createSession(artifact, { fused: false, tiles, threads: 1 }),
});
const large = tiled("large");
const wide = tiled("wide");

describe.each([
  ["wasm", wasmDevice],
  ["larger tiles", large],
  ["tiles of wider vectors", wide],
])("%s", (_, device) => {
  test.each(cases().map((c) => [c.name, c] as const))("%s", async (_, c) => {
    const want = await runCase(referenceDevice, c);
    const got = await runCase(device, c);
    expect(got.report).toMatchObject({ backend: "wasm", precision: "f32" });
    const error = c.name.startsWith("function") ? relativeError : relativeL2;
    for (const [name, values] of Object.entries(want.outputs))
      expect(error(got.outputs[name]!, values), name).toBeLessThanOrEqual(TOLERANCE);
  });
});

/** Lanes below, at and above tiles of 24, 32 and 40, vectors of 4 and panels of 8; rows fewer than a tile has, and all
 *  that may be left of one. */
const SHAPES = [7, 16, 20, 40, 44].flatMap((H) => [2, 7, 8, 15, 32].map((B) => [H, B] as const));
test.each(SHAPES)("a product of %i lanes and %i rows", async (H, B) => {
  const text = `cell Plain<D, H> {
  input x: [D]
  state h: [H] = 0
  param W: [H, D] ~ glorot_uniform
  param U: [H, H] ~ orthogonal
  h[t] = tanh(W @ x[t] + U @ h[t-1])
  output h
}
`;
  const artifact = compileSpec({ file: "plain.cell", text, entry: "Plain", dims: { D: 3, H } });
  const devices = [tiled("small"), large, wide];
  const { backends } = await gradcheck(artifact, { devices, B, samples: 1 });
  expect(backends.map((b) => b.ok)).toEqual([true, true, true]);
});
