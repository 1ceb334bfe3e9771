/** @file Programs compute what their graphs do, within a device's limits, in as few kernels as meant. */
import { describe, expect, test } from "vitest";
import { optimiseBackward, optimiseForward } from "../compiler/5-optimise/passes.ts";
import { costOf } from "../compiler/6-schedule/count.ts";
import { at } from "../compiler/6-schedule/formula.ts";
import { printKernels, printProgram } from "../compiler/6-schedule/print.ts";
import { treeOf } from "../compiler/6-schedule/tree.ts";
import { schedule } from "../compiler/6-schedule/schedule.ts";
import { type Builder, createBuilder } from "../compiler/ir/builder.ts";
import { type Graph, type NodeId, real } from "../compiler/ir/ir.ts";
import type { Expr, Kernel, Program } from "../runtime/artifact/kernel.ts";
import { LIMITS } from "../runtime/artifact/limits.ts";
import type { Slot } from "../runtime/artifact/signature.ts";
import { verifyProgram } from "../runtime/artifact/verify-program.ts";
import { GRAPHS } from "./harness/graphs.ts";
import { oracle, runProgram, scheduled, withGradients, worstError } from "./harness/optimised.ts";
import { randomGraph } from "./harness/random-graphs.ts";

const TOLERANCE = 1e-12;
const SIZES = { B: 2, T: 3, S: 2 };
const SEEDS = [...Array(30).keys()].map((i) => i + 1);

/** What the loader says of a program that reads the graph's leaves and writes its outputs. */
function faults(graph: Graph, program: Program): readonly unknown[] {
  const slot = (id: NodeId): Slot => {
    const { seq, batch, shape, dtype } = graph.nodes[id]!.type;
    return { shape: [...(seq === null ? [] : [seq]), ...(batch ? ["B"] : []), ...shape], dtype };
  };
  const leaves = graph.nodes.flatMap((n) =>
    n.kind === "leaf" ? [[n.key, slot(n.id)] as const] : [],
  );
  const outputs = graph.outputs.map((o) => [o.key, slot(o.id)] as const);
  const signature = { inputs: new Map(leaves), outputs: new Map(outputs), scalars: [] };
  return verifyProgram(program, "", signature, new Set(["B", "T", "S"]), 0);
}

function errorOf(graph: Graph, program: Program, sizes: typeof SIZES, seed: number): number {
  const { inputs, outputs } = oracle(graph, sizes, seed);
  return worstError(runProgram(program, inputs, sizes), outputs);
}

const kernelsOf = (p: Program): readonly Kernel[] =>
  [...p.prepare, ...p.stages].flatMap((s) => (s.kind === "kernel" ? [s.kernel] : s.kernels));
const stepsOf = (p: Program): readonly number[] =>
  p.stages.flatMap((s) => (s.kind === "scan" ? [s.kernels.length] : []));

/** As lowered, optimised, and optimised with gradients. */
function stages(graph: Graph): Readonly<Record<string, Graph>> {
  const forward = optimiseForward(graph);
  return { lowered: graph, forward, gradient: optimiseBackward(withGradients(forward)) };
}

describe.each(Object.entries(GRAPHS))("%s", (_, make) => {
  describe.each(Object.entries(stages(make())))("%s", (_, graph) => {
    const program = scheduled(graph);

    test.each([SIZES, { B: 1, T: 1, S: 1 }, { B: 3, T: 5, S: 4 }])("%j", (sizes) => {
      expect(errorOf(graph, program, sizes, 3)).toBeLessThan(TOLERANCE);
    });

    test("the loader accepts it: bindings, order, ranges, limits", () => {
      expect(faults(graph, program)).toEqual([]);
    });

    test("the same graph gives the same bytes", () => {
      expect(JSON.stringify(scheduled(graph))).toBe(JSON.stringify(program));
    });
  });
});

test.each(SEEDS)("a random cell, seed %i", (seed) => {
  for (const graph of Object.values(stages(randomGraph(seed)))) {
    const program = scheduled(graph);
    expect(faults(graph, program)).toEqual([]);
    expect(errorOf(graph, program, SIZES, seed)).toBeLessThan(1e-11);
  }
});

/** Kernels a step of each loop: of the outputs alone, and of outputs and gradients. */
const KERNELS_A_STEP: Readonly<Record<string, readonly [readonly number[], readonly number[]]>> = {
  gated: [[3], [3, 3]], // product with its epilogue, c, h; packed adjoints, c's, h's
  peepholes: [[3], [3, 3]],
  masked: [[3], [3, 4]],
  backwards: [[3], [3, 3]],
  "reset before": [[3], [4, 4]],
  "matrix state": [[3], [2, 5]], // one more, and nothing of a matrix a step is stored
  attention: [[8], [8, 10]],
  tagger: [[1], [1, 2]],
  bidirectional: [
    [1, 1, 1],
    [2, 2, 2, 2, 3, 3],
  ],
  lags: [[2], [2, 5]],
  normalised: [[7], [7, 15]],
  "normalised gates": [[5], [5, 11]], // product, means, deviations of all gates; one gate, h
  deep: [[6], [6, 7]],
  step: [[], []],
  odds: [[], []],
};

test.each(Object.entries(KERNELS_A_STEP))("%s: kernels a step", (name, [forward, gradient]) => {
  const graphs = stages(GRAPHS[name]!());
  expect(stepsOf(scheduled(graphs.forward!))).toEqual(forward);
  expect(stepsOf(scheduled(graphs.gradient!))).toEqual(gradient);
});

describe("what a loop costs", () => {
  const program = scheduled(optimiseForward(GRAPHS.gated!()));

  test("products outside it, their epilogues with them", () => {
    expect(printProgram(program)).toContain("for t of T");
    const [outside, loop, ...rest] = program.stages;
    expect(rest).toEqual([]);
    expect(outside?.kind === "kernel" && outside.kernel.axes).toEqual(["T", "B", 16]);
    expect(loop?.kind === "scan" && loop.kernels.map((k) => k.reductions.length)).toEqual([
      1, 0, 0,
    ]);
  });

  test("flops are those of the equations", () => {
    const [D, H] = [3, 4];
    const { flops, kernels, loops } = costOf(program);
    const perToken = (at(flops, { B: 8, T: 10 }) - at(flops, { B: 8, T: 9 })) / 8;
    // 2·4H(D+H) for products; bias, sum of the two, gates, state and output besides.
    expect(perToken - 8 * H * (D + H)).toBe(4 * H + 4 * H + 6 * H + 3 * H);
    expect(at(kernels, { B: 8, T: 10 })).toBe(31);
    expect(loops.map((l) => l.kernels)).toEqual([3]);
  });

  test("products are sums of plain loads times plain loads", () => {
    for (const { reductions } of kernelsOf(program)) {
      for (const { of } of reductions) expect(isProduct(of), JSON.stringify(of)).toBe(true);
    }
  });
});

/** mul(load, load), every index a variable, a variable and a number, or a number. */
function isProduct(e: Expr): boolean {
  const isIndex = (i: Expr): boolean =>
    "var" in i ||
    "lit" in i ||
    ("call" in i && i.call === "add" && "var" in i.args[0]! && "lit" in i.args[1]!);
  const isPlain = (x: Expr) => "load" in x && x.at.every(isIndex);
  return "call" in e && e.call === "mul" && e.args.every(isPlain);
}

describe("limits of devices", () => {
  const build = (f: (b: Builder) => readonly NodeId[]): Graph => {
    const b = createBuilder();
    const outputs = f(b);
    return b.finish(outputs.map((id, i) => ({ key: `output:${i}`, id })));
  };
  const inputs = (b: Builder, n: number, ...shape: number[]) =>
    [...Array(n).keys()].map((i) => b.leaf(`input:x${i}`, real(shape, true)));
  const cases: Readonly<Record<string, Graph>> = {
    "a join of thirty": build((b) => [b.apply("concat", inputs(b, 30, 2), { axis: 0 })]),
    "a sum of forty": build((b) => [inputs(b, 40, 3).reduce((x, y) => b.add(x, y))]),
    "nine gates of one value": build((b) => {
      const [x, ...ws] = inputs(b, 10, 3);
      return [ws.map((w) => b.apply("sigmoid", [b.mul(w, x!)])).reduce((p, q) => b.mul(p, q))];
    }),
    "five hundred steps of one expression": build((b) => {
      const [x, y] = inputs(b, 2, 3);
      let v = x!;
      for (let i = 0; i < 500; i++) v = b.apply("tanh", [b.add(b.mul(v, y!), b.lit(i))]);
      return [v];
    }),
    "an expression that doubles thirty times": build((b) => {
      let v = b.apply("sigmoid", inputs(b, 1, 3));
      for (let i = 0; i < 30; i++) v = b.mul(v, b.sub(b.lit(1), v));
      return [v];
    }),
    "a matrix product of a product of a sum": build((b) => {
      const W = b.leaf("param:W", real([4, 4]));
      const [x] = inputs(b, 1, 4);
      const y = b.apply("matmul", [W, b.apply("tanh", [b.apply("matmul", [W, x!])])]);
      return [b.apply("pad", [b.apply("matmul", [W, y])], { axis: 0, before: 1, after: 1 })];
    }),
    infinities: build((b) => [
      b.apply("minimum", [inputs(b, 1, 2)[0]!, b.lit(Number.POSITIVE_INFINITY)]),
    ]),
  };

  test.each(Object.entries(cases))("%s", (_, graph) => {
    const program = scheduled(graph);
    expect(faults(graph, program)).toEqual([]);
    expect(errorOf(graph, program, SIZES, 5)).toBeLessThan(TOLERANCE);
    for (const k of kernelsOf(program)) {
      for (const e of [k.value, ...k.reductions.map((r) => r.of)]) {
        expect(treeOf(e).size).toBeLessThan(5_000);
        expect(treeOf(e).depth * 2).toBeLessThan(LIMITS.depth / 2);
      }
    }
  });
});

test("what depends on parameters alone is prepared, unless a size of the run is in it", () => {
  const b = createBuilder();
  const w = b.leaf("param:w", real([3]));
  const twice = b.apply("exp", [w]);
  const each = b.apply("expand", [b.apply("tanh", [twice])], {
    axes: [],
    dims: [],
    seq: "T",
    batch: true,
  });
  const x = b.leaf("input:x", real([3], true));
  const graph = b.finish([
    { key: "output:w", id: twice },
    { key: "output:each", id: each },
    { key: "output:x", id: b.add(x, b.mul(twice, twice)) },
  ]);
  const program = scheduled(graph);
  const shapes = (list: Program["stages"]) =>
    list.map((s) => (s.kind === "kernel" ? s.kernel.axes : []));
  expect(shapes(program.prepare)).toEqual([[3], [3], [3]]);
  expect(shapes(program.stages)).toEqual([
    ["T", "B", 3],
    ["B", 3],
  ]);
});

test("a graph that is met again has the program that it has alone", () => {
  const graphs = [...Object.values(GRAPHS).map((make) => make()), ...SEEDS.map(randomGraph)];
  const choices = new Map();
  for (const graph of graphs.flatMap((g) => Object.values(stages(g)))) {
    const alone = scheduled(graph);
    for (const _ of ["chosen", "remembered"])
      expect(schedule(graph, { placeOf: () => null, choices })).toEqual(alone);
  }
});

test("a kernel names the equations it computes, a joined product those of its parts", () => {
  const graph = optimiseForward(GRAPHS.gated!());
  const names = ["W_i", "i", "f", "g", "c", "o", "h"];
  const program = schedule(graph, {
    placeOf: (_, name) => (name !== null && names.includes(name) ? names.indexOf(name) : null),
  });
  const loop = program.stages.find((s) => s.kind === "scan");
  const places = loop?.kind === "scan" ? loop.kernels.map((k) => k.places) : [];
  const named = places.map((list) => list.map((p) => names[p]));
  expect(named.slice(1)).toEqual([
    ["i", "f", "g", "c"],
    ["o", "h"],
  ]);
});

test("programs print as reviewed", async () => {
  const program = scheduled(stages(GRAPHS.gated!()).gradient!);
  const text = `${printProgram(program)}\n${printKernels(program)}`;
  await expect(text).toMatchFileSnapshot("passes/schedule.txt");
});
