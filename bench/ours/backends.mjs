/** @file Every spec of the library on every processor backend, at the sizes of the tests. In: --quick for a
 *  few. Out: a line a spec: milliseconds of a run and of a gradient by backend, the least of rounds that
 *  take turns. What fails is in the line. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { check } from "cellc/compiler";
import { load } from "cellc/runtime";
import sizes from "../../test/harness/small-sizes.json" with { type: "json" };
import { artifactOf, ROOT, read } from "./spec.mjs";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const BACKENDS = ["wasm", "webasm", "cpu", "reference"];
const [T, B, ROUNDS, MOST_ROUNDS, SAMPLE_MS] = [4, 2, 7, 50, 4];
/** Of --quick: a cell with products, one with reductions, one without, a model. */
const FEW = ["LSTM", "LayerNormLSTM", "IndRNN", "Tagger"];

const entries = readdirSync(join(ROOT, "specs"), { withFileTypes: true })
  .filter((d) => d.isDirectory() && d.name !== "templates")
  .flatMap(({ name }) => readdirSync(join(ROOT, "specs", name)).map((file) => `${name}/${file}`))
  .filter((file) => file.endsWith(".cell"))
  .flatMap((file) => {
    const { cells, models } = check(file, read);
    const here = [
      ...[...cells].filter(([, c]) => c.lineage[0]?.span.file === file),
      ...[...models].filter(([, m]) => m.span.file === file),
    ];
    return here.map(([name, { dims }]) => ({ file, name, dims: dims.map((d) => d.name.text) }));
  })
  .filter(({ name }) => !values.quick || FEW.includes(name));

for (const { file, name, dims } of entries) {
  const artifact = artifactOf(file, name, Object.fromEntries(dims.map((d) => [d, sizes[d]])));
  const line = { measure: "backends", file, entry: name, run_ms: {}, grad_ms: {}, failed: {} };
  const models = [];
  for (const backend of BACKENDS) {
    try {
      const model = await load(artifact, { backend });
      models.push({ backend, model, calls: await callsOf(model) });
    } catch (error) {
      line.failed[backend] = String(error.message).split("\n")[0];
    }
  }
  for (const kind of ["run", "grad"]) {
    const samples = new Map(["wasm", ...models.map((m) => m.backend)].map((b) => [b, []]));
    const least = (backend) => Math.min(...samples.get(backend));
    // Where wasm looks slower all are measured for longer: a pause of the machine outlasts a round.
    const isOpen = (round) =>
      round < ROUNDS ||
      (round < MOST_ROUNDS && models.some((m) => least(m.backend) < least("wasm")));
    for (let round = 0; isOpen(round); round++)
      for (const { backend, calls } of models)
        samples.get(backend).push(await perCall(calls[kind]));
    for (const { backend } of models)
      line[`${kind}_ms`][backend] = Number(least(backend).toPrecision(4));
  }
  for (const { model } of models) model.close();
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
process.exit(0); // backends may keep workers

/** Calls for about SAMPLE_MS; milliseconds of one. */
async function perCall(call) {
  const start = performance.now();
  let calls = 0;
  do {
    await call();
    calls++;
  } while (performance.now() - start < SAMPLE_MS);
  return (performance.now() - start) / calls;
}

/** Both calls, made twice: kernels are compiled at first use. */
async function callsOf(model) {
  const request = { inputs: inputsOf(model.artifact) };
  const run = () => model.run(request);
  const { outputs } = await run();
  const ones = ({ data, shape }) => ({ data: new Float32Array(data.length).fill(1), shape });
  const upstream = {
    outputs: Object.fromEntries(Object.entries(outputs).map(([k, v]) => [k, ones(v)])),
  };
  const grad = () => model.grad({ ...request, upstream });
  for (const call of [run, grad, grad]) await call();
  return { run, grad };
}

/** [B][T][…], [B][…] where there is no sequence; tokens in their range. */
function inputsOf(artifact) {
  return Object.fromEntries(
    artifact.inputs.map(({ name, seq, shape, of }) => {
      const full = [B, ...(seq === null ? [] : [T]), ...shape];
      const count = full.reduce((a, b) => a * b, 1);
      const value = (_, i) => (of === null ? Math.sin(i + 1) / 2 : i % of);
      return [name, { data: Array.from({ length: count }, value), shape: full }];
    }),
  );
}
