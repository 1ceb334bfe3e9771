/** @file gpu.js on processors: every program by hand, on every backend that runs in Node, against the
 *  float64 reference. */
import { describe, expect, test } from "vitest";
import type { Backend } from "../runtime/devices/gpujs/library.ts";
import { gpujsDevice } from "../runtime/devices/gpujs.ts";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { call, load } from "./harness/expr.ts";
import { programBuilder } from "./harness/program.ts";
import { artifactOf, cases } from "./harness/programs.ts";
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

  // Where tanh is nearly 1, its derivative 1 - tanh² has what is lost here several hundred times over.
  test("tanh is within 2 units in the last place", async () => {
    const p = programBuilder();
    const x = p.input("input:x", ["T"]);
    const y = p.kernel("y", ["T"], ([t]) => call("tanh", load(x, t!)));
    p.output("output:y", y);
    const data = Array.from({ length: 8001 }, (_, i) => Math.fround((i - 4000) / 400));
    const { outputs } = await runCase(device, {
      name: "tanh",
      artifact: artifactOf(p.done()),
      program: "forward",
      sizes: { T: data.length },
      inputs: { "input:x": { shape: [data.length], data } },
    });
    const ulps = outputs["output:y"]!.map((got, i) => {
      const want = Math.tanh(data[i]!);
      return Math.abs(got - want) / 2 ** (Math.floor(Math.log2(Math.abs(want) || 1)) - 23);
    });
    expect(Math.max(...ulps)).toBeLessThanOrEqual(2);
  });
});
