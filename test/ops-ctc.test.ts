/** @file The ctc loss against the sum over all paths, its gradient against central differences. In:
 *  seeded logits, samples with lengths of steps and labels. */
import { describe, expect, test } from "vitest";
import { differentiate } from "../compiler/4-differentiate/differentiate.ts";
import { createBuilder } from "../compiler/ir/builder.ts";
import { interpret } from "../compiler/ir/interpret.ts";
import { type Graph, real } from "../compiler/ir/ir.ts";
import { verify } from "../compiler/ir/verify.ts";
import { ctc } from "../compiler/losses/ctc.ts";
import { generator } from "./harness/ops-samples.ts";

const [T, L, B, K] = [4, 2, 5, 3];

interface Case {
  readonly blank: number;
  /** Steps and labels of each sample. */
  readonly steps: readonly number[];
  readonly labels: readonly (readonly number[])[];
}

const CASES: readonly Case[] = [
  { blank: 0, steps: [4, 4, 3, 2, 1], labels: [[1, 2], [1, 1], [2], [1, 2], []] },
  { blank: 2, steps: [4, 3, 4, 2, 4], labels: [[0, 0], [0, 0], [], [1], [1, 0]] },
];

function lossGraph(blank: number, masked: boolean): Graph {
  const b = createBuilder();
  const z = b.leaf("input:z", real([K], true, "T"));
  const t = b.leaf("target:t", { seq: "L", batch: true, shape: [], dtype: "index" });
  const mask = b.leaf("mask:T", real([], true, "T"));
  const inside = b.leaf("mask:L", real([], true, "L"));
  expect(ctc.refuses(b.type(z), b.type(t))).toBeNull();
  const loss = masked
    ? ctc.build(b, z, t, mask, { blank }, inside)
    : ctc.build(b, z, t, null, { blank });
  const forward = verify(b.finish([{ key: "loss", id: loss }]), "ctc");
  const seeds = [{ output: "loss", leaf: null }];
  const graph = differentiate(forward, seeds, [{ key: "input:z", type: b.type(z) }]);
  return verify(graph, "ctc differentiated");
}

/** -log of the probabilities of all paths that spell `labels`, by trying every path. */
function bruteForce(
  logits: readonly (readonly number[])[],
  labels: readonly number[],
  blank: number,
): number {
  let total = 0;
  const walk = (t: number, p: number, path: readonly number[]): void => {
    const row = logits[t];
    if (row === undefined) {
      const spelt = path.filter((k, i) => k !== blank && k !== path[i - 1]);
      if (spelt.join() === labels.join()) total += p;
      return;
    }
    const norm = row.reduce((sum, v) => sum + Math.exp(v), 0);
    for (const [k, v] of row.entries()) walk(t + 1, (p * Math.exp(v)) / norm, [...path, k]);
  };
  walk(0, 1, []);
  return -Math.log(total);
}

/** Rows of each sample's logits: [T][B][K] to its own steps. */
function sampleRows(z: Float64Array, s: number, steps: number): number[][] {
  return Array.from({ length: steps }, (_, t) => [
    ...z.slice((t * B + s) * K, (t * B + s + 1) * K),
  ]);
}

function inputs(z: Float64Array, c: Case): Map<string, Float64Array> {
  const grid = (rows: number, f: (row: number, sample: number) => number) =>
    Float64Array.from({ length: rows * B }, (_, i) => f(Math.floor(i / B), i % B));
  return new Map([
    ["input:z", z],
    ["target:t", grid(L, (l, s) => c.labels[s]![l] ?? 0)],
    ["mask:T", grid(T, (t, s) => Number(t < c.steps[s]!))],
    ["mask:L", grid(L, (l, s) => Number(l < c.labels[s]!.length))],
  ]);
}

const draw = (seed: number): Float64Array => {
  const random = generator(seed);
  return Float64Array.from({ length: T * B * K }, () => 4 * random() - 2);
};
const SIZES = { T, L, B };

describe.each(CASES)("ctc %j", (c) => {
  test("is the sum over all paths", () => {
    const graph = lossGraph(c.blank, true);
    for (const seed of [31, 37]) {
      const z = draw(seed);
      const each = c.labels.map(
        (labels, s) =>
          bruteForce(sampleRows(z, s, c.steps[s]!), labels, c.blank) / Math.max(1, labels.length),
      );
      const wanted = each.reduce((a, v) => a + v, 0) / B;
      const got = interpret(graph, inputs(z, c), SIZES).get("loss")![0]!;
      expect(Math.abs(got - wanted)).toBeLessThan(1e-12);
    }
  });

  test("its gradient equals central differences, 0 outside the samples", () => {
    const graph = lossGraph(c.blank, true);
    const z = draw(41);
    const grad = interpret(graph, inputs(z, c), SIZES).get("grad:input:z")!;
    for (const [i, g] of grad.entries()) {
      const at = (x: number) => interpret(graph, inputs(z.with(i, x), c), SIZES).get("loss")![0]!;
      const central = (at(z[i]! + 1e-5) - at(z[i]! - 1e-5)) / 2e-5;
      expect(Math.abs(g - central)).toBeLessThan(1e-7);
      const [t, s] = [Math.floor(i / (B * K)), Math.floor(i / K) % B];
      if (t >= c.steps[s]!) expect(g).toBe(0);
    }
  });
});

test("without masks every sample has all steps and labels", () => {
  const full: Case = {
    blank: 0,
    steps: [T, T, T, T, T],
    labels: [
      [1, 2],
      [1, 1],
      [2, 1],
      [2, 2],
      [1, 2],
    ],
  };
  const given = inputs(draw(43), full);
  const masked = interpret(lossGraph(0, true), given, SIZES).get("loss");
  expect(interpret(lossGraph(0, false), given, SIZES).get("loss")).toEqual(masked);
});

test("labels that do not fit the steps cost much and pull nowhere", () => {
  const tight: Case = {
    blank: 0,
    steps: [2, 2, 2, 2, 2],
    labels: [
      [1, 1],
      [1, 1],
      [2, 2],
      [1, 1],
      [2, 2],
    ],
  };
  const got = interpret(lossGraph(0, true), inputs(draw(47), tight), SIZES);
  expect(got.get("loss")![0]).toBeGreaterThan(1e29);
  expect(got.get("grad:input:z")!.every((g) => g === 0)).toBe(true);
});

const INDEX = "index" as const;
test.each([
  ["numbers", real([3], true, "T"), real([], true, "L"), 1],
  ["no steps", real([3], true), { ...real([], true, "L"), dtype: INDEX }, 0],
  ["no sequence", real([3], true, "T"), { ...real([], true), dtype: INDEX }, 1],
  ["the logits' own steps", real([3], true, "T"), { ...real([], true, "T"), dtype: INDEX }, 1],
])("%s are refused", (_, z, t, arg) => {
  expect(ctc.refuses(z, t)?.arg).toBe(arg);
});
