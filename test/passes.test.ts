/** @file Passes change what is computed where, never what comes out: swept over hand-made and random
 *  graphs, their gradients, alone and in order. Sums are reordered by no more than rounding. */
import { describe, expect, test } from "vitest";
import {
  BACKWARD,
  FORWARD,
  optimiseBackward,
  optimiseForward,
} from "../compiler/5-optimise/passes.ts";
import { dropDead } from "../compiler/5-optimise/drop-dead.ts";
import { interpret } from "../compiler/ir/interpret.ts";
import type { Graph } from "../compiler/ir/ir.ts";
import { print } from "../compiler/ir/print.ts";
import { verify } from "../compiler/ir/verify.ts";
import { GRAPHS } from "./harness/graphs.ts";
import { oracle, PASSES, withGradients, worstError } from "./harness/optimised.ts";
import { randomGraph } from "./harness/random-graphs.ts";

const SIZES = { B: 2, T: 3, S: 2 };
const TOLERANCE = 1e-12;
/** Random graphs divide by small differences more often than cells do. */
const RANDOM_TOLERANCE = 1e-11;
const SEEDS = [...Array(30).keys()].map((i) => i + 1);

type Oracle = ReturnType<typeof oracle>;

function errorOf(graph: Graph, { inputs, outputs }: Oracle): number {
  return worstError(interpret(graph, inputs, SIZES), outputs);
}

/** Errors above the tolerance after each pass of `list` on what the one before it left. */
function inOrder(start: Graph, list: typeof FORWARD, o: Oracle, tolerance: number): string[] {
  const wrong: string[] = [];
  let graph = start;
  for (const [i, pass] of list.entries()) {
    graph = dropDead(verify(pass(graph), pass.name));
    const error = errorOf(graph, o);
    if (error > tolerance) wrong.push(`${i} ${pass.name}: ${error}`);
  }
  return wrong;
}

describe.each(Object.entries(GRAPHS))("%s", (_, make) => {
  const graph = verify(make(), "graphs");
  const o = oracle(graph, SIZES, 1);

  test.each([...PASSES])("%s alone", (name, pass) => {
    expect(errorOf(verify(pass(graph), name), o)).toBeLessThan(TOLERANCE);
  });

  test("all in order, before and after differentiation", () => {
    expect(inOrder(graph, FORWARD, o, TOLERANCE)).toEqual([]);
    const forward = optimiseForward(graph);
    const whole = verify(withGradients(forward), "differentiate");
    const gradients = oracle(whole, SIZES, 2);
    expect(inOrder(whole, BACKWARD, gradients, TOLERANCE)).toEqual([]);
    // What was optimised before differentiation has the gradients of what was not.
    expect(
      worstError(gradients.outputs, oracle(withGradients(graph), SIZES, 2).outputs),
    ).toBeLessThan(RANDOM_TOLERANCE);
  });

  test("the same graph gives the same graph, and nothing is left to do", () => {
    const once = optimiseForward(graph);
    expect(print(optimiseForward(make()))).toBe(print(once));
    const both = optimiseBackward(withGradients(once));
    expect(print(dropDead(both))).toBe(print(both));
    for (const pass of [PASSES.get("fold"), PASSES.get("cse"), PASSES.get("tidyScans")]) {
      expect(print(dropDead(pass!(both)))).toBe(print(both));
    }
  });
});

test.each(SEEDS)("a random cell, seed %i", (seed) => {
  const graph = verify(randomGraph(seed), "random");
  expect(inOrder(graph, FORWARD, oracle(graph, SIZES, seed), RANDOM_TOLERANCE)).toEqual([]);
  const whole = verify(withGradients(optimiseForward(graph)), "differentiate");
  expect(inOrder(whole, BACKWARD, oracle(whole, SIZES, seed), RANDOM_TOLERANCE)).toEqual([]);
});
