/** @file TensorFlow.js on its wasm backend (SIMD). In: a case. Out: what lib/tfjs.mjs times. One thread: its
 *  threads start in a browser only. */
import { bench, pathIn, requireFrom, versionOf } from "./lib/harness.mjs";
import { tfjsPeer } from "./lib/tfjs.mjs";

await bench({
  peer: "tfjs-wasm",
  threads: [1],
  async load() {
    console.warn = () => {}; // advice on other backends
    const require = requireFrom("tfjs-wasm");
    const tf = require("@tensorflow/tfjs");
    const wasm = require("@tensorflow/tfjs-backend-wasm");
    wasm.setWasmPaths(pathIn("tfjs-wasm", "@tensorflow/tfjs-backend-wasm/dist/"));
    await tf.setBackend("wasm");
    await tf.ready();
    if (tf.getBackend() !== "wasm") throw new Error(`tfjs ran on ${tf.getBackend()}`);
    return { tf, version: versionOf("tfjs-wasm", "@tensorflow/tfjs-backend-wasm") };
  },
  ...tfjsPeer,
});
