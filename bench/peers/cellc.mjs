/** @file cellc: the project itself, through its public interface, on the wasm backend. In: specs of this
 *  repository at the sizes of a case. Out: the functions that the harness times. Artifacts are compiled
 *  once and kept (`--prepare`), as an application ships them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  cellWeights,
  headWeights,
  inputs,
  meanAbs,
  peepholes,
  stack,
  targets,
} from "./lib/data.mjs";
import { bench, vectors } from "./lib/harness.mjs";

/** "256", or nothing: as `load` has it. */
const bits = vectors === undefined ? {} : { vectors: Number(vectors) };

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const kept = join(process.env.PEERS_HOME ?? join(root, "bench", ".installs"), "artifacts");

/** What a case is written as: a cell of the library for inference, a model with a head for training. */
const SPECS = {
  lstm: { cell: ["cells/lstm", "LSTM"], head: "LSTMHead", gates: ["i", "f", "g", "o"] },
  gru: { cell: ["benchmarks/heads", "OneBiasGRU"], head: "GRUHead", gates: ["r", "z", "n"] },
  peephole: { head: "PeepholeHead", file: "benchmarks/peephole-head", gates: ["i", "f", "g", "o"] },
  layernorm: { head: "LayerNormHead", gates: ["i", "f", "g", "o"] },
  products: { cell: ["benchmarks/products", "Products"], gates: ["a", "b", "c", "d"] },
};

const entryOf = ({ cell, O, bidirectional }) => {
  if (!O) return SPECS[cell].cell;
  const { file = "benchmarks/heads", head } = SPECS[cell];
  return [file, bidirectional ? "BiLSTMHead" : head];
};

/** The artifact's JSON text; compiled where it is not kept. */
async function artifactOf(params) {
  const { I, H, O } = params;
  const [file, entry] = entryOf(params);
  const path = join(kept, `${[entry, I, H, ...(O ? [O] : [])].join("-")}.json`);
  if (existsSync(path)) return readFileSync(path, "utf8");
  const { compile } = await import("cellc/compiler");
  const read = (name) => {
    const found = join(root, "specs", name);
    return existsSync(found) ? readFileSync(found, "utf8") : null;
  };
  const dims = { D: I, H, ...(O ? { K: O } : {}) };
  const inference = !O; // as an application ships it
  const { artifact, diagnostics } = compile({ file: `${file}.cell`, read, entry, dims, inference });
  if (artifact === null) throw new Error(diagnostics.map((d) => d.message).join("; "));
  const text = JSON.stringify(artifact);
  mkdirSync(kept, { recursive: true });
  writeFileSync(path, text);
  return text;
}

async function modelOf({ load, threads }, params) {
  const model = await load(await artifactOf(params), { backend: "wasm", threads, ...bits });
  if (model.backend.backend !== "wasm") throw new Error(`ran on ${model.backend.backend}`);
  return model;
}

/** Rows of the gates of a packed matrix or vector, by name. */
function split(names, data, columns) {
  const block = data.length / names.length;
  const shape = columns === null ? [block] : [block / columns, columns];
  return names.map((name, i) => [name, { data: data.subarray(i * block, (i + 1) * block), shape }]);
}

function layerValues(prefix, { cell, H }, { wih, whh, b, width }) {
  const { gates } = SPECS[cell];
  const named = (kind) => gates.map((g) => `${prefix}${kind}_${g}`);
  return [
    ...split(named("W"), wih, width),
    ...split(named("U"), whh, H),
    ...(cell === "products" ? [] : split(named("b"), b, null)),
    ...(cell === "peephole"
      ? split(
          ["i", "f", "o"].map((g) => `${prefix}p_${g}`),
          peepholes(H),
          null,
        )
      : []),
  ];
}

const cellValues = (p) =>
  Object.fromEntries(layerValues("", p, { ...cellWeights(p.cell, p.I, p.H), width: p.I }));

function headValues(model, params) {
  const { H, O, bidirectional } = params;
  const width = (bidirectional ? 2 : 1) * H;
  const { w, b } = headWeights(O, width);
  // y.LSTM.W_i, y.LSTM.forward.W_i, y.LSTM_2.backward.W_i: the layers' prefixes, in order.
  const names = model.artifact.params.map((p) => p.name);
  const prefixes = [
    ...new Set(names.filter((n) => n.endsWith(`.U_${SPECS[params.cell].gates[0]}`))),
  ];
  const layers = stack(params);
  if (prefixes.length !== layers.length) throw new Error(`layers: ${prefixes.join(", ")}`);
  return Object.fromEntries([
    ...layers.flatMap((layer, i) => layerValues(prefixes[i].replace(/U_.$/, ""), params, layer)),
    ["y.dense.W", { data: w, shape: [O, width] }],
    ["y.dense.b", { data: b, shape: [O] }],
  ]);
}

const ranOn = (model, threads) => () => model.backend.threads ?? Math.min(threads, 1);

async function stream(lib, params) {
  const model = await modelOf(lib, params);
  await model.setParams(cellValues(params));
  const stream = await model.stream();
  const x = inputs(params.I);
  const { x: slot } = stream.inputs;
  const step = () => {
    slot.set(x);
    return stream.step();
  };
  return {
    step: () => {
      step();
    },
    check: async () => {
      await stream.reset();
      for (let i = 0; i < 10; i++) step();
      return meanAbs(stream.outputs.h);
    },
    threads: ranOn(model, lib.threads),
    dispose: () => model.close(),
  };
}

async function infer(lib, params) {
  const { T, B, I } = params;
  const model = await modelOf(lib, params);
  await model.setParams(cellValues(params));
  const x = { data: batchMajor(inputs(T * B * I), T, B), shape: [B, T, I] };
  const run = async () => (await model.run({ inputs: { x } })).outputs.h;
  return {
    run,
    check: async () => meanAbs((await run()).data),
    threads: ranOn(model, lib.threads),
    dispose: () => model.close(),
  };
}

/** One update as the training loop makes it: the batch is written, then two programs run. */
async function train(lib, params) {
  const { T, B, I, O, H } = params;
  const model = await modelOf(lib, params);
  // What a case does not give (gains of 1, biases of 0) is as the spec initialises it.
  await model.setParams(headValues(model, params), { partial: true });
  const { artifact, session } = model;
  const x = inputs(T * B * I);
  const y = targets(T * B * O);
  const zero = new Float32Array(B * H);
  const initial = artifact.programs.train.inputs.filter((i) => i.name.startsWith("initial:"));
  const { hyper } = artifact.train.optimizer;
  const limits = { "clip-norm": 3e38, "clip-value": 3e38 };
  const numbers = { ...limits, ...hyper };
  const { inputs: read, buffers } = artifact.programs.update;
  for (const { name, buffer } of read) {
    const { shape } = buffers[buffer];
    if (name.startsWith("slot:"))
      session.write(name, new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
    else if (name.startsWith("hyper:"))
      session.write(name, Float64Array.of(numbers[name.slice("hyper:".length)] ?? 0), []);
  }
  let k = 0;
  return {
    step: async () => {
      session.write("input:x", x, [T, B, I]);
      session.write("target:target", y, [T, B, O]);
      for (const { name } of initial) session.write(name, zero, [B, H]);
      await session.run("train", { T, B });
      const [loss] = await session.read("loss");
      k += 1;
      session.write("hyper:step", Float64Array.of(k), []);
      await session.run("update", {});
      await session.read("grad-norm");
      return loss;
    },
    threads: ranOn(model, lib.threads),
    dispose: () => model.close(),
  };
}

/** [T][B][n] → [B][T][n]: the inputs are generated steps first. */
function batchMajor(a, T, B) {
  const n = a.length / (T * B);
  const out = new Float32Array(a.length);
  for (let t = 0; t < T; t++)
    for (let b = 0; b < B; b++)
      out.set(a.subarray((t * B + b) * n, (t * B + b + 1) * n), (b * T + t) * n);
  return out;
}

await bench({
  peer: vectors === undefined ? "cellc" : `cellc ${vectors}`,
  threads: [1, 2],
  prepare: async (chosen) => {
    for (const [, kind, params] of chosen) if (kind !== "none") await artifactOf(params);
  },
  load: async ({ threads }) => {
    const { load } = await import("cellc/runtime");
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    return { load, threads, version };
  },
  stream,
  infer,
  train,
  custom: train,
  products: infer,
});
