/** @file Lowering of what checking accepts: dims that are solved for, constants, learned starts with lags. */
import { describe, expect, test } from "vitest";
import { reader } from "../cli/source.ts";
import { compile } from "../compiler/compile.ts";
import { load } from "../runtime/artifact/load.ts";
import { gradcheck } from "../runtime/gradcheck.ts";

async function compiled(text: string, dims: Readonly<Record<string, number>> = {}) {
  const library = reader();
  const { artifact, diagnostics } = compile({
    file: "./case.cell",
    read: (path) => (path === "./case.cell" ? text : library(path)),
    entry: "Case",
    dims,
  });
  expect(diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  const border = await load(JSON.parse(JSON.stringify(artifact)));
  if (!border.ok) throw new Error(JSON.stringify(border.faults));
  return border.value;
}

const CASES: readonly (readonly [name: string, text: string])[] = [
  [
    "an initialiser made of a dim and a const",
    `cell Case<D = 2, H = 3> {
       input x: [D]
       state h: [H] = 0
       const spread = 2
       param W: [H, D] ~ uniform(-spread / sqrt(H), spread / sqrt(H))
       h[t] = tanh(W @ x[t] + h[t-1])
       output h
     }`,
  ],
  [
    "a fn whose dim is solved for",
    `fn halves(v: [2 * N]) -> [N] = part(v, 0, N) * part(v, N, N)
     cell Case<D = 2, H = 3> {
       input x: [D]
       state h: [H] = 0
       param W: [2 * H, D] ~ glorot_uniform
       h[t] = tanh(halves(W @ x[t]) + h[t-1])
       output h
     }`,
  ],
  [
    "a learned start of a state with lags, and a train block",
    `cell Case<D = 2, H = 3> {
       input x: [D]
       state h: [H] = learn(uniform(-0.5, 0.5))
       param W: [H, D] ~ glorot_uniform
       h[t] = tanh(W @ x[t] + 0.5 * h[t-1] - 0.3 * h[t-2])
       output h
     }
     train Case { loss mse(h, y: [T, H]) optimizer sgd(lr = 0.1) }`,
  ],
  [
    "constants of functions and comparisons",
    `cell Case<D = 2> {
       input x: [D]
       state h: [D] = 0
       const slope = tanh(0.5) * (2 > 1)
       h[t] = leaky_relu(x[t], slope) + slope * h[t-1]
       output h
     }`,
  ],
  [
    "a model of two equal cells, shifted and pooled",
    `import { MinGRU } from "cells/min-rnn"
     model Case<D = 2, H = 3> {
       input x: [T, D]
       let a = x | stack(2, residual(forward(MinGRU<D>))) | shift
       let b = x | forward(MinGRU<H>) | forward(MinGRU<H>)
       output y = concat(a | max, b | mean, b | last, b.final.h)
     }`,
  ],
];

describe.each(CASES)("%s", (_, text) => {
  test("passes the gradient check", async () => {
    const report = await gradcheck(await compiled(text), { T: 3 });
    expect(report.worst?.error).toBeLessThanOrEqual(1e-6);
    expect(report.ok).toBe(true);
  });
});

test("a size that cannot be is a diagnostic, not a crash", () => {
  const text =
    "cell Case<D> {\n input x: [D]\n state h: [D / 2] = 0\n h[t] = part(x[t], 0, D / 2)\n output h\n}";
  const read = (path: string) => (path === "./case.cell" ? text : null);
  const { artifact, diagnostics } = compile({ file: "./case.cell", read, dims: { D: 3 } });
  expect(artifact).toBeNull();
  expect(diagnostics.length).toBeGreaterThan(0);
});
