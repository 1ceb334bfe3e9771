/** @file A small training run on disk, for tests of what is made from runs. In: a folder, settings. Out: the run
 *  in it: a gated cell on a wave, trained in a second. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { trainCommand } from "../../cli/train.ts";
import { type Outcome, runCommand } from "./command.ts";
import { wave } from "./training.ts";

const SPEC = `/// Keeps or takes; <b>not markup</b> & no entity.
cell Keep<D, H> {
  input x: [D]
  state h: [H] = 0
  param W_z, W_n: [H, D] ~ glorot_uniform
  param U_z, U_n: [H, H] ~ orthogonal
  gate z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1])
  let n[t] = tanh(W_n @ x[t] + U_n @ h[t-1])
  h[t] = z[t] * h[t-1] + (1 - z[t]) * n[t]
  output h
}

model Wave<D = 1, H = 4> {
  input x: [T, D]
  output y = x | forward(Keep<H>) | dense(1)
}

train Wave {
  loss mse(y, target: [T, 1])
  optimizer adam(lr = 0.02)
  clip norm 0.6
  schedule cosine(steps = 30)
  batch 8
  epochs 3
}
`;

const DATA = {
  format: "csv",
  files: ["wave.csv"],
  columns: { v: { normalise: "standard" } },
  samples: { kind: "series", windows: { length: 12, stride: 2 } },
  inputs: { x: ["v"] },
  targets: { target: { columns: ["v"], horizon: 1 } },
  split: { by: "time", validation: 0.2, test: 0.1 },
};

/** Spec and data in `folder`; the arguments that train them into its folder `name`. */
export function smallTask(folder: string, name: string): readonly string[] {
  const path = (file: string): string => join(folder, file);
  writeFileSync(path("wave.cell"), SPEC);
  writeFileSync(path("wave.csv"), wave(240));
  writeFileSync(path("wave.data.json"), JSON.stringify(DATA));
  return ["train", path("wave.cell"), "--data", path("wave.data.json"), "--out", path(name)];
}

export function smallRun(
  folder: string,
  name: string,
  ...options: readonly string[]
): Promise<Outcome> {
  const own = ["--backend", "wasm", ...options];
  return runCommand(trainCommand, ...smallTask(folder, name), ...own);
}
