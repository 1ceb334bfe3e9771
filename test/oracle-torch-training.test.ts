/** @file What PyTorch computed in training: losses with their gradients, and six steps of eleven
 *  optimiser settings. The numbers are in test/oracles/torch. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { load, type Model } from "../runtime/index.ts";
import "./harness/all-close.ts";
import { compileSpec, ROOT } from "./harness/spec.ts";
import { type Flat, pick } from "./harness/tensor.ts";

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(join(ROOT, "test/oracles/torch", `${name}.json`), "utf8")) as T;

/** Largest |got - wanted| / (1 + |wanted|). */
const TOLERANCE = { reference: 1e-10, webasm: 2e-4, cpu: 2e-4 } as const;
type Backend = keyof typeof TOLERANCE;
const BACKENDS = Object.keys(TOLERANCE) as Backend[];

/** Puts tensors in the device's store, by the names of the program's inputs. */
function write(model: Model, values: Readonly<Record<string, Flat>>): void {
  for (const [name, t] of Object.entries(values)) {
    model.session.write(name, Float64Array.from(t.data), t.shape);
  }
}

const scalar = (value: number): Flat => ({ shape: [], data: [value] });

async function readAll(model: Model, names: readonly string[]): Promise<readonly Flat["data"][]> {
  const found: Flat["data"][] = [];
  for (const name of names) found.push(await model.session.read(name));
  return found;
}

describe("loss_basic", () => {
  interface Losses {
    readonly inputs: Readonly<Record<string, Flat>>;
    readonly outputs: Readonly<Record<string, number>>;
    readonly gradients: Readonly<Record<string, Flat>>;
  }
  const data = read<Losses>("loss_basic");
  const C = 5;
  const N = 21;

  /** Each prediction is a row of a table, so that its gradient is that of a parameter. */
  const LOSSES = [
    ["cross_entropy", "cross_entropy(p, t: [T] of C)", "logits", "targets"],
    ["bce_with_logits", "binary_cross_entropy(p, t: [T, C])", "z", "z_targets"],
    ["mse", "mse(p, t: [T, C])", "p", "p_targets"],
    ["huber", "huber(p, t: [T, C], delta = 1)", "p", "p_targets"],
    ["mae", "mae(p, t: [T, C])", "p", "p_targets"],
  ] as const;

  describe.each(LOSSES)("%s", (name, loss, predictions, targets) => {
    const text = `model Rows<N, C> {
  input k: [T] of N
  output p = k | embedding(C)
}

train Rows {
  loss ${loss}
  optimizer sgd(lr = 1)
  batch 1
  epochs 1
}
`;
    const artifact = compileSpec({ file: "loss.cell", text, entry: "Rows", dims: { N, C } });
    const wanted = data.gradients[`${name} d ${predictions}`]!;
    test.each(BACKENDS)("value and gradient on %s", async (backend) => {
      const table = data.inputs[predictions]!;
      const target = Array.from(data.inputs[targets]!.data);
      const tokens = name === "cross_entropy";
      const rows = Array.from({ length: N }, (_, i) => i);
      const kept = rows.filter((i) => !tokens || target[i] !== -100); // PyTorch's ignored position
      const T = kept.length;
      const model = await load(artifact, { backend });
      write(model, {
        "param:p.embedding.W": { shape: [N, C], data: table.data },
        "input:k": { shape: [T, 1], data: kept },
        "target:t": tokens
          ? { shape: [T, 1], data: kept.map((i) => target[i]!) }
          : { shape: [T, 1, C], data: target },
      });
      await model.session.run("train", { B: 1, T });
      const [value, gradient] = await readAll(model, ["loss", "grad:param:p.embedding.W"]);
      model.close();
      const bound = { absolute: TOLERANCE[backend], relative: TOLERANCE[backend] };
      expect(value).toBeAllClose([data.outputs[name]!], bound);
      expect(gradient).toBeAllClose(wanted.data, bound);
    });
  });
});

describe("train_optimizers", () => {
  interface Run {
    readonly losses_before_each_step: Flat;
    readonly gradient_norms: Flat;
    readonly final_parameters: Readonly<Record<string, Flat>>;
  }
  interface Runs {
    readonly dims: Readonly<Record<"T" | "B" | "I" | "H" | "C", number>>;
    readonly parameters: Readonly<Record<string, Flat>>;
    readonly inputs: Readonly<Record<"x" | "targets", Flat>>;
    readonly runs: Readonly<Record<string, Run>>;
  }
  const data = read<Runs>("train_optimizers");
  const { T, B, I, H, C } = data.dims;
  const STEPS = 6;

  /** The oracle's settings in a train block's words. */
  const SETTINGS: Readonly<Record<string, string>> = {
    sgd: "optimizer sgd(lr = 0.1)",
    sgd_momentum: "optimizer momentum(lr = 0.05, momentum = 0.9)",
    sgd_nesterov_wd:
      "optimizer momentum(lr = 0.05, momentum = 0.9, nesterov = 1, weight_decay = 0.01)",
    adam: "optimizer adam(lr = 0.01)",
    adamw: "optimizer adamw(lr = 0.01, weight_decay = 0.1)",
    adam_amsgrad: "optimizer amsgrad(lr = 0.01)",
    rmsprop: "optimizer rmsprop(lr = 0.01)",
    adagrad: "optimizer adagrad(lr = 0.05)",
    adadelta: "optimizer adadelta(lr = 1.0)",
    adam_clipnorm: "optimizer adam(lr = 0.01)\n  clip norm 0.25",
    sgd_clipvalue: "optimizer sgd(lr = 0.5)\n  clip value 0.02",
  };

  /** W_y and b_y are the dense layer's. */
  const nameOf = (name: string): string =>
    `logits.${name.endsWith("_y") ? `dense.${name[0]}` : `LSTM.${name}`}`;
  const NAMES = Object.keys(data.parameters);

  /** Larger than any gradient: clipping by it changes nothing. */
  const NEVER = 1e30;

  test("every run has its settings", () => {
    expect(Object.keys(SETTINGS).sort()).toEqual(Object.keys(data.runs).sort());
  });

  describe.each(Object.entries(data.runs))("%s", (name, run) => {
    const text = `import { LSTM } from "cells/lstm"

model Net<D, K, H> {
  input x: [T, D]
  output logits = x | forward(LSTM<H>) | last | dense(K)
}

train Net {
  loss cross_entropy(logits, label: [] of K)
  ${SETTINGS[name]}
  batch 3
  epochs 1
}
`;
    const dims = { D: I, K: C, H };
    const artifact = compileSpec({ file: "net.cell", text, entry: "Net", dims });
    test.each(BACKENDS)("losses, gradient norms and final parameters on %s", async (backend) => {
      const { optimizer, clip } = artifact.train!;
      const model = await load(artifact, { backend });
      for (const p of NAMES) {
        const t = data.parameters[p]!;
        write(model, { [`param:${nameOf(p)}`]: t });
        const zero = { shape: t.shape, data: Array.from(t.data, () => 0) };
        for (const slot of optimizer.slots) write(model, { [`slot:${slot}:${nameOf(p)}`]: zero });
      }
      for (const [h, value] of Object.entries(optimizer.hyper)) {
        write(model, { [`hyper:${h}`]: scalar(value) });
      }
      write(model, {
        "hyper:clip-value": scalar(clip.value ?? NEVER),
        "hyper:clip-norm": scalar(clip.norm ?? NEVER),
      });
      const state = { shape: [B, H], data: Array.from({ length: B * H }, () => 0) };
      const losses: number[] = [];
      const norms: number[] = [];
      for (let step = 0; step < STEPS; step++) {
        write(model, {
          "input:x": pick(data.inputs.x, step),
          "target:label": pick(data.inputs.targets, step),
          "initial:logits.LSTM.h": state,
          "initial:logits.LSTM.c": state,
          "hyper:step": scalar(step + 1),
        });
        await model.session.run("train", { B, T });
        await model.session.run("update", {});
        const [loss, norm] = await readAll(model, ["loss", "grad-norm"]);
        losses.push(loss![0]!);
        norms.push(norm![0]!);
      }
      const finals = await readAll(
        model,
        NAMES.map((p) => `param:${nameOf(p)}`),
      );
      model.close();
      const bound = { absolute: TOLERANCE[backend], relative: TOLERANCE[backend] };
      expect(losses, "losses").toBeAllClose(run.losses_before_each_step.data, bound);
      expect(norms, "gradient norms").toBeAllClose(run.gradient_norms.data, bound);
      NAMES.forEach((p, i) => {
        expect(finals[i], p).toBeAllClose(run.final_parameters[p]!.data, bound);
      });
    });
  });
});
