/** @file TensorFlow.js on its plain JavaScript backend. In: a case. Out: what lib/tfjs.mjs times. */
import { bench, requireFrom, versionOf } from "./lib/harness.mjs";
import { tfjsPeer } from "./lib/tfjs.mjs";

await bench({
  peer: "tfjs-cpu",
  threads: [1],
  async load() {
    console.warn = () => {}; // advice on other backends
    const tf = requireFrom("tfjs-cpu")("@tensorflow/tfjs");
    await tf.setBackend("cpu");
    await tf.ready();
    return { tf, version: versionOf("tfjs-cpu", "@tensorflow/tfjs") };
  },
  ...tfjsPeer,
});
