/** @file The wasm device: every program by hand, against the float64 reference. */
import { describe, expect, test } from "vitest";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { wasmDevice } from "../runtime/devices/wasm.ts";
import { cases } from "./harness/programs.ts";
import { relativeError, relativeL2, runCase } from "./harness/run-case.ts";

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
