/** @file What a session of the wasm device promises beside numbers: errors, copies, streaming, several runs. */
import { expect, test } from "vitest";
import { DeviceError } from "../runtime/devices/device.ts";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { wasmDevice } from "../runtime/devices/wasm.ts";
import { add, lit, load, mul } from "./harness/expr.ts";
import { lstmStep } from "./harness/lstm-program.ts";
import { programBuilder } from "./harness/program.ts";
import { artifactOf } from "./harness/programs.ts";
import { relativeL2, runCase } from "./harness/run-case.ts";
import { sessionCases } from "./harness/session-cases.ts";

/** y = 2 x over [B, 3]; x is given back. */
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

/** y = b, a and b change places, a grows by one: states that are given on as they came. */
function exchange() {
  const p = programBuilder();
  const a = p.input("state:a", ["B", 3]);
  const b = p.input("state:b", ["B", 3]);
  p.output("output:y", b);
  p.output(
    "state:b",
    p.kernel("next", ["B", 3], (at) => add(load(a, ...at), lit(1))),
  );
  p.output("state:a", b);
  return artifactOf(p.done(), p.done());
}

test.each(sessionCases().map((c) => [c.name, c] as const))("%s", async (_, c) => {
  const [got, want] = [await runCase(wasmDevice, c), await runCase(referenceDevice, c)];
  for (const [name, values] of Object.entries(want.outputs))
    expect(relativeL2(got.outputs[name]!, values), name).toBeLessThanOrEqual(1e-5);
});

test("names what is missing or misshapen; a closed session is unusable", async () => {
  const session = await wasmDevice.open(doubling());
  await expect(session.run("forward", { B: 2 })).rejects.toThrow(
    new DeviceError("forward needs input:x, which is not in the store"),
  );
  session.write("input:x", new Float32Array(6), [2, 3]);
  await expect(session.run("forward", { B: 1 })).rejects.toThrow(/as \[1,3\], but \[2,3\]/);
  await expect(session.run("forward", {})).rejects.toThrow(/size B is needed/);
  await expect(session.run("train", { B: 1 })).rejects.toThrow(/no program train/);
  await expect(session.read("output:z")).rejects.toThrow(/nothing is stored as output:z/);
  expect(() => session.write("input:x", new Float32Array(5), [2, 3])).toThrow(/do not make/);
  session.close();
  await expect(session.run("forward", { B: 2 })).rejects.toThrow(/closed/);
});

test("copies what is written and what is read", async () => {
  const session = await wasmDevice.open(doubling());
  const x = Float64Array.of(1, 2, 3);
  session.write("input:x", x, [1, 3]);
  x.fill(9);
  await session.run("forward", { B: 1 });
  (await session.read("output:x")).fill(7);
  session.write("input:x", Float32Array.of(5, 5, 5), [1, 3]);
  expect([...(await session.read("output:y"))]).toEqual([2, 4, 6]);
  expect([...(await session.read("output:x"))]).toEqual([1, 2, 3]);
  session.close();
});

test.each([1, 2, 5])("streams as the reference does, batch %i", async (batch) => {
  const sessions = [await wasmDevice.open(doubling()), await referenceDevice.open(doubling())];
  const steppers = sessions.map((s) => s.stepper(batch)!);
  const write = (name: string, shape: readonly number[], seed: number) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const data = Float64Array.from({ length: count }, (_, i) => Math.sin(seed + 3 * i) / 3);
    for (const session of sessions) session.write(name, data, shape);
  };
  write("param:W", [4, 12, 7], 1);
  write("param:U", [4, 12, 12], 2);
  write("param:b", [4, 12], 3);
  const states = steppers.map((s) => s.state("state:h"));
  for (let t = 0; t < 40; t++) {
    if (t === 20) write("param:b", [4, 12], 4);
    if (t === 30) for (const h of states) h.fill(0.25);
    for (const stepper of steppers) {
      const x = stepper.input("input:x");
      for (let i = 0; i < x.length; i++) x[i] = Math.cos(t + i);
      stepper.step();
    }
    const [got, want] = steppers.map((s) => [...s.output("output:h")]);
    expect(relativeL2(got!, want!)).toBeLessThanOrEqual(1e-5);
  }
  expect(steppers[0]!.state("state:h")).toBe(states[0]);
  for (const session of sessions) session.close();
  expect(() => steppers[0]!.step()).toThrow(/closed/);
});

test("states that are other states' old values", async () => {
  const session = await wasmDevice.open(exchange());
  const stepper = session.stepper(1)!;
  const [a, b] = [stepper.state("state:a"), stepper.state("state:b")];
  a.set([1, 2, 3]);
  b.set([10, 20, 30]);
  stepper.step();
  expect([...stepper.output("output:y")]).toEqual([10, 20, 30]);
  expect([...a]).toEqual([10, 20, 30]);
  expect([...b]).toEqual([2, 3, 4]);
  session.close();
});

test("code made for one sample gives way to code for any number, and takes no more memory then", async () => {
  const p = programBuilder();
  const x = p.input("input:x", ["B", 5]);
  const w = p.input("param:W", [9, 5]);
  p.output(
    "output:y",
    p.kernel("y", ["B", 9], ([b, i], sum) =>
      sum([5], ([k]) => mul(load(w, i!, k!), load(x, b!, k!))),
    ),
  );
  const artifact = artifactOf(p.done());
  const [session, reference] = [
    await wasmDevice.open(artifact),
    await referenceDevice.open(artifact),
  ];
  const taken: number[] = [];
  for (const B of [1, 8, 1, 3, 40, 1, 40]) {
    const data = Float64Array.from({ length: 5 * B }, (_, i) => Math.sin(i));
    for (const s of [session, reference]) {
      s.write(
        "param:W",
        Float64Array.from({ length: 45 }, (_, i) => Math.cos(i)),
        [9, 5],
      );
      s.write("input:x", data, [B, 5]);
      await s.run("forward", { B });
    }
    const [got, want] = [await session.read("output:y"), await reference.read("output:y")];
    expect(relativeL2([...got], [...want])).toBeLessThanOrEqual(1e-6);
    taken.push(session.bytes!());
  }
  expect(taken.at(-1)).toBe(taken[4]);
  for (const s of [session, reference]) s.close();
});
