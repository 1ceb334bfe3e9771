/** @file Cells that nobody else's numbers exist for, against a second transcription of their papers:
 *  plain loops over numbers. Every value over time, and the states where both hold the same. */
import { describe, expect, test } from "vitest";
import { load } from "../runtime/index.ts";
import { random } from "../runtime/random.ts";
import "./harness/all-close.ts";
import { type Names, PLAIN_CELLS, type PlainCell, type State } from "./harness/plain-cells.ts";
import { compileSpec } from "./harness/spec.ts";
import { type Flat, pick, product, stack } from "./harness/tensor.ts";

const B = 2;
const T = 5;

const flat = (value: State): Flat => {
  if (typeof value === "number") return { shape: [], data: [value] };
  const parts = value.map(flat);
  return parts.length === 0 ? { shape: [0], data: [] } : stack(parts);
};

const list = (t: Flat): readonly number[] => Array.from(t.data);

/** Values by name, of one sample; a name that is not there is a mistake of the transcription. */
function names(values: Readonly<Record<string, Flat>>): Names {
  const get = (name: string): Flat => {
    const t = values[name];
    if (t === undefined) throw new Error(`no value ${name}`);
    return t;
  };
  return {
    scalar: (name) => list(get(name))[0]!,
    vector: (name) => list(get(name)),
    matrix: (name) => {
      const t = get(name);
      return Array.from({ length: t.shape[0]! }, (_, i) => list(pick(t, i)));
    },
  };
}

/** The cell's steps from its states before the first: those of lag k are all the initial ones. */
function steps(cell: PlainCell, params: Names, x: Flat, initial: Readonly<Record<string, Flat>>) {
  const history = [names(initial)];
  const past = (k: number): Names => history[Math.max(0, history.length - k)]!;
  let last: Readonly<Record<string, Flat>> = initial;
  const outputs: Flat[] = [];
  for (let t = 0; t < T; t++) {
    const next = cell.step(params, list(pick(x, t)), past);
    last = Object.fromEntries(Object.entries(next).map(([name, v]) => [name, flat(v)]));
    outputs.push(last[cell.output]!);
    history.push(names(last));
  }
  return { output: stack(outputs), last };
}

describe.each(Object.entries(PLAIN_CELLS))("%s", (entry, cell) => {
  test("as its paper's equations, step by step", async () => {
    const file = `cells/${cell.file}.cell`;
    const artifact = compileSpec({ file, entry, dims: cell.dims });
    const draw = (name: string, shape: readonly number[], scale = 1): Flat => {
      const stream = random(11, name);
      const data = Array.from({ length: product(shape) }, () => scale * stream.normal());
      return { shape, data };
    };
    const params = Object.fromEntries(
      artifact.params.map((p) => [p.name, draw(`param:${p.name}`, p.shape, 0.7)]),
    );
    const [input] = artifact.inputs;
    const x = draw("x", [B, T, ...input!.shape]);
    // A stabiliser starts at 0 in both, as only there do both hold the same memory.
    const initial = Object.fromEntries(
      artifact.states.map((s) => [
        s.name,
        draw(`initial:${s.name}`, [B, ...s.shape], s.name === "m" ? 0 : 1),
      ]),
    );
    const model = await load(artifact, { backend: "reference" });
    await model.setParams(params);
    const got = await model.run({ inputs: { x }, initial });
    model.close();
    for (let b = 0; b < B; b++) {
      const own = Object.fromEntries(Object.entries(initial).map(([n, v]) => [n, pick(v, b)]));
      const want = steps(cell, names(params), pick(x, b), own);
      const bound = { absolute: 1e-12, relative: 1e-12 };
      expect(pick(got.outputs[cell.output]!, b).data).toBeAllClose(list(want.output), bound);
      if (entry === "MLSTM") continue; // its states are held scaled
      for (const { name } of artifact.states)
        expect(pick(got.final[name]!, b).data, name).toBeAllClose(list(want.last[name]!), bound);
    }
  });
});
