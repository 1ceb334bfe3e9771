/** @file The gradient check finds what is wrong, names it, and says what it did not check. */
import { describe, expect, test } from "vitest";
import type { Artifact, Programs } from "../runtime/artifact/artifact.ts";
import type { Expr } from "../runtime/artifact/kernel.ts";
import { load } from "../runtime/artifact/load.ts";
import type { Device, Real } from "../runtime/devices/device.ts";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { gradcheck, relativeL2 } from "../runtime/gradcheck.ts";
import { difference } from "../runtime/gradcheck/difference.ts";
import { call, lit, mul } from "./harness/expr.ts";
import { H, V, probe } from "./harness/probe.ts";

/** The probe with the kernel labelled `label` of both gradient programs changed. */
async function changed(
  label: string,
  change: (value: Expr) => Expr,
  programs: readonly (keyof Programs)[] = ["gradient", "gradientMasked"],
): Promise<Artifact> {
  const artifact = probe();
  let count = 0;
  for (const name of programs) {
    const program = artifact.programs[name]!;
    for (const stage of program.stages)
      for (const kernel of stage.kind === "scan" ? stage.kernels : [stage.kernel])
        if (program.buffers[kernel.out]!.label === label) {
          Object.assign(kernel, { value: change(kernel.value) });
          count += 1;
        }
  }
  expect(count).toBe(programs.length);
  expect(await load(artifact)).toMatchObject({ ok: true });
  return artifact;
}

describe("layer 1", () => {
  test("the right gradients pass: every parameter, input and initial state, in every case", async () => {
    const report = await gradcheck(probe());
    expect(report.ok).toBe(true);
    expect(report.cases.map((c) => c.name)).toEqual([
      "all steps; initial states learned",
      "lengths T 5, 3; initial states learned",
      "all steps; initial states given",
      "lengths T 5, 3; initial states given",
    ]);
    for (const { tensors } of report.cases)
      expect(tensors.map((t) => [t.name, t.checked])).toEqual([
        ["param:W", 6],
        ["param:U", 4],
        ["param:E", V * H],
        ["param:h0", H],
        ["input:x", 30],
        ["input:z", 2 * H],
        ["initial:h", 2 * H],
        ["initial:s", 2],
      ]);
    expect([report.checked, report.kinks, report.unsampled]).toEqual([240, 0, 0]);
    expect(report.worst!.error).toBeLessThan(1e-8);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  test("the same seed, the same report", async () => {
    expect(await gradcheck(probe(), { seed: 3, T: 2 })).toEqual(
      await gradcheck(probe(), { seed: 3, T: 2 }),
    );
    expect(await gradcheck(probe(), { seed: 4, T: 2 })).not.toEqual(
      await gradcheck(probe(), { seed: 3, T: 2 }),
    );
  });

  const faults: readonly (readonly [string, (v: Expr) => Expr, string])[] = [
    ["dW", (v) => mul(lit(1.00001), v), "param:W"],
    ["dU", (v) => call("neg", v), "param:U"],
    ["dE", () => lit(0), "param:E"],
    ["dx", (v) => mul(lit(0.99), v), "input:x"],
    ["ds start", (v) => mul(lit(2), v), "initial:s"],
  ];
  test.each(faults)("a wrong %s is found and named", async (label, change, name) => {
    const report = await gradcheck(await changed(label, change));
    expect(report.ok).toBe(false);
    expect(report.worst!.name).toBe(name);
    const wrong = report.cases.flatMap((c) => c.tensors.filter((t) => !t.ok).map((t) => t.name));
    expect(new Set(wrong)).toEqual(new Set([name]));
    expect(report.worst!.error).toBeGreaterThan(9e-6);
    expect(report.worst!.places[0]).toMatchObject({
      file: "probe.cell",
      line: name === "initial:s" ? 9 : 7,
    });
    expect(report.kinks).toBe(0);
  });

  test("a wrong step of the recurrence, in the masked program alone", async () => {
    const report = await gradcheck(
      await changed("ds before", (v) => mul(lit(1.01), v), ["gradientMasked"]),
    );
    expect(report.cases.map((c) => c.ok)).toEqual([true, false, true, false]);
    expect(report.worst!.case).toContain("lengths");
  });

  test("a gradient program whose values are not the forward program's", async () => {
    const report = await gradcheck(
      await changed("h shown", (v) => mul(lit(1.001), v), ["gradient"]),
    );
    const bad = report.cases.flatMap((c) => c.values.filter((t) => !t.ok).map((t) => t.name));
    expect(new Set(bad)).toEqual(new Set(["output:h"]));
    expect(report.ok).toBe(false);
  });

  test("larger tensors are sampled, and the rest is counted", async () => {
    const report = await gradcheck(probe(), { samples: 3 });
    expect(report.cases[0]!.tensors.map((t) => t.checked)).toEqual([3, 3, 3, 2, 3, 3, 3, 2]);
    expect(report.unsampled).toBe(240 - 4 * 22);
  });

  test("where values are not finite, the equation is named instead", async () => {
    const report = await gradcheck(
      await changed("s", (v) => call("log", call("sub", v, lit(1e3))), [
        "forward",
        "forwardMasked",
        "gradient",
        "gradientMasked",
      ]),
    );
    expect(report.ok).toBe(false);
    expect(report.checked).toBe(0);
    expect(report.cases[0]!.nonFinite).toMatchObject({ name: "s", step: 0, places: [{ line: 7 }] });
  });
});

describe("differences", () => {
  const check = (f: (x: number) => number, x: number, claim: number) =>
    difference(async (d) => ({ value: f(x + d), size: Math.abs(f(x + d)) }), claim, x, 1e-3, 1e-6);
  const relu = (x: number) => Math.max(0, x);

  const smooth: readonly (readonly [string, (x: number) => number, number, number])[] = [
    ["exp", Math.exp, 1.3, Math.exp(1.3)],
    ["tanh", Math.tanh, 0.2, 1 - Math.tanh(0.2) ** 2],
    ["steep tanh", (x) => Math.tanh(50 * x), 0.01, 50 * (1 - Math.tanh(0.5) ** 2)],
    ["large x", (x) => x * x, 1e4, 2e4],
    ["relu near its kink", relu, 3e-5, 1],
    ["relu below its kink", relu, -2e-7, 0],
    ["constant", () => 5, 0, 0],
  ];
  test.each(smooth)(
    "%s: the right claim passes, another does not and is no kink",
    async (_, f, x, claim) => {
      expect((await check(f, x, claim)).error).toBeLessThanOrEqual(1e-6);
      if (Math.abs(x) < 1e-3 && f === relu) return; // closer than the one-sided differences look
      const wrong = await check(f, x, claim + 0.01 * Math.max(1, Math.abs(claim)));
      expect(wrong.kink).toBe(false);
      expect(wrong.error).toBeGreaterThan(1e-6);
    },
  );

  const kinks: readonly (readonly [string, (x: number) => number, number])[] = [
    ["relu at 0", relu, 0],
    ["|x| at 0, claim 1", Math.abs, 1],
    ["a jump", (x) => (x < 0 ? 0 : 1), 0],
  ];
  test.each(kinks)("%s is a kink", async (_, f, claim) => {
    expect(await check(f, 0, claim)).toMatchObject({ kink: true });
  });

  test("rounding never excuses a wrong claim that a wider step shows to be wrong", async () => {
    const large = (x: number) => 1e6 + x;
    expect((await check(large, 0, 1)).error).toBe(0);
    expect((await check(large, 0, 1.0001)).error).toBeGreaterThan(5e-5);
  });

  test("a claim that is not a number fails", async () => {
    const { error, kink } = await check(Math.exp, 0, Number.NaN);
    expect([error, kink]).toEqual([Number.POSITIVE_INFINITY, false]);
  });
});

/** The reference, each tensor read from it changed. */
const altered = (name: string, change: (store: string, data: Real) => Real): Device => ({
  name,
  available: async () => ({ ok: true }),
  open: async (artifact) => {
    const session = await referenceDevice.open(artifact);
    return { ...session, read: async (store) => change(store, await session.read(store)) };
  },
});

describe("layer 2", () => {
  test("a float32 backend passes, a wrong one does not and is named", async () => {
    const f32 = altered("f32", (_, data) => Float32Array.from(data));
    const off = altered("off", (store, data) =>
      store === "grad:param:U" ? data.map((x) => x * 1.0001) : data,
    );
    const report = await gradcheck(probe(), { devices: [f32, off], T: 3 });
    expect(report.backends.map((b) => b.ok)).toEqual([true, false]);
    expect(report.ok).toBe(false);
    const wrong = report.backends[1]!.cases.flatMap((c) => c.tensors.filter((t) => !t.ok));
    expect(new Set(wrong.map((t) => t.name))).toEqual(new Set(["grad:param:U"]));
    for (const { error } of wrong) expect(error).toBeCloseTo(1e-4, 8);
  });

  test("a backend that is not there is an error, not a pass", async () => {
    const absent: Device = {
      ...referenceDevice,
      name: "absent",
      available: async () => ({ ok: false, why: "no adapter" }),
    };
    await expect(gradcheck(probe(), { devices: [absent], T: 1 })).rejects.toThrow(
      "absent: no adapter",
    );
  });

  test("relative L2 error, with its floor", () => {
    expect(relativeL2([3, 4.5], [3, 4], 0)).toBeCloseTo(0.1, 12);
    expect(relativeL2([1e-9, 0], [0, 0], 1)).toBeCloseTo(1e-6 / Math.SQRT2, 12);
    expect(relativeL2([0], [0], 0)).toBe(0);
    expect(relativeL2([Number.NaN], [1], 1)).toBeNaN();
  });
});
