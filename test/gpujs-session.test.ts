/** @file What a session on gpu.js promises beside numbers: errors, copies, streaming, no silent fallback. */
import { describe, expect, test } from "vitest";
import { DeviceError, type Session, type Stepper } from "../runtime/devices/device.ts";
import { createKernels } from "../runtime/devices/gpujs/kernels.ts";
import type { Library } from "../runtime/devices/gpujs/library.ts";
import { print } from "../runtime/devices/gpujs/print.ts";
import { targetOf } from "../runtime/devices/gpujs/targets.ts";
import { gpujsDevice } from "../runtime/devices/gpujs.ts";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { BACKENDS, deviceNamed } from "../runtime/devices/table.ts";
import { add, lit, load, mul } from "./harness/expr.ts";
import { lstmStep } from "./harness/lstm-program.ts";
import { programBuilder } from "./harness/program.ts";
import { artifactOf } from "./harness/programs.ts";
import { relativeL2 } from "./harness/run-case.ts";

/** y = 2 x over [B, 3]. */
function doubling() {
  const p = programBuilder();
  const x = p.input("input:x", ["B", 3]);
  p.output(
    "output:y",
    p.kernel("y", ["B", 3], (at) => mul(lit(2), load(x, ...at))),
  );
  p.output("output:x", x);
  return artifactOf(p.done(), lstmStep());
}

describe.each(["webasm", "cpu"] as const)("%s", (backend) => {
  const opened = () => gpujsDevice(backend).open(doubling());

  test("reports what runs", async () => {
    const session = await opened();
    expect(session.report()).toEqual({
      backend,
      precision: "f32",
      executor: `gpu.js ${backend}`,
      adapter: null,
      threads: 1,
      vectors: null,
    });
    session.close();
  });

  test("names what is missing or misshapen", async () => {
    const session = await opened();
    await expect(session.run("forward", { B: 2 })).rejects.toThrow(
      new DeviceError("forward needs input:x, which is not in the store"),
    );
    session.write("input:x", new Float32Array(6), [2, 3]);
    await expect(session.run("forward", { B: 1 })).rejects.toThrow(
      new DeviceError("forward needs input:x as [1,3], but [2,3] is in the store"),
    );
    await expect(session.run("forward", {})).rejects.toThrow(/size B is needed/);
    await expect(session.run("train", { B: 1 })).rejects.toThrow(/no program train/);
    await expect(session.read("output:z")).rejects.toThrow(/nothing is stored as output:z/);
    expect(() => session.write("input:x", new Float32Array(5), [2, 3])).toThrow(/do not make/);
    session.close();
    await expect(session.run("forward", { B: 2 })).rejects.toThrow(/closed/);
    expect(() => session.write("input:x", new Float32Array(6), [2, 3])).toThrow(/closed/);
  });

  test("copies what is written and what is read", async () => {
    const session = await opened();
    const x = Float64Array.of(1, 2, 3);
    session.write("input:x", x, [1, 3]);
    x.fill(9);
    await session.run("forward", { B: 1 });
    (await session.read("output:y")).fill(7);
    (await session.read("output:x")).fill(7);
    session.write("input:x", Float32Array.of(5, 5, 5), [1, 3]);
    expect([...(await session.read("output:y"))]).toEqual([2, 4, 6]);
    expect([...(await session.read("output:x"))]).toEqual([1, 2, 3]);
    session.close();
  });

  test.each([1, 3])("streams as the reference does, batch %i", async (batch) => {
    const steppers: { readonly session: Session; readonly stepper: Stepper }[] = [];
    for (const device of [gpujsDevice(backend), referenceDevice]) {
      const session = await device.open(doubling());
      const stepper = session.stepper(batch);
      if (stepper === null) throw new Error("no stepper");
      steppers.push({ session, stepper });
    }
    const write = (name: string, shape: readonly number[], seed: number) => {
      const count = shape.reduce((a, b) => a * b, 1);
      const data = Float64Array.from({ length: count }, (_, i) => Math.sin(seed + 3 * i) / 3);
      for (const { session } of steppers) session.write(name, data, shape);
    };
    write("param:W", [4, 12, 7], 1);
    write("param:U", [4, 12, 12], 2);
    write("param:b", [4, 12], 3);
    const arrays = steppers.map(({ stepper }) =>
      ["h", "c"].map((name) => stepper.state(`state:${name}`)),
    );
    for (let t = 0; t < 40; t++) {
      if (t === 20) write("param:b", [4, 12], 4);
      if (t === 30) for (const [h] of arrays) h!.fill(0.25);
      for (const { stepper } of steppers) {
        const x = stepper.input("input:x");
        for (let i = 0; i < x.length; i++) x[i] = Math.cos(t + i);
        stepper.step();
      }
      const [got, want] = steppers.map(({ stepper }) => [...stepper.output("output:h")]);
      expect(relativeL2(got!, want!)).toBeLessThanOrEqual(1e-5);
    }
    for (const [s, { stepper }] of steppers.entries())
      expect(stepper.state("state:h")).toBe(arrays[s]![0]);
    const { session, stepper } = steppers[0]!;
    expect(() => stepper.input("input:z")).toThrow(/no input input:z; it has input:x/);
    session.close();
    expect(() => stepper.step()).toThrow(/closed/);
    steppers[1]!.session.close();
  });

  test("a state two steps back is the state one step back, a step later", async () => {
    const p = programBuilder();
    const x = p.input("input:x", ["B", 2]);
    const [h, before] = [p.input("state:h", ["B", 2]), p.input("state:h#2", ["B", 2])];
    const next = p.kernel("h'", ["B", 2], (at) =>
      add(load(x, ...at), load(h, ...at), mul(lit(10), load(before, ...at))),
    );
    p.output("state:h", next);
    p.output("state:h#2", h);
    const session = await gpujsDevice(backend).open(artifactOf(p.done(), p.done()));
    const stepper = session.stepper(1)!;
    const seen: number[] = [];
    for (let t = 0; t < 4; t++) {
      stepper.input("input:x").fill(1);
      stepper.step();
      seen.push(stepper.state("state:h")[0]!);
    }
    expect(seen).toEqual([1, 2, 13, 34]);
    expect([...stepper.state("state:h#2")]).toEqual([13, 13]);
    session.close();
  });

  test("runs that overlap take their turns", async () => {
    const session = await opened();
    session.write("input:x", Float32Array.of(1, 2, 3), [1, 3]);
    const runs = [session.run("forward", { B: 1 }), session.run("forward", { B: 1 })];
    await Promise.all([...runs, session.run("forward", { B: 2 }).catch(() => undefined)]);
    expect([...(await session.read("output:y"))]).toEqual([2, 4, 6]);
    session.close();
  });
});

describe("no silent fallback", () => {
  const kernel = {
    out: 1,
    axes: [2],
    reductions: [],
    value: add(load(0, { var: 0 }), lit(1)),
    places: [],
  };
  const printed = print(kernel, () => [2], {}, targetOf("webasm"));
  const library = (mode: string, fallbackReason: string | null): Library => ({
    createKernel: () =>
      Object.assign(() => Float32Array.of(1, 1), {
        kernel: { constructor: { mode }, fallbackReason },
        destroy: () => undefined,
      }),
    destroy: async () => undefined,
  });
  test.each([
    ["cpu", "textures are not supported", /webasm: gpu.js fell back to cpu: textures are not/],
    ["cpu", null, /webasm: gpu.js runs this on cpu instead/],
  ])("%s, %s", (mode, reason, message) => {
    const built = createKernels(library(mode, reason), "webasm").acquire(printed, []);
    expect(() => built.run([])).toThrow(message);
  });

  test.each(["webgl2", "webgl", "headlessgl", "webgpu"] as const)(
    "%s runs here or says why not",
    async (backend) => {
      const device = gpujsDevice(backend);
      const available = await device.available();
      if (available.ok) return;
      expect(available.why).not.toBe("");
      await expect(device.open(doubling())).rejects.toThrow(`${backend} cannot run here`);
    },
  );
});

describe("the table", () => {
  test("has every backend by its own name, and auto", async () => {
    for (const name of BACKENDS.filter((b) => b !== "auto"))
      expect((await deviceNamed(name)).name).toBe(name);
    expect((await (await deviceNamed("auto")).available()).ok).toBe(true);
    await expect(deviceNamed("toString")).rejects.toThrow(/no device toString; there are auto, /);
  });
});
