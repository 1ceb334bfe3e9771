/** @file A long stream. In: --steps N. Out: one line: resident memory after warm-up and its largest change,
 *  collections of garbage while steps ran, microseconds a step. Run with --expose-gc, so that garbage of
 *  loading is gone before the first count. */
import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { load } from "cellc/runtime";
import { artifactOf } from "./spec.mjs";

const { values } = parseArgs({ options: { steps: { type: "string", default: "1000000" } } });
const steps = Number(values.steps);
const CHUNKS = 10;
const H = 64;

let collections = 0;
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ["gc"] });

const model = await load(artifactOf("cells/lstm.cell", "LSTM", { D: H, H }), { backend: "wasm" });
const stream = await model.stream();
const { x } = stream.inputs;

/** Steps alone: nothing here may allocate. */
function run(count) {
  for (let i = 0; i < count; i++) {
    x[i % H] = (i % 100) / 100;
    stream.step();
  }
}

const resident = () => process.memoryUsage.rss() / 2 ** 20;
run(Math.ceil(steps / CHUNKS)); // warm-up: code is compiled, pages are touched
globalThis.gc?.();
await pause(50); // entries of the observer come later
collections = 0;
const start = resident();
let furthest = 0;
let spent = 0;
let duringSteps = 0;
for (let i = 0; i < CHUNKS; i++) {
  const before = performance.now();
  run(Math.ceil(steps / CHUNKS));
  spent += performance.now() - before;
  await pause(20);
  duringSteps += collections;
  collections = 0;
  const change = resident() - start;
  if (Math.abs(change) > Math.abs(furthest)) furthest = change;
}
process.stdout.write(
  `${JSON.stringify({
    measure: "streaming",
    steps,
    H,
    us_per_step: (1000 * spent) / steps,
    resident_mb: start,
    largest_change_mb: furthest,
    collections: duringSteps,
  })}\n`,
);
model.close();
