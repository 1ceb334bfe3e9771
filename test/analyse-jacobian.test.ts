/** @file The step's Jacobian as equations: what it says of well-known cells, and that the terms add up to what
 *  differences of the interpreter give, for every cell of the library. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Jacobian, jacobians } from "../compiler/analyse/jacobian.ts";
import { loopsOf } from "../compiler/analyse/loop.ts";
import { pathsOf, stepOf } from "../compiler/analyse/paths.ts";
import { check } from "../compiler/index.ts";
import { chooseEntry } from "../compiler/entry.ts";
import type { Entry } from "../compiler/3-lower/lower.ts";
import type { Checked } from "../compiler/2-check/checked.ts";
import { differences, type Matrix, matrixOf, pointOf } from "./harness/jacobian.ts";
import { smallDims, specFiles } from "./harness/library.ts";
import { ROOT, reader } from "./harness/spec.ts";

function open(file: string, entry: string, dims: Readonly<Record<string, number>>, text?: string) {
  const checked: Checked = check(file, reader(file, text));
  const chosen = chooseEntry(checked, { file, entry, dims });
  expect([...checked.diagnostics, ...chosen.diagnostics]).toEqual([]);
  return { checked, entry: chosen.entry as Entry };
}

function jacobian(file: string, name: string, dims: Readonly<Record<string, number>>): Jacobian {
  const { checked, entry } = open(file, name, dims);
  return jacobians(checked, entry)[0]!;
}

const terms = (j: Jacobian, of: string, to: string, lag = 1) =>
  j.blocks
    .find((b) => b.of === of && b.to === to && b.lag === lag)!
    .terms.map(
      (t) => `${t.direct ? "direct " : ""}${t.text} by ${t.through.map((p) => p.name).join()}`,
    );

describe("what the terms say", () => {
  const dims = { D: 3, H: 4 };
  test("of a simple recurrence", () => {
    expect(terms(jacobian("cells/elman.cell", "ElmanRNN", dims), "h", "h")).toEqual([
      "diag(1 - h[t]^2) @ U by h",
    ]);
  });
  test("of a cell state: the direct path alone", () => {
    const j = jacobian("cells/lstm.cell", "LSTM", dims);
    expect(terms(j, "c", "c")).toEqual(["direct diag(f[t]) by c"]);
    expect(terms(j, "c", "h")).toEqual([
      "diag(i[t] * (1 - g[t]^2)) @ U_g by c,g",
      "diag(g[t] * i[t] * (1 - i[t])) @ U_i by c,i",
      "diag(c[t-1] * f[t] * (1 - f[t])) @ U_f by c,f",
    ]);
  });
  test("of peepholes: the direct path, and apart from it the ways through the gates", () => {
    const j = jacobian("cells/peephole.cell", "PeepholeLSTM", dims);
    expect(terms(j, "c", "c")).toEqual([
      "direct diag(f[t]) by c",
      "diag(g[t] * i[t] * (1 - i[t]) * p_i) by c,i",
      "diag(c[t-1] * f[t] * (1 - f[t]) * p_f) by c,f",
    ]);
    const [through] = j.blocks
      .find((b) => b.of === "c" && b.to === "c")!
      .terms.map((t) => t.through);
    expect(through).toEqual([{ name: "c", file: "cells/lstm.cell", line: 18 }]);
  });
  test("of a state two steps back, of scalar states, of a matrix state", () => {
    const second = jacobian("cells/higher-order.cell", "SecondOrderRNN", dims);
    expect(terms(second, "h", "h", 2)).toEqual(["diag(1 - h[t]^2) @ U_2 by h"]);
    const holt = jacobian("cells/holt.cell", "Holt", {});
    expect(terms(holt, "level", "slope")).toEqual(["direct 1 - alpha by level"]);
    const memory = jacobian("cells/xlstm.cell", "MLSTM", { D: 3, K: 2, V: 5 });
    expect(terms(memory, "C", "C")).toEqual(["direct f[t] * I by C"]);
  });
  test("of a recurrent layer of a model, by its own names", () => {
    const { checked, entry } = open("models/char-lm.cell", "CharLM", { V: 5, E: 3, H: 4 });
    const [first] = jacobians(checked, entry);
    expect(first!.layer).not.toBe("");
    expect(terms(first!, "c", "c")[0]).toBe("direct diag(f[t]) by c");
  });
  test("of very many paths: the direct one, and how many there are", () => {
    const layers = Array.from({ length: 8 }, (_, k) => k + 1);
    const at = (k: number) => (k === 0 ? "s[t-1]" : `s${k}[t]`);
    const text = [
      "cell Deep<H> {",
      "  input x: [H]",
      "  state s: [H] = 0",
      `  param ${layers.map((k) => `U${k}, V${k}`).join(", ")}: [H, H] ~ orthogonal`,
      ...layers.flatMap((k) => [
        `  gate t${k}[t] = sigmoid(V${k} @ ${at(k - 1)} + x[t])`,
        `  let s${k}[t] = t${k}[t] * tanh(U${k} @ ${at(k - 1)}) + (1 - t${k}[t]) * ${at(k - 1)}`,
      ]),
      "  s[t] = s8[t]",
      "  output s",
      "}",
      "",
    ].join("\n");
    const { checked, entry } = open("deep.cell", "Deep", { H: 2 }, text);
    const [block] = jacobians(checked, entry)[0]!.blocks;
    expect(block!.terms.map((t) => t.direct)).toEqual([true]);
    expect(block!.more).toBeGreaterThan(3 ** 8 - 2);
  });
  test("long parts that a term repeats have a name", () => {
    const j = jacobian("cells/lstm.cell", "HardSigmoidLSTM", dims);
    expect(j.definitions.map((d) => `${d.name} = ${d.text}`)).toContain(
      "v1 = 0.2 * (W_o @ x[t] + U_o @ h[t-1] + b_o) + 0.5",
    );
    expect(terms(j, "h", "h")[0]).toBe("diag(0.2 * tanh(c[t]) * (v1 > 0) * (v1 < 1)) @ U_o by h,o");
  });
});

test("docs/gradients.md shows terms as they are derived", () => {
  const page = readFileSync(join(ROOT, "docs/gradients.md"), "utf8");
  const shown = /```\n(Elman[\s\S]*?)```/.exec(page)![1]!.match(/diag\(.*?(?= {3}|$)/gm)!;
  const cells = [
    ["elman", "ElmanRNN"],
    ["lstm", "LSTM"],
    ["peephole", "PeepholeLSTM"],
    ["gru", "GRU"],
    ["mgu", "MGU"],
  ] as const;
  const derived = cells.flatMap(([file, name]) =>
    jacobian(`cells/${file}.cell`, name, { D: 3, H: 4 }).blocks.flatMap((b) =>
      b.terms.map((t) => t.text),
    ),
  );
  expect(shown.length).toBeGreaterThan(7);
  for (const text of shown) expect(derived).toContain(text);
});

describe.each(specFiles("cells").map((f) => [f.path, f] as const))("%s", (path, file) => {
  test.each(file.entries.map((e) => [e.name.text, e] as const))("%s", (name, decl) => {
    const { checked, entry } = open(path, name, smallDims(decl));
    for (const loop of loopsOf(checked, entry).loops) {
      const step = stepOf(loop);
      const point = pointOf(loop, 7);
      const blocks = pathsOf(step);
      for (const to of loop.slots) {
        const numeric = differences(loop, point, loop.slots, to);
        for (const [k, of] of loop.slots.entries()) {
          if (of.lag > 1) continue;
          const found = blocks.find((b) => b.of === of && b.to === to);
          const wanted = numeric[k]!;
          if (found === undefined) {
            expect(Math.max(...wanted.flat().map(Math.abs))).toBe(0);
            continue;
          }
          expect(found.more).toBe(0);
          const maps = found.paths.map((p) => p.map);
          expectClose(matrixOf(step.c, maps, point), wanted, `${of.state}/${to.state}`);
        }
      }
    }
  });
});

/** Relative to the block's largest element, which is what differences resolve. */
function expectClose(found: Matrix, wanted: Matrix, what: string): void {
  const scale = Math.max(1, ...wanted.flat().map(Math.abs));
  for (const [i, row] of wanted.entries())
    for (const [j, x] of row.entries())
      expect(Math.abs(found[i]![j]! - x) / scale, what).toBeLessThan(1e-6);
}
