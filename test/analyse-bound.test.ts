/** @file Bounds of how far states reach: never below what is measured, exact where theory says so, and with a reason
 *  where there is none. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reach } from "../cli/analyse/reach.ts";
import { all } from "../cli/analyse/rows.ts";
import { type Bound, boundOf, type Part, WHOLE } from "../compiler/analyse/bound.ts";
import { reasonText } from "../compiler/analyse/reason.ts";
import { type Opened, openSpec, runOf, weightsOf } from "./harness/reach.ts";
import { randomCells, SIZES } from "./harness/random-cells.ts";

const LAGS = 12;

const boundAt = (o: Opened, seed: number, lags = LAGS, part: Part = WHOLE): Bound =>
  boundOf(o.loop, o.step, weightsOf(o.artifact, seed), o.artifact.states, lags, part);

async function measured(o: Opened, seed: number): Promise<readonly number[]> {
  const { slots } = o.session.m;
  const choice = { rows: all(slots), columns: all(slots) };
  const nothing = slots.map((s) => new Float64Array(s.size));
  const { norms } = await reach(o.session, await runOf(o, LAGS, seed), choice, nothing, () => {});
  return norms;
}

/** Rounding of twelve products in float64. */
const ROUNDING = 1e-9;

async function neverBelow(o: Opened, seed: number): Promise<boolean> {
  const bound = boundAt(o, seed);
  const norms = await measured(o, seed);
  for (const [k, log] of bound.logs.entries()) {
    if (log === null) expect(bound.reason).not.toBeNull();
    else expect(norms[k]!, `lag ${k + 1}`).toBeLessThanOrEqual(log + ROUNDING);
  }
  return bound.logs.every((x) => x !== null);
}

test("no measurement exceeds its bound: random specs, weights and inputs", async () => {
  let finite = 0;
  await fc.assert(
    fc.asyncProperty(randomCells, fc.nat({ max: 1000 }), async (text, seed) => {
      const opened = await openSpec({ file: "random.cell", text, dims: SIZES });
      if (await neverBelow(opened, seed)) finite++;
      opened.session.close();
    }),
    { seed: 11, numRuns: 25 },
  );
  expect(finite).toBeGreaterThan(6);
});

describe("exact", () => {
  const cell = (equation: string) =>
    `cell C<H> {\n  input x: [H]\n  state h: [H] = 0\n  param U: [H, H] ~ orthogonal\n  h[t] = ${equation}\n  output h\n}\n`;
  const logs = async (equation: string, lags: number) =>
    boundAt(await openSpec({ file: "c.cell", text: cell(equation), dims: { H: 6 } }), 1, lags).logs;

  test.each([
    ["tanh(U @ h[t-1] + x[t])", 1],
    ["tanh(0.9 * (U @ h[t-1]) + x[t])", 0.9],
    ["sigmoid(U @ h[t-1] + x[t])", 0.25],
    ["0.5 * h[t-1] + x[t]", 0.5],
    ["U @ h[t-1] + x[t]", 1],
    ["hard_sigmoid(U @ h[t-1] + x[t])", 0.2],
  ])("%s: (γ‖U‖)^lag with γ‖U‖ = %s", async (equation, gamma) => {
    for (const [k, log] of (await logs(equation, 1000)).entries())
      expect(log! / (k + 1)).toBeCloseTo(Math.log(gamma), 9);
  });

  test("a block alone: what a gated memory keeps of itself", async () => {
    const opened = await openSpec({
      file: "cells/min-rnn.cell",
      entry: "MinGRU",
      dims: { D: 3, H: 4 },
    });
    expect(boundAt(opened, 1, 5).logs.map((x) => Math.round(x! * 1e9))).toEqual([0, 0, 0, 0, 0]);
  });
});

describe("reasons", () => {
  const reasonFor = async (file: string, entry: string) => {
    const opened = await openSpec({ file, entry, dims: { D: 3, H: 4 } });
    await neverBelow(opened, 1);
    const { reason, logs } = boundAt(opened, 1);
    return reason === null ? logs.every((x) => x !== null) : reasonText(reason);
  };
  test.each([
    ["cells/gru.cell", "GRU"],
    ["cells/gru.cell", "GRUResetAfter"],
    ["cells/mgu.cell", "MGU"],
    ["cells/rhn.cell", "RHN"],
    ["cells/lstm.cell", "CoupledLSTM"],
    ["cells/min-rnn.cell", "MinLSTM"],
    ["cells/ugrnn.cell", "UGRNN"],
  ])("%s %s has a finite bound: its state is a blend of bounded values", async (file, entry) => {
    expect(await reasonFor(file, entry)).toBe(true);
  });
  test("a memory without a bound multiplies a gate's derivative", async () => {
    expect(await reasonFor("cells/lstm.cell", "LSTM")).toBe(
      "dh[t]/dh[t-1] has the factor c[t-1] in the derivative of c, for which no bound is known",
    );
  });
});
