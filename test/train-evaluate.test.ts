/** @file Evaluation: metrics in the units of the file, the same forecasts as a stream gives, baselines. */
import { describe, expect, test } from "vitest";
import { openCodec } from "../runtime/data/codec.ts";
import { openDataset } from "../runtime/data/dataset.ts";
import type { DataDecl } from "../runtime/data/declaration.ts";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { openModel } from "../runtime/model.ts";
import { baselines } from "../runtime/train/baselines.ts";
import { type EvaluateRequest, evaluate, evaluationPlan } from "../runtime/train/evaluate.ts";
import type { Forecast, Metric } from "../runtime/train/metrics.ts";
import { accepted, preparedOf } from "./harness/data.ts";
import { compileSpec } from "./harness/spec.ts";
import { taskOf, wave } from "./harness/training.ts";

const CELL = `cell Plain<D, H> {
  input x: [D]
  state h: [H] = 0
  param W: [H, D] ~ glorot_uniform
  param U: [H, H] ~ orthogonal

  h[t] = tanh(W @ x[t] + U @ h[t-1])
  output h
}
`;
const forecast = `${CELL}
model Wave<D = 1, H = 3> {
  input x: [T, D]
  output y = x | forward(Plain<H>) | dense(1)
}

train Wave {
  loss mse(y, target: [T, 1])
  optimizer sgd(lr = 0.1)
  batch 4
  epochs 1
}
`;
const series: DataDecl = {
  format: "csv",
  files: ["wave.csv"],
  columns: { dv: { from: "v", difference: 2, normalise: "standard" } },
  samples: { kind: "series", windows: { length: 6 } },
  inputs: { x: ["dv"] },
  targets: { target: { columns: ["dv"], horizon: 2 } },
  split: { by: "time", validation: 0.2, test: 0.3 },
};
const of = (metrics: readonly Metric[], name: Metric["name"]): number =>
  metrics.find((m) => m.name === name)!.value;

describe("a series", () => {
  const text = wave(60);
  const values = text.trim().split("\n").slice(1).map(Number);
  const compiled = taskOf(forecast, "Wave", series, text);
  const opened = async () => {
    const task = await compiled;
    const model = await openModel(task.artifact, referenceDevice, 3);
    const forecasts: Forecast[] = [];
    const request: EvaluateRequest = {
      ...task,
      session: model.session,
      split: "test",
      batch: 1,
      context: "all",
      onForecast: (f) => forecasts.push(f),
    };
    return { ...task, model, request, forecasts };
  };

  test("is forecast as a stream forecasts it, in the units of the file", async () => {
    const { artifact, dataset, model, request, forecasts } = await opened();
    const found = accepted(await evaluate(request))!;
    const codec = openCodec(series, dataset.fitted, artifact.inputs);
    const stream = await model.stream();
    const streamed = new Map<number, number>();
    for (const [t, v] of values.entries()) {
      const x = accepted(codec.push({ v }))?.get("x");
      if (x === undefined) continue;
      const { y } = stream.step({ x });
      streamed.set(t + 2, codec.restore("target", y!)[0]!);
    }
    expect(forecasts.map((f) => f.step)).toEqual(forecasts.map((_, i) => 60 - 17 + i));
    for (const { step, predicted, actual } of forecasts) {
      expect(actual).toBe(values[step]);
      expect(predicted).toBeCloseTo(streamed.get(step)!, 12);
    }
    const squares = forecasts.map((f) => (f.predicted - f.actual) ** 2);
    const rmse = Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length);
    expect(of(found.metrics, "rmse")).toBeCloseTo(rmse, 12);
    expect(found.metrics[0]).toMatchObject({ target: "target", column: "dv" });
  });
  test("gives one loss however it is divided, where its whole past is read", async () => {
    const { request } = await opened();
    const whole = accepted(await evaluate(request))!;
    for (const chunk of [1, 4, 100])
      expect(accepted(await evaluate({ ...request, chunk }))!.loss).toBeCloseTo(whole.loss, 12);
  });
  test("rmse is the loss's root at the scale of the file", async () => {
    const { dataset, request } = await opened();
    const { loss, metrics } = accepted(await evaluate(request))!;
    const scale = dataset.fitted.columns.dv!;
    const deviation = scale.kind === "number" ? scale.scale[0]! : 0;
    expect(of(metrics, "rmse")).toBeCloseTo(Math.sqrt(loss) * deviation, 12);
  });
  test("has baselines over the same steps", async () => {
    const { dataset, request, forecasts } = await opened();
    accepted(await evaluate(request));
    const found = baselines(dataset, "test", evaluationPlan(request), 8)!;
    const rmse = (back: number): number => {
      const squares = forecasts.map((f) => (f.actual - values[f.step - back]!) ** 2);
      return Math.sqrt(squares.reduce((a, b) => a + b, 0) / squares.length);
    };
    expect(found.map((b) => b.name)).toEqual(["naive", "seasonal-naive"]);
    expect(found[0]!.rmse).toBeCloseTo(rmse(2), 12);
    expect(found[1]!.rmse).toBeCloseTo(rmse(8), 12);
    expect(baselines(dataset, "test", evaluationPlan(request), 1)![1]!.rmse).toBeCloseTo(
      rmse(2),
      12,
    );
    expect(baselines(dataset, "test", evaluationPlan(request), 500)!.map((b) => b.name)).toEqual([
      "naive",
    ]);
  });
  test("an empty split has no evaluation", async () => {
    const decl: DataDecl = { ...series, split: { by: "time" } };
    const task = await taskOf(forecast, "Wave", decl, text);
    const { session } = await openModel(task.artifact, referenceDevice, 3);
    expect(accepted(await evaluate({ ...task, session, split: "test", batch: 1 }))).toBeNull();
  });
});

describe("classes", () => {
  const spec = `${CELL}
model Tag<V = 5, H = 3> {
  input x: [T] of V
  output y = x | embedding(2) | forward(Plain<H>) | dense(V)
}

train Tag {
  loss cross_entropy(y, next: [T] of V)
  optimizer sgd(lr = 0.1)
  batch 3
  epochs 1
}
`;
  const decl: DataDecl = {
    format: "jsonl",
    files: ["names.jsonl"],
    samples: { kind: "records" },
    columns: { name: { type: "category", unit: "characters" } },
    inputs: { x: ["name"] },
    targets: { next: { columns: ["name"], horizon: 1 } },
    split: { by: "time", test: 0.5 },
  };
  const names = ["abcd", "ab", "dcba", "aa", "abcba", "bad", "cab", "dd"];
  const lines = names.map((name) => JSON.stringify({ name })).join("\n");

  test("accuracy, perplexity and bits are of the steps that are not padding", async () => {
    const artifact = compileSpec({ file: "tag.cell", text: spec, entry: "Tag" });
    const prepared = await preparedOf(decl, lines);
    const dataset = accepted(openDataset(prepared, artifact));
    const model = await openModel(artifact, referenceDevice, 5);
    const request = { artifact, dataset, session: model.session, split: "test", batch: 3 } as const;
    const { loss, metrics, steps } = accepted(await evaluate(request))!;
    let [right, total, nats] = [0, 0, 0];
    const scale = prepared.fitted.columns.name!;
    const tokens = scale.kind === "category" ? scale.tokens : [];
    for (const name of names.slice(4)) {
      const ids = [...name].map((c) => tokens.indexOf(c));
      const { outputs } = await model.run({ inputs: { x: [ids.slice(0, -1)] } });
      ids.slice(1).forEach((wanted, t) => {
        const logits = [...outputs.y!.data.subarray(t * 5, t * 5 + 5)];
        if (logits.indexOf(Math.max(...logits)) === wanted) right += 1;
        nats += Math.log(logits.reduce((s, z) => s + Math.exp(z), 0)) - logits[wanted]!;
        total += 1;
      });
    }
    expect(steps).toBe(total);
    expect(loss).toBeCloseTo(nats / total, 12);
    expect(of(metrics, "accuracy")).toBe(right / total);
    expect(of(metrics, "perplexity")).toBeCloseTo(Math.exp(nats / total), 12);
    expect(of(metrics, "bits")).toBeCloseTo(nats / total / Math.log(2), 12);
  });

  test("bits by the sign of their logits", async () => {
    const signs = `model Sign<D = 1> {
  input x: [D]
  output y = x | dense(1)
}

train Sign {
  loss binary_cross_entropy(y, target: [1])
  optimizer sgd(lr = 0.1)
  batch 2
  epochs 1
}
`;
    const points: DataDecl = {
      format: "csv",
      files: ["p.csv"],
      samples: { kind: "records" },
      inputs: { x: ["a"] },
      targets: { target: ["t"] },
    };
    const task = await taskOf(signs, "Sign", points, "a,t\n1,1\n2,1\n-1,0\n-2,1\n");
    const model = await openModel(task.artifact, referenceDevice, 0);
    await model.setParams({ "y.dense.W": [[1]], "y.dense.b": [0] });
    const request = { ...task, session: model.session, split: "train", batch: 4 } as const;
    const { metrics } = accepted(await evaluate(request))!;
    expect(metrics).toEqual([{ name: "accuracy", target: "target", column: null, value: 0.75 }]);
  });
});
