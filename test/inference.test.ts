/** @file Artifacts compiled for inference: what they hold, that they run as the whole artifact does, and what
 *  they refuse. */
import { expect, test } from "vitest";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import { gradcheck, load } from "../runtime/index.ts";
import { resolveSettings } from "../runtime/train/settings.ts";
import { compileSpec } from "./harness/spec.ts";

const FORECAST = { file: "apps/forecast.cell", entry: "Forecast", dims: {} };
const LSTM = { file: "cells/lstm.cell", entry: "LSTM", dims: { D: 2, H: 3 } };

const compiled = (request: typeof LSTM | typeof FORECAST, inference: boolean): Artifact =>
  compileSpec({ ...request, inference });

test.each([LSTM, FORECAST])("$entry has what runs and streams, and nothing of training", (spec) => {
  const [whole, small] = [compiled(spec, false), compiled(spec, true)];
  const programs = Object.entries(small.programs).flatMap(([name, p]) =>
    p === null ? [] : [name],
  );
  expect(programs).toEqual(["forward", "forwardMasked", "step", "start"]);
  expect(small.train).toBeNull();
  expect(small.hash).toBe(whole.hash);
  expect(JSON.stringify(small).length).toBeLessThan(JSON.stringify(whole).length / 2);
});

test("it runs and streams with the weights of the whole artifact", async () => {
  const whole = await load(compiled(LSTM, false), { backend: "wasm", seed: 3 });
  const small = await load(compiled(LSTM, true), { backend: "wasm" });
  await small.loadWeights(await whole.saveWeights());
  const x = [
    [1, 2],
    [3, -1],
    [0.5, 0],
  ];
  const { outputs } = await small.run({ inputs: { x: [x] } });
  expect(outputs).toEqual((await whole.run({ inputs: { x: [x] } })).outputs);
  const stream = await small.stream();
  let last: ArrayLike<number> = [];
  for (const step of x) last = stream.step({ x: Float32Array.from(step) }).h!;
  const steps = outputs.h!.data;
  for (const [i, value] of [...steps.slice(-3)].entries()) expect(last[i]).toBeCloseTo(value, 6);
});

test("it has no gradient", async () => {
  const small = compiled(LSTM, true);
  const model = await load(small, { backend: "wasm" });
  const request = { inputs: { x: [[[1, 2]]] }, upstream: { outputs: { h: [[[1, 1, 1]]] } } };
  await expect(model.grad(request)).rejects.toThrow("R213");
  await expect(gradcheck(small)).rejects.toThrow("R213");
});

test("it cannot be trained, and says why", () => {
  const result = resolveSettings(compiled(FORECAST, true));
  expect(result).toMatchObject({ ok: false });
  expect(JSON.stringify(result)).toMatch(/D202.*compiled for inference/);
});

test("what trains has a gradient", async () => {
  const whole = compiled(FORECAST, false);
  const programs = { ...whole.programs, gradient: null, gradientMasked: null };
  await expect(load({ ...whole, programs })).rejects.toThrow("R105");
  const half = { ...whole.programs, gradient: null };
  await expect(load({ ...whole, programs: half })).rejects.toThrow("R105");
});
