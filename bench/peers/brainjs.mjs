/** @file brain.js, its `latest` tag: LSTMTimeStep and GRUTimeStep, plain JavaScript. In: a case. Out: runs of
 *  one sequence at a time: it has no batches, no second direction, no state carried by the caller, and
 *  its optimiser is its own. The next step is predicted, so O = I; weights cannot be set, so `check` says
 *  only that the numbers are finite. */
import { inputs, meanAbs } from "./lib/data.mjs";
import { bench, requireFrom, versionOf } from "./lib/harness.mjs";

const ONCE = { iterations: 1, errorThresh: 0, log: false };

/** The inputs as brain.js wants them: rows of numbers from 0 to 1. */
function rows(T, I) {
  const a = inputs(T * I);
  const row = (t) => Array.from(a.subarray(t * I, (t + 1) * I), (v) => 0.5 + v / 2);
  return Array.from({ length: T }, (_, t) => row(t));
}

function make({ recurrent }, { cell, I, H }) {
  const Net = cell === "lstm" ? recurrent.LSTMTimeStep : recurrent.GRUTimeStep;
  return new Net({ inputSize: I, hiddenLayers: [H], outputSize: I });
}

await bench({
  peer: "brain.js",
  threads: [1],
  load: async () => ({
    brain: requireFrom("brainjs")("brain.js"),
    version: versionOf("brainjs", "brain.js"),
  }),
  async infer({ brain }, params) {
    const { T, I } = params;
    const net = make(brain, params);
    const sequence = rows(T, I);
    net.train([rows(3, I)], ONCE); // an untrained net refuses to run
    const run = () => net.run(sequence);
    return {
      run,
      tokens: T,
      check: () => meanAbs(Array.from(run())),
      note: "B = 1 (no batches), own weights",
      measure: { minSamples: 3, warm: 200 },
    };
  },
  async train({ brain }, params) {
    const { T, I, bidirectional, layers } = params;
    if (bidirectional || layers > 1) return null;
    const net = make(brain, params);
    const data = [rows(T + 1, I)];
    return {
      step: () => net.train(data, ONCE).error,
      tokens: T,
      note: "B = 1 (no batches), own weights, own optimiser",
      measure: { minSamples: 3, warm: 200 },
    };
  },
});
