/** @file onnxruntime-node, CPU execution provider: the fused LSTM and GRU operators. Inference only. */
import { bench, requireFrom, versionOf } from "./lib/harness.mjs";
import { ortPeer } from "./lib/ort.mjs";

await bench({
  peer: "onnxruntime-node",
  threads: [1, 2],
  load: async ({ threads }) => ({
    ort: requireFrom("ort-node")("onnxruntime-node"),
    wanted: threads,
    version: versionOf("ort-node", "onnxruntime-node"),
  }),
  ...ortPeer(({ ort, wanted }, model) =>
    ort.InferenceSession.create(model, {
      executionProviders: ["cpu"],
      intraOpNumThreads: wanted,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
    }),
  ),
});
