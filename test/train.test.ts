/** @file Training: it learns, is the same each time, goes on to the bit where it was interrupted, stops
 *  early with its best weights, and says where a number stopped being finite. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeCheckpoint, encodeCheckpoint } from "../runtime/checkpoint.ts";
import type { DataDecl } from "../runtime/data/declaration.ts";
import { evaluate } from "../runtime/train/evaluate.ts";
import { resolveSettings } from "../runtime/train/settings.ts";
import { memorySink } from "../runtime/train/sink.ts";
import { firstSnapshot } from "../runtime/train/snapshot.ts";
import { accepted, refused } from "./harness/data.ts";
import { type Task, taskOf, trained, wave, weightsOf } from "./harness/training.ts";

const line = (optimizer: string): string => `model Line<D = 2> {
  input x: [D]
  output y = x | dense(1)
}

train Line {
  loss mse(y, target: [1])
  optimizer ${optimizer}
  batch 4
  epochs 60
}
`;
const points: DataDecl = {
  format: "csv",
  files: ["points.csv"],
  samples: { kind: "records" },
  inputs: { x: ["a", "b"] },
  targets: { target: ["t"] },
};
/** t = 3a − 2b + 1 */
const plane = `a,b,t\n${Array.from({ length: 24 }, (_, i) => {
  const [a, b] = [Math.sin(i), Math.cos(3 * i)];
  return `${a},${b},${3 * a - 2 * b + 1}`;
}).join("\n")}\n`;

const rnn = (train: string): string => `cell Plain<D, H> {
  input x: [D]
  state h: [H] = learn(zeros)
  param W: [H, D] ~ glorot_uniform
  param U: [H, H] ~ orthogonal
  param b: [H] ~ zeros

  let n[t] = tanh(W @ x[t] + U @ h[t-1] + b)
  h[t] = zoneout(n[t], h[t-1], 0.1)
  output h
}

model Wave<D = 1, H = 3> {
  input x: [T, D]
  output y = x | forward(Plain<H>) | dropout(0.2) | dense(1)
}

train Wave {
  loss mse(y, target: [T, 1])
  optimizer adam(lr = 0.01)
  clip norm 0.5
  schedule cosine(steps = 30)
  seed 4
  ${train}
}
`;
const windows: DataDecl = {
  format: "csv",
  files: ["wave.csv"],
  columns: { v: { normalise: "standard" } },
  samples: { kind: "series", windows: { length: 6, stride: 3 } },
  inputs: { x: ["v"] },
  targets: { target: ["v"] },
  split: { by: "time", validation: 0.2, test: 0.2 },
};
const endless: DataDecl = { ...windows, samples: { kind: "series" } };
const groups: DataDecl = {
  ...windows,
  samples: { kind: "groups", by: "id" },
  targets: { target: { columns: ["v"], horizon: 1 } },
};
const grouped = `id,v\n${Array.from({ length: 60 }, (_, i) => `${i % 7},${Math.sin(i)}`).join("\n")}\n`;

/** Each is compiled once: a task keeps no state. */
const tasks: Readonly<Record<string, () => Promise<Task>>> = {
  windows: once(() => taskOf(rnn("batch 3\n  epochs 3"), "Wave", windows, wave(60))),
  tracks: once(() => taskOf(rnn("batch 3\n  truncate 4\n  epochs 3"), "Wave", endless, wave(60))),
  "groups, truncated": once(() =>
    taskOf(rnn("batch 2\n  truncate 3\n  epochs 2"), "Wave", groups, grouped),
  ),
};

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

describe("learning", () => {
  test.each([
    "sgd(lr = 0.3)",
    "momentum(lr = 0.05, momentum = 0.9)",
    "adam(lr = 0.1)",
    "rmsprop(lr = 0.05)",
  ])("a plane by %s", async (optimizer) => {
    const task = await taskOf(line(optimizer), "Line", points, plane);
    const { result, model } = await trained(task);
    const outcome = accepted(result);
    expect(outcome).toMatchObject({ ended: "epochs", epochs: 60, steps: 360, best: null });
    expect(outcome.loss).toBeLessThan(0.02);
    expect(
      Object.values(await weightsOf(model))
        .flat()
        .sort(),
    ).toHaveLength(3);
  });
  test("a wave, with validation", async () => {
    const task = await tasks.windows!();
    const { result, sink } = await trained(task, { overrides: { epochs: 25, lr: 0.03 } });
    const epochs = sink.lines.flatMap((l) => ("val_loss" in l ? [l.val_loss!] : []));
    expect(accepted(result).best!.loss).toBe(Math.min(...epochs));
    expect(Math.min(...epochs)).toBeLessThan(epochs[0]! / 2);
  });
});

describe.each(Object.entries(tasks))("%s", (_, task) => {
  test("the same seed gives the same bits, another seed others", async () => {
    const run = async (seed: number) => {
      const { model, sink } = await trained(await task(), { overrides: { seed } });
      return { weights: await weightsOf(model), lines: sink.lines };
    };
    const one = await run(1);
    expect(await run(1)).toEqual(one);
    expect((await run(2)).weights).not.toEqual(one.weights);
  });
  test.each(["reference", "cpu", "webasm"])(
    "resumed runs end with the same bits on %s",
    async (backend) => {
      const whole = await trained(await task(), { backend });
      const weights = await weightsOf(whole.model);
      const { steps } = accepted(whole.result);
      const every = backend === "reference" ? 2 : 5;
      for (let stopAfter = 1; stopAfter < steps; stopAfter += every) {
        const { result, sink } = await trained(await task(), { backend, stopAfter });
        expect(accepted(result)).toMatchObject({ ended: "interrupted", steps: stopAfter });
        const again = await trained(await task(), { backend, sink, resume: true });
        expect(accepted(again.result)).toEqual(accepted(whole.result));
        expect(await weightsOf(again.model)).toEqual(weights);
        expect(sink.lines).toEqual(whole.sink.lines);
        expect(await sink.readBest()).toEqual(await whole.sink.readBest());
        expect(await sink.readCheckpoint()).toEqual(await whole.sink.readCheckpoint());
      }
    },
  );
});

describe("interruption", () => {
  test("leaves a checkpoint, and weights that can be used", async () => {
    const task = await tasks.windows!();
    const { sink, model } = await trained(task, { stopAfter: 1 });
    const settings = accepted(resolveSettings(task.artifact));
    const bytes = (await sink.readCheckpoint())!;
    const { progress } = accepted(decodeCheckpoint(task.artifact, settings, bytes));
    expect(progress).toMatchObject({ step: 1, epoch: 0, chunk: 1, best: null });
    const before = await weightsOf(model);
    await model.initialise(77);
    await model.loadWeights((await sink.readBest())!);
    expect(await weightsOf(model)).toEqual(before);
  });
  test("several times over is still one run", async () => {
    const whole = await trained(await tasks.tracks!());
    const sink = memorySink();
    const parts = [];
    for (let i = 0; i < 40 && parts.at(-1) !== "epochs"; i++) {
      const part = await trained(await tasks.tracks!(), { sink, resume: i > 0, stopAfter: 2 });
      parts.push(accepted(part.result).ended);
    }
    expect(parts.length).toBeGreaterThan(3);
    expect(sink.lines).toEqual(whole.sink.lines);
    expect(await sink.readBest()).toEqual(await whole.sink.readBest());
  });
  test("a run that goes on from checkpoints between epochs is the same", async () => {
    const task = await tasks.tracks!();
    const checkpoints: Uint8Array[] = [];
    const sink = memorySink();
    const recording = {
      ...sink,
      checkpoint: async (bytes: Uint8Array) => {
        checkpoints.push(bytes);
        await sink.checkpoint(bytes);
      },
    };
    const overrides = { checkpoint_every: 2 };
    const whole = await trained(task, { sink: recording, overrides });
    const weights = await weightsOf(whole.model);
    expect(checkpoints.length).toBeGreaterThan(accepted(whole.result).epochs);
    for (const bytes of checkpoints) {
      await sink.checkpoint(bytes); // as if the run had been killed before the next one
      const again = await trained(task, { sink, resume: true, overrides });
      expect(await weightsOf(again.model)).toEqual(weights);
      expect(sink.lines).toEqual(whole.sink.lines);
    }
  });
});

describe("truncation", () => {
  test("hands the states over: without learning, chunks give the loss of the whole series", async () => {
    const spec = rnn("batch 1\n  truncate 4\n  epochs 1")
      .replace("zoneout(n[t], h[t-1], 0.1)", "n[t]")
      .replace(" | dropout(0.2)", "");
    const whole: DataDecl = { ...endless, split: { by: "time", validation: 0 } };
    const task = await taskOf(spec, "Wave", whole, wave(41));
    const { result, model } = await trained(task, { overrides: { lr: 0 } });
    const request = { ...task, session: model.session, split: "train", batch: 1 } as const;
    for (const chunk of [3, 40, 64]) {
      const measured = accepted(await evaluate({ ...request, chunk }))!;
      expect(measured.steps).toBe(40);
      expect(accepted(result).loss).toBeCloseTo(measured.loss, 13);
    }
  });
  test("of a model that reads its sequence backwards is D112", async () => {
    const spec = rnn("batch 2\n  truncate 4\n  epochs 1").replace("forward(", "backward(");
    const task = await taskOf(spec, "Wave", endless, wave(60));
    expect(refused((await trained(task)).result)).toMatchObject([{ code: "D112" }]);
  });
});

describe("early stopping", () => {
  test("ends after `patience` epochs without a better one, with the best weights", async () => {
    const task = await tasks.windows!();
    const overrides = { epochs: 200, patience: 3, lr: 0.2, schedule: null };
    const { result, model, sink } = await trained(task, { overrides });
    const outcome = accepted(result);
    expect(outcome.ended).toBe("patience");
    expect(outcome.epochs).toBe(outcome.best!.epoch + 3);
    const request = { ...task, session: model.session, split: "validation", batch: 3 } as const;
    expect(accepted(await evaluate(request))!.loss).toBe(outcome.best!.loss);
    const flags = sink.lines.flatMap((l) => ("val_loss" in l ? [l.best] : []));
    expect(flags.lastIndexOf(true)).toBe(outcome.best!.epoch - 1);
  });
  test("without a validation split is D201", async () => {
    const task = await taskOf(line("sgd(lr = 0.1)"), "Line", points, plane);
    const { result } = await trained(task, { overrides: { patience: 2 } });
    expect(refused(result)).toMatchObject([{ code: "D201" }]);
  });
});

describe("numbers that are not finite", () => {
  test("a loss: the step, the equation and its line", async () => {
    const spec = line("sgd(lr = 1e200)");
    const task = await taskOf(spec, "Line", points, plane);
    const [fault] = refused((await trained(task)).result);
    expect(fault).toMatchObject({ code: "D203", file: "task.cell" });
    expect(fault!.message).toMatch(/^the loss is (Infinity|NaN) at step \d+ \(epoch 1\); /);
    expect(fault!.message).toContain("in `loss`");
    expect(fault!.message).toContain("the parameter with the largest gradient is y.dense.");
  });
  test("a gradient, traced from the last copy: the parameter, with the weights of that step", async () => {
    const spec = `cell Root<D, H> {
  input x: [D]
  state h: [H] = 0 // lint: allow W309
  param W: [H, D] ~ ones
  param b: [H] ~ const(0)

  let n[t] = sqrt(abs(W @ x[t]))
  h[t] = n[t] + b
  output h
}

model Deep<D = 1> {
  input x: [T, D]
  output y = x | forward(Root<1>)
}

train Deep {
  loss mse(y, target: [T, 1])
  optimizer sgd(lr = 1e-3)
  batch 1
  epochs 1
}
`;
    const values = Array.from({ length: 120 }, (_, i) => (i === 60 ? 0 : 1 + (i % 5)));
    const decl: DataDecl = {
      ...endless,
      columns: {},
      samples: { kind: "series", windows: { length: 1 } },
      split: { by: "time" },
    };
    const task = await taskOf(spec, "Deep", decl, `v\n${values.join("\n")}\n`);
    const steps: number[] = [];
    for (const seed of [1, 2, 3, 4]) {
      const { result, sink } = await trained(task, { overrides: { seed } });
      const [fault] = refused(result);
      const last = sink.lines.at(-1)?.step ?? 0;
      steps.push(last + 1);
      expect(fault).toMatchObject({ code: "D203", file: "task.cell" });
      expect(fault!.message).toContain(
        `the norm of the gradient is NaN at step ${last + 1} (epoch 1)`,
      );
      expect(fault!.message).toContain("the first parameter whose gradient is not finite is");
      expect(fault!.message).toMatch(/is (NaN|-?Infinity) in `let y.Root.n`/);
    }
    expect(Math.max(...steps)).toBeGreaterThan(64);
  });
});

describe("checkpoints", () => {
  test("of another model, other settings, or other bytes are refused", async () => {
    const task = await tasks.windows!();
    const settings = accepted(resolveSettings(task.artifact));
    const bytes = encodeCheckpoint(task.artifact, settings, firstSnapshot(task.artifact, 4));
    expect(decodeCheckpoint(task.artifact, settings, bytes).ok).toBe(true);
    const codes = (result: Parameters<typeof refused>[0]) => refused(result).map((f) => f.code);
    expect(codes(decodeCheckpoint({ ...task.artifact, hash: "0" }, settings, bytes))).toEqual([
      "D204",
    ]);
    const other = { ...settings, seed: 5, batch: 9 };
    expect(codes(decodeCheckpoint(task.artifact, other, bytes))).toEqual(["D204", "D204"]);
    const weights = (await (await trained(task, { stopAfter: 1 })).sink.readBest())!;
    expect(codes(decodeCheckpoint(task.artifact, settings, weights))).toEqual(["D205"]);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const bad = bytes.slice();
        bad[at] = (bad[at]! + by) % 256;
        expect(codes(decodeCheckpoint(task.artifact, settings, bad))).toEqual(["D205"]);
      }),
      { seed: 6, numRuns: 200 },
    );
    for (let end = 0; end < bytes.length; end += 97)
      expect(codes(decodeCheckpoint(task.artifact, settings, bytes.slice(0, end)))).toEqual([
        "D205",
      ]);
  });
  test("resuming nothing is D205", async () => {
    const { result } = await trained(await tasks.windows!(), { resume: true });
    expect(refused(result)).toMatchObject([{ code: "D205" }]);
  });
});
