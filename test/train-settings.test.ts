/** @file Settings and schedules: the train block, what is laid over it, rates by step. */
import { describe, expect, test } from "vitest";
import { rateAt, SCHEDULES } from "../runtime/train/schedule.ts";
import { resolveSettings } from "../runtime/train/settings.ts";
import { accepted, refused } from "./harness/data.ts";
import { compileSpec } from "./harness/spec.ts";

const text = `model Line<D = 1> {
  input x: [D]
  output y = x | dense(1)
}

train Line {
  loss mse(y, target: [1])
  optimizer adam(lr = 0.01, beta1 = 0.8)
  clip norm 2.0
  schedule step(every = 10, factor = 0.5)
  batch 4
  epochs 3
  seed 9
}
`;
const artifact = compileSpec({ file: "line.cell", text, entry: "Line" });

describe("rates", () => {
  const lr = 0.4;
  const cases: readonly (readonly [string, Record<string, number>, number, readonly number[]])[] = [
    ["constant", {}, 4, [0.4, 0.4, 0.4, 0.4]],
    ["step", { every: 2, factor: 0.5 }, 5, [0.4, 0.4, 0.2, 0.2, 0.1]],
    ["exponential", { factor: 0.5 }, 3, [0.4, 0.2, 0.1]],
    [
      "cosine",
      { steps: 4, min: 0 },
      6,
      [0.4, 0.2 + Math.SQRT2 / 10, 0.2, 0.2 - Math.SQRT2 / 10, 0, 0],
    ],
    ["cosine", { min: 0.2 }, 2, [0.4, 0.3]],
    ["warmup_cosine", { warmup: 2, steps: 4 }, 5, [0.2, 0.4, 0.4, 0.2, 0]],
    ["linear", { steps: 4, min: 0.2 }, 6, [0.4, 0.35, 0.3, 0.25, 0.2, 0.2]],
    ["linear", {}, 4, [0.4, 0.3, 0.2, 0.1]],
  ];
  test.each(cases)("%s %j", (name, args, total, wanted) => {
    const rates = wanted.map((_, step) => rateAt({ name, args }, lr, step, total));
    rates.forEach((rate, i) => {
      expect(rate).toBeCloseTo(wanted[i]!, 14);
    });
  });
  test("every schedule is above", () => {
    expect(new Set(cases.map(([name]) => name))).toEqual(new Set(Object.keys(SCHEDULES)));
  });
  test("none at all is constant", () => {
    expect([0, 5].map((step) => rateAt(null, lr, step, 9))).toEqual([lr, lr]);
  });
});

describe("settings", () => {
  const block = accepted(resolveSettings(artifact));
  test("are the train block's", () => {
    expect(block).toMatchObject({
      hyper: { lr: 0.01, beta1: 0.8, beta2: 0.999 },
      clip: { norm: 2, value: null },
      schedule: { name: "step", args: { every: 10, factor: 0.5 } },
      batch: 4,
      epochs: 3,
      seed: 9,
      truncate: null,
      patience: null,
    });
  });
  test("are overridden, the later the stronger; null takes one off", () => {
    const file = { lr: 0.5, epochs: 7, clip: { norm: null, value: 3 }, schedule: null };
    const flags = { epochs: 8, hyper: { beta1: 0.1 }, patience: 2 };
    expect(accepted(resolveSettings(artifact, file, flags))).toEqual({
      ...block,
      hyper: { ...block.hyper, lr: 0.5, beta1: 0.1 },
      clip: { norm: null, value: 3 },
      schedule: null,
      epochs: 8,
      patience: 2,
    });
  });
  test("a schedule as JSON", () => {
    const schedule = { name: "cosine", steps: 50, min: 0.001 };
    expect(accepted(resolveSettings(artifact, { schedule })).schedule).toEqual({
      name: "cosine",
      args: { steps: 50, min: 0.001 },
    });
  });
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ epoch: 3 }, "epoch"],
    [{ epochs: 0 }, "epochs"],
    [{ batch: 1.5 }, "batch"],
    [{ lr: "0.1" }, "lr"],
    [{ clip: { norm: 0 } }, "clip"],
    [{ hyper: { momentum: 0.9 } }, "momentum"],
    [{ schedule: { name: "triangle" } }, "schedule"],
    [{ schedule: { name: "step", every: 3 } }, "factor is needed"],
    [{ schedule: { name: "step", every: 0, factor: 0.5 } }, "every cannot be 0"],
    [{ schedule: { name: "linear", every: 3 } }, "every is not known"],
    [{ seed: -1 }, "seed"],
    [null, "object"],
  ];
  test.each(wrong)("%j is D201", (overrides, says) => {
    const faults = refused(resolveSettings(artifact, overrides));
    expect(faults.every((f) => f.code === "D201")).toBe(true);
    expect(faults.map((f) => f.message).join("\n")).toContain(says);
  });
  test("a model without a train block is D202", () => {
    expect(refused(resolveSettings({ ...artifact, train: null }))).toMatchObject([
      { code: "D202" },
    ]);
  });
});
