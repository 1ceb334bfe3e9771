/** @file The wasm device: every program by hand, against the float64 reference. */
import { describe, expect, test } from "vitest";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { wasmDevice } from "../runtime/devices/wasm.ts";
import { gradcheck } from "../runtime/gradcheck.ts";
import { cases } from "./harness/programs.ts";
import { relativeError, relativeL2, runCase } from "./harness/run-case.ts";
import { compileSpec } from "./harness/spec.ts";

const TOLERANCE = 1e-5;

describe("wasm", () => {
  test.each(cases().map((c) => [c.name, c] as const))("%s", async (_, c) => {
    const want = await runCase(referenceDevice, c);
    const got = await runCase(wasmDevice, c);
    expect(got.report).toMatchObject({ backend: "wasm", precision: "f32" });
    const error = c.name.startsWith("function") ? relativeError : relativeL2;
    for (const [name, values] of Object.entries(want.outputs))
      expect(error(got.outputs[name]!, values), name).toBeLessThanOrEqual(TOLERANCE);
  });
});

/** Lanes below, at and above tiles of 24, vectors of 4 and panels of 8, with fewer rows than a tile has. */
test.each([7, 16, 20, 40])("a product of %i lanes and two rows", async (H) => {
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
  const { backends } = await gradcheck(artifact, { devices: [wasmDevice], samples: 1 });
  expect(backends.map((b) => b.ok)).toEqual([true]);
});
