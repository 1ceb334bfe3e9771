/** @file What a run records of its gradients: norms by parameter that make up the whole, norms by lag that are
 *  those of the whole gradient program, at the same updates however often it was interrupted. */
import { expect, test } from "vitest";
import type { DataDecl } from "../runtime/data/declaration.ts";
import { deviceNamed } from "../runtime/devices/table.ts";
import { openModel } from "../runtime/model.ts";
import { type LagNorms, openLagProbe } from "../runtime/train/lags.ts";
import { isProbed, isRecorded } from "../runtime/train/record.ts";
import { resolveSettings } from "../runtime/train/settings.ts";
import { memorySink } from "../runtime/train/sink.ts";
import "./harness/all-close.ts";
import { accepted } from "./harness/data.ts";
import { taskOf, trained, wave } from "./harness/training.ts";

const decl: DataDecl = {
  format: "csv",
  files: ["wave.csv"],
  samples: { kind: "series", windows: { length: 9, stride: 3 } },
  inputs: { x: ["v"] },
  targets: { target: ["v"] },
  split: { by: "time", validation: 0.2 },
};
const block = `train Wave {
  loss mse(y, target: [T, 1])
  optimizer sgd(lr = 0.05)
  clip norm 0.4
  batch 4
  epochs 4
}
`;
/** h[t] = 0.9 h[t-1] + x[t], y = w h: the gradient of y[T] falls by 0.9 a step. */
const decay = `cell Decay<D> {
  input x: [D]
  state h: [D] = 0
  param a: [D] ~ const(0.9)
  h[t] = a * h[t-1] + x[t]
  output h
}
model Wave<D = 1> {
  input x: [T, D]
  output y = x | forward(Decay) | dense(1)
}
${block}`;
const plain = (layer: string): string => `cell Plain<D, H> {
  input x: [D]
  state h: [H] = learn(zeros)
  state m: [H] = 0
  param W: [H, D] ~ glorot_uniform
  param U, V: [H, H] ~ orthogonal
  h[t] = tanh(W @ x[t] + U @ h[t-1] + m[t-1])
  m[t] = 0.5 * m[t-1] + V @ h[t]
  output h
}
model Wave<D = 1, H = 3> {
  input x: [T, D]
  output y = x | ${layer}(Plain<H>) | dense(1)
}
${block}`;

async function lagsOf(spec: string) {
  const { artifact, dataset } = await taskOf(spec, "Wave", decl, wave(60));
  const settings = accepted(resolveSettings(artifact));
  const model = await openModel(artifact, await deviceNamed("reference"), 3);
  const norms = await openLagProbe(artifact, dataset, settings)(model.session);
  return { artifact, dataset, model, norms: norms! };
}

test("by lag: a linear decay of 0.9 is one", async () => {
  const { norms } = await lagsOf(decay);
  expect(norms.of).toBe("states");
  const [[name, values]] = Object.entries(norms.norms) as [[string, readonly number[]]];
  expect(name).toMatch(/h$/);
  expect(values).toHaveLength(8);
  expect(values.map((v) => v / values[0]!)).toBeAllClose(
    values.map((_, k) => 0.9 ** k),
    { relative: 1e-12, absolute: 0 },
  );
});

/** ‖∂y[T]/∂x[T−k]‖ of the first samples by one run of the whole gradient program; y has one column. */
async function byInput({ dataset, model }: Awaited<ReturnType<typeof lagsOf>>) {
  const [chunk] = accepted(
    dataset.trainingPlan({ batch: 4, seed: 0, epoch: 0, shuffle: false, truncate: null }),
  );
  const x = dataset.batch(chunk!).inputs.get("x")!.data;
  const rows = Array.from({ length: 4 }, (_, b) =>
    Array.from({ length: 9 }, (_, t) => [x[t * 4 + b]!]),
  );
  const upstream = rows.map((r) => r.map((_, t) => [t === r.length - 1 ? 1 : 0]));
  const { grads } = await model.grad({
    inputs: { x: rows },
    upstream: { outputs: { y: upstream } },
  });
  const g = grads.inputs.x!.data;
  return Array.from({ length: 9 }, (_, k) =>
    Math.sqrt([0, 1, 2, 3].reduce((s, b) => s + g[b * 9 + 8 - k]! ** 2, 0) / 4),
  );
}

test("by lag: a model that cannot be stepped is measured at its inputs", async () => {
  const found = await lagsOf(plain("bidirectional"));
  expect(found.norms.of).toBe("inputs");
  expect(found.norms.norms.x).toBeAllClose(await byInput(found), { relative: 1e-12, absolute: 0 });
});

test("by lag: a step at a time is the gradient program over all steps", async () => {
  const found = await lagsOf(decay);
  const inputs = await byInput(found);
  // ∂h[t]/∂x[t] = 1: the gradient of the input k steps back is that of the state.
  const [states] = Object.values(found.norms.norms);
  expect(states).toBeAllClose(inputs.slice(1), { relative: 1e-12, absolute: 0 });
  const own = await lagsOf(plain("forward"));
  expect(Object.keys(own.norms.norms).map((n) => n.at(-1))).toEqual(["h", "m"]);
  const finite = (norms: LagNorms): boolean =>
    Object.values(norms.norms)
      .flat()
      .every((n) => n > 0);
  expect(finite(own.norms)).toBe(true);
});

test("norms by parameter make up the norm of the update, before and after clipping", async () => {
  const task = await taskOf(plain("forward"), "Wave", decl, wave(60));
  const { sink } = await trained(task, { overrides: { record_every: 2 } });
  const norms = new Map(
    sink.lines.flatMap((l) => ("grad_norm" in l ? [[l.step, l.grad_norm]] : [])),
  );
  const records = sink.lines.flatMap((l) => ("grad_norms" in l ? [l] : []));
  expect(records.map((r) => r.step)).toEqual([...norms.keys()].filter((s) => s % 2 === 1));
  for (const { step, norm_after, grad_norms } of records) {
    const all = Math.hypot(...Object.values(grad_norms));
    expect(all / norms.get(step)!).toBeCloseTo(1, 10);
    expect(norm_after).toBeCloseTo(Math.min(all, 0.4), 10);
    expect(Object.keys(grad_norms)).toEqual(task.artifact.params.map((p) => p.name));
  }
});

test("nothing is recorded where the settings say so; losses are the same", async () => {
  const task = await taskOf(plain("forward"), "Wave", decl, wave(60));
  const { sink: off } = await trained(task, { overrides: { record_every: 0 } });
  const { sink: on } = await trained(task);
  expect(off.lines).toEqual(on.lines.filter((l) => !("grad_norms" in l || "lags" in l)));
  expect(off.lines.length).toBeLessThan(on.lines.length);
});

test("a run that goes on records each epoch's gates once", async () => {
  const task = await taskOf(plain("forward"), "Wave", decl, wave(60));
  const gate = { from: 0, to: 1, shares: [1], mean: 0.5, low: 0, high: 0 };
  const gates = async () => ({ z: gate });
  const whole = await trained(task, { gates });
  const sink = memorySink();
  await trained(task, { sink, stopAfter: 5, gates });
  await trained(task, { sink, resume: true, stopAfter: 1, gates });
  await trained(task, { sink, resume: true, gates });
  expect(sink.lines).toEqual(whole.sink.lines);
  const probes = sink.lines.flatMap((l) => ("gates" in l ? [l] : []));
  expect(probes.map((p) => p.epoch)).toEqual([0, 1, 2, 3, 4]);
  expect(probes.every((p) => p.gates !== null && p.lags !== null)).toBe(true);
});

test("a long run has some hundreds of records, and a dozen probes", async () => {
  const { artifact } = await taskOf(decay, "Wave", decl, wave(60));
  const settings = accepted(resolveSettings(artifact, { epochs: 1000 }));
  const count = (n: number, is: (i: number) => boolean): number =>
    Array.from({ length: n }, (_, i) => i).filter(is).length;
  expect(count(100_001, (i) => i > 0 && isRecorded(settings, i, 100_000))).toBe(200);
  expect(count(1001, (i) => isProbed(settings, i))).toBe(11);
});
