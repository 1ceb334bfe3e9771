/** @file gpu.js on processors: every program by hand, on every backend that runs in Node, against the
 *  float64 reference. */
import { describe, expect, test } from "vitest";
import type { Backend } from "../runtime/devices/gpujs/library.ts";
import { gpujsDevice } from "../runtime/devices/gpujs.ts";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { cases } from "./harness/programs.ts";
import { relativeError, relativeL2, runCase } from "./harness/run-case.ts";

const TOLERANCE = 1e-5;
const NODE_BACKENDS = [
  "webasm",
  "cpu",
  "headlessgl",
  "webgpu",
] as const satisfies readonly Backend[];

describe.each(NODE_BACKENDS)("%s", async (backend) => {
  const device = gpujsDevice(backend);
  const available = await device.available();
  if (!available.ok) {
    test.skip(`not here: ${available.why}`, () => undefined);
    return;
  }
  test.each(cases().map((c) => [c.name, c] as const))("%s", async (_, c) => {
    const want = await runCase(referenceDevice, c);
    const got = await runCase(device, c);
    expect(got.report.backend).toBe(backend);
    const error = c.name.startsWith("function") ? relativeError : relativeL2;
    for (const [name, values] of Object.entries(want.outputs))
      expect(error(got.outputs[name]!, values), name).toBeLessThanOrEqual(TOLERANCE);
  });
});
