/** @file What a second thread is worth on this machine at this moment: multiply-adds in registers, which no memory and no
 *  meeting holds up. In: nothing. Out: a ratio. A virtual machine's two cores may be one core's two threads, or have
 *  neighbours, for a second at a time: then no program gains what two cores would give. */
import { Worker } from "node:worker_threads";
import { instance, peak } from "../../limits/assembler.mjs";

/** Registers; rounds of a call, some 10 µs; calls of a measurement. */
const [CHAINS, ROUNDS, CALLS] = [10, 2000, 400];
const WORDS = { on: 0, calls: 1, asleep: 2 };

const SOURCE = `"use strict";
const { bytes, words } = require("node:worker_threads").workerData;
const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
for (;;) {
  Atomics.store(words, ${WORDS.asleep}, 1);
  Atomics.notify(words, ${WORDS.asleep});
  Atomics.wait(words, ${WORDS.on}, 0);
  while (Atomics.load(words, ${WORDS.on}) === 1) {
    f(0, ${ROUNDS});
    Atomics.add(words, ${WORDS.calls}, 1);
  }
}`;

/** Out: () → calls a second of two threads over those of one. */
export function createYardstick() {
  const bytes = peak(CHAINS, WebAssembly.validate(peak(CHAINS, true)));
  const words = new Int32Array(new SharedArrayBuffer(64));
  const worker = new Worker(SOURCE, { eval: true, workerData: { bytes, words } });
  worker.unref();
  const { f } = instance(bytes);
  const timed = () => {
    const start = performance.now();
    for (let i = 0; i < CALLS; i++) f(0, ROUNDS);
    return performance.now() - start;
  };
  return () => {
    const alone = timed();
    Atomics.store(words, WORDS.calls, 0);
    Atomics.store(words, WORDS.asleep, 0);
    Atomics.store(words, WORDS.on, 1);
    Atomics.notify(words, WORDS.on);
    while (Atomics.load(words, WORDS.calls) < 2);
    const before = Atomics.load(words, WORDS.calls);
    const beside = timed();
    const others = Atomics.load(words, WORDS.calls) - before;
    Atomics.store(words, WORDS.on, 0);
    Atomics.wait(words, WORDS.asleep, 0);
    return ((CALLS + others) / CALLS) * (alone / beside);
  };
}
