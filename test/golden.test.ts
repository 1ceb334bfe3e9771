/** @file Stages of small specs, as reviewed. After a change that is meant: `npx vitest run
 *  test/golden.test.ts -u`, and read the diff. Beside the texts, what must never be updated away. */
import { describe, expect, test } from "vitest";
import { golden, goldenCases, goldenFile, loops } from "./harness/golden.ts";

/** Kernels with a product or reduction in one step of each loop, in the order the loops run. */
const PRODUCTS_A_STEP: Readonly<Record<string, readonly number[]>> = {
  attention: [5, 4], // scores, softmax (2), context, state; their adjoints
  bidirectional: [1, 1, 1, 1],
  gru: [2, 2], // the candidate waits for the reset gate
  "lag-two": [1, 1],
  lstm: [1, 1],
  "matrix-state": [0, 3], // on a matrix of each sample: kept for all steps it would be T times as large
  peephole: [1, 1],
};

describe.each(goldenCases())("%s", (name) => {
  const { text, backward } = golden(name);

  test.each(Object.entries(text))("%s", async (stage, shown) => {
    await expect(shown).toMatchFileSnapshot(goldenFile(name, stage));
  });

  test("a step of each loop has no more products than it needs", () => {
    const products = loops(backward).map(
      (loop) => loop.kernels.filter((k) => k.reductions.length > 0).length,
    );
    expect(products).toEqual(PRODUCTS_A_STEP[name]);
  });

  test("gradients of weights are products over all steps: a loop carries and sums per sample", () => {
    const { buffers } = backward;
    const kept = loops(backward).flatMap((loop) => [
      ...loop.sums.map((s) => s.into),
      ...loop.carries.map((c) => c.local),
    ]);
    expect(kept.filter((b) => !buffers[b]?.shape.includes("B"))).toEqual([]);
  });
});
