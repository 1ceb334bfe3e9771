/** @file What the backends of TensorFlow.js share: tf.layers, as its users write them. In: a case. Out: the
 *  functions that the harness times. The default `orthogonal` recurrent initialiser takes minutes, so
 *  another is asked for; weights are overwritten anyway. tf.layers.gru resets before the product, so its
 *  numbers are another variant's. */
import {
  cellWeights,
  GATES,
  headWeights,
  inputs,
  meanAbs,
  permuteGates,
  stack,
  targets,
  transpose,
} from "./data.mjs";
import { customCell, customWeights } from "./tfjs-cells.mjs";

const LAYER = {
  activation: "tanh",
  recurrentActivation: "sigmoid",
  recurrentInitializer: "glorotUniform",
};

export const tfjsPeer = {
  async stream({ tf }, { cell, I, H }) {
    const lstm = cell === "lstm";
    const layer = lstm
      ? tf.layers.lstmCell({ units: H, ...LAYER })
      : tf.layers.gruCell({ units: H, resetAfter: false, ...LAYER });
    layer.build([1, I]);
    layer.setWeights(kerasWeights(tf, cell, { ...cellWeights(cell, I, H), width: I }, H));
    const x = tf.tensor(inputs(I), [1, I]);
    const zero = () => (lstm ? ["h", "c"] : ["h"]).map(() => tf.zeros([1, H]));
    let state = zero();
    let y;
    const step = () => {
      const next = tf.tidy(() => layer.call([x, ...state], { training: false }).slice(1));
      y = next[0].dataSync();
      tf.dispose(state);
      state = next;
    };
    const check = () => {
      tf.dispose(state);
      state = zero();
      for (let i = 0; i < 10; i++) step();
      return meanAbs(y);
    };
    return { step, check };
  },
  async infer({ tf }, p) {
    const { T, B, I } = p;
    const model = sequence(tf, p);
    const x = batchMajor(tf, inputs(T * B * I), p, I);
    const run = () => {
      const y = model.predictOnBatch(x);
      const data = y.dataSync();
      y.dispose();
      return data;
    };
    return { run, check: () => meanAbs(run()), measure: { minSamples: 3 } };
  },
  train: async ({ tf }, p) => trainer(tf, p, sequence(tf, p)),
  async custom({ tf }, p) {
    const { B, T, I, H } = p;
    const model = tf.sequential();
    const cell = customCell(tf, p.cell, { I, H });
    model.add(tf.layers.rnn({ cell, returnSequences: true, batchInputShape: [B, T, I] }));
    model.add(tf.layers.dense({ units: p.O }));
    model.layers[0].setWeights(customWeights(tf, p.cell, { I, H }));
    model.layers[1].setWeights(denseWeights(tf, p.O, H));
    return trainer(tf, p, model);
  },
};

function trainer(tf, p, model) {
  const { T, B, I, O } = p;
  model.compile({ optimizer: tf.train.adam(1e-3), loss: "meanSquaredError" });
  const x = batchMajor(tf, inputs(T * B * I), p, I);
  const y = batchMajor(tf, targets(T * B * O), p, O);
  return { step: () => model.trainOnBatch(x, y), measure: { minSamples: 3, warm: 100 } };
}

function sequence(tf, p) {
  const { cell, T, B, I, H, O, layers = 1, bidirectional = false } = p;
  const dirs = bidirectional ? 2 : 1;
  const model = tf.sequential();
  for (let l = 0; l < layers; l++) {
    const input = l === 0 ? { batchInputShape: [B, T, I] } : {};
    const own = { units: H, returnSequences: true, ...LAYER };
    const made = (extra) =>
      tf.layers[cell]({ ...own, ...(cell === "gru" ? { resetAfter: false } : {}), ...extra });
    model.add(
      bidirectional
        ? tf.layers.bidirectional({ layer: made({}), mergeMode: "concat", ...input })
        : made(input),
    );
  }
  if (O) model.add(tf.layers.dense({ units: O }));
  const weights = stack(p);
  for (let l = 0; l < layers; l++) {
    const mine = weights.slice(l * dirs, (l + 1) * dirs);
    model.layers[l].setWeights(mine.flatMap((w) => kerasWeights(tf, cell, w, H)));
  }
  if (O) model.layers[layers].setWeights(denseWeights(tf, O, dirs * H));
  return model;
}

/** Keras's order: LSTM i, f, c, o, as PyTorch's; GRU z, r, h. Kernels are [in, G·H]. */
function kerasWeights(tf, cell, { wih, whh, b, width }, H) {
  const G = GATES[cell];
  const ordered = (a) => (cell === "lstm" ? a : permuteGates(a, G, [1, 0, 2]));
  const kernel = (a, n) => tf.tensor(transpose(ordered(a), G * H, n), [n, G * H]);
  return [kernel(wih, width), kernel(whh, H), tf.tensor(ordered(b), [G * H])];
}

function denseWeights(tf, O, width) {
  const { w, b } = headWeights(O, width);
  return [tf.tensor(transpose(w, O, width), [width, O]), tf.tensor(b, [O])];
}

/** Inputs are made steps first everywhere; Keras wants samples first. */
const batchMajor = (tf, a, { T, B }, n) =>
  tf.tidy(() => tf.transpose(tf.tensor(a, [T, B, n]), [1, 0, 2]));
