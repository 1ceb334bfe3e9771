/** @file What the bytes of an artifact depend on: the source alone; and its hash: what weights mean. */
import { describe, expect, test } from "vitest";
import type { Extent, Kernel, Program } from "../runtime/artifact/kernel.ts";
import { compileSpec } from "./harness/spec.ts";

const MODEL = `/// A leaky cell and a model of it.
cell Leaky<D, H> {
  input x: [D]
  state h: [H] = 0
  param W: [H, D] ~ glorot_uniform
  param U: [H, H] ~ orthogonal
  param b: [H] ~ zeros
  h[t] = 0.9 * h[t-1] + tanh(W @ x[t] + U @ h[t-1] + b)
  output h
}

model Reads<D = 3, H = 5> {
  input x: [T, D]
  output y = x | forward(Leaky<H>) | dense(2)
}
`;

const TRAINED = `${MODEL}
train Reads {
  loss mse(y, wanted: [T, 2])
  optimizer adam(lr = 1e-3)
  epochs 3
}
`;

const compiled = (text: string, dims?: Readonly<Record<string, number>>) =>
  compileSpec({ file: "./a.cell", text, entry: "Reads", dims });
const bytes = (text: string) => JSON.stringify(compiled(text));
const swapped = (from: string, to: string, source = MODEL): string => {
  expect(source).toContain(from);
  return source.replace(from, to);
};

describe("same source, same bytes", () => {
  test("a model with a train block", () => expect(bytes(TRAINED)).toBe(bytes(TRAINED)));

  test.each([
    ["models/classifier.cell", "Classifier", { D: 2, K: 3, H: 4 }],
    ["cells/xlstm.cell", "MLSTM", { D: 2, K: 3, V: 4 }],
  ])("%s %s", (file, entry, dims) => {
    const once = JSON.stringify(compileSpec({ file, entry, dims }));
    expect(JSON.stringify(compileSpec({ file, entry, dims }))).toBe(once);
  });
});

describe("hash", () => {
  const { hash } = compiled(MODEL);

  const same: readonly (readonly [what: string, text: string])[] = [
    ["comments", swapped("/// A leaky cell and a model of it.", "// Other words.")],
    ["blank lines and spaces", swapped("  param b", "\n\n    param b")],
    ["line ends of another system", MODEL.replaceAll("\n", "\r\n")],
    ["a number's spelling", swapped("0.9 *", "9e-1 *")],
    ["the optimiser", swapped("adam(lr = 1e-3)", "sgd(lr = 0.5)", TRAINED)],
    ["the loss", swapped("mse(", "mae(", TRAINED)],
    ["a train block", TRAINED],
    ["an initialiser, which trained weights replace", swapped("~ orthogonal", "~ identity")],
    ["a dim's default, written out", swapped("forward(Leaky<H>)", "forward(Leaky<D, H>)")],
  ];
  test.each(same)("stays: %s", (_, text) => expect(compiled(text).hash).toBe(hash));

  test("stays: a dim given that is the default", () =>
    expect(compiled(MODEL, { D: 3, H: 5 }).hash).toBe(hash));

  const other: readonly (readonly [what: string, text: string])[] = [
    ["an equation", swapped("tanh(", "sigmoid(")],
    ["a constant in an equation", swapped("0.9", "0.8")],
    ["a state's initial value", swapped("state h: [H] = 0", "state h: [H] = 1")],
    ["a trained initial value", swapped("state h: [H] = 0", "state h: [H] = learn(zeros)")],
    ["a dim", swapped("H = 5", "H = 6")],
    ["a layer's activation", swapped("dense(2)", "dense(2, activation = tanh)")],
    ["a layer's size", swapped("dense(2)", "dense(3)")],
    ["the direction", swapped("forward(", "backward(")],
    ["a parameter's name", MODEL.replaceAll("U", "R")],
    ["the entry's name", MODEL.replaceAll("Reads", "Reader")],
  ];
  test.each(other)("changes: %s", (_, text) => {
    const { hash: changed } = compileSpec({ file: "./a.cell", text });
    expect(changed).not.toBe(hash);
  });

  test("changes: a dim given", () => expect(compiled(MODEL, { H: 6 }).hash).not.toBe(hash));
});

describe("programs do not grow with what they run on", () => {
  const kernels = (p: Program): readonly Kernel[] =>
    [...p.prepare, ...p.stages].flatMap((s) => (s.kind === "kernel" ? [s.kernel] : s.kernels));
  const programs = (H: number) => Object.entries(compiled(TRAINED, { H }).programs);

  test("steps and samples are symbols in every buffer, loop and kernel", () => {
    const symbols = new Set<Extent>();
    for (const [name, p] of programs(11) as [string, Program | null][]) {
      if (p === null) continue;
      for (const e of p.buffers.flatMap((b) => b.shape)) symbols.add(e);
      for (const k of kernels(p))
        for (const e of [...k.axes, ...k.reductions.flatMap((r) => r.extents)]) symbols.add(e);
      for (const s of p.stages) if (s.kind === "scan") expect(s.over, name).toBe("T");
    }
    const sizes = [...symbols].filter((e) => typeof e === "number").sort((a, b) => a - b);
    expect([...symbols].filter((e) => typeof e === "string").sort()).toEqual(["B", "T"]);
    expect(sizes).toEqual([2, 3, 11]);
  });

  test("a wider model has the same stages", () => {
    const counts = (H: number) =>
      programs(H).map(([name, p]) => [name, p === null ? null : kernels(p).length]);
    expect(counts(12)).toEqual(counts(11));
  });
});
