/** @file onnxruntime-web, wasm execution provider, in Node. Inference only. */
import { bench, requireFrom, versionOf } from "./lib/harness.mjs";
import { ortPeer } from "./lib/ort.mjs";

await bench({
  peer: "onnxruntime-web",
  threads: [1, 2],
  async load({ threads }) {
    const ort = requireFrom("ort-web")("onnxruntime-web");
    ort.env.wasm.numThreads = threads;
    return { ort, version: versionOf("ort-web", "onnxruntime-web") };
  },
  ...ortPeer(({ ort }, model) =>
    ort.InferenceSession.create(model, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
    }),
  ),
});
