/** @file How long a training model takes to compile. In: --T N. Out: one line: compile() in a fresh process
 *  and once more warm, and what the first run of the training program at T steps costs over the next.
 *  An artifact holds T as a symbol, so compile() has one answer for every T. */
import { parseArgs } from "node:util";
import { load } from "cellc/runtime";
import { artifactOf } from "./spec.mjs";

const { values } = parseArgs({ options: { T: { type: "string", default: "16" } } });
const T = Number(values.T);
const [B, D, H, K] = [1, 128, 128, 32];
const compiled = () => artifactOf("benchmarks/peephole-head.cell", "PeepholeHead", { D, H, K });

const timed = async (work) => {
  const start = performance.now();
  const result = await work();
  return [performance.now() - start, result];
};

const [cold_ms, artifact] = await timed(compiled);
const warm = [];
for (let i = 0; i < 5; i++) warm.push((await timed(compiled))[0]);
const model = await load(artifact, { backend: "wasm" });
const { session } = model;
const { inputs, buffers } = artifact.programs.train;
for (const { name, buffer } of inputs) {
  if (name.startsWith("param:")) continue;
  const shape = buffers[buffer].shape.map((e) => ({ T, B })[e] ?? e);
  session.write(name, new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
}
const [first_ms] = await timed(() => session.run("train", { T, B }));
const [again_ms] = await timed(() => session.run("train", { T, B }));
process.stdout.write(
  `${JSON.stringify({
    measure: "compile",
    T,
    cold_ms,
    warm_ms: warm.sort((a, b) => a - b)[2],
    first_run_ms: first_ms,
    next_run_ms: again_ms,
    artifact_bytes: JSON.stringify(artifact).length,
  })}\n`,
);
model.close();
