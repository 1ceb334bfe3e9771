/** @file Pieces of a graph: kernels stay within them, equal ones are chosen for once. */
import { describe, expect, test } from "vitest";
import { optimiseBackward, optimiseForward } from "../compiler/5-optimise/passes.ts";
import { arrangeJoins } from "../compiler/6-schedule/arrange-joins.ts";
import { createBuffers } from "../compiler/6-schedule/buffers.ts";
import type { Choices } from "../compiler/6-schedule/choices.ts";
import { createDrafts } from "../compiler/6-schedule/drafts.ts";
import { liveness } from "../compiler/6-schedule/liveness.ts";
import { partition, type Whole } from "../compiler/6-schedule/partition.ts";
import { piecesOf, usersOf } from "../compiler/6-schedule/pieces.ts";
import { mainSite } from "../compiler/6-schedule/sites.ts";
import { schedule } from "../compiler/6-schedule/schedule.ts";
import { updateGraph } from "../compiler/3-lower/train.ts";
import { createBuilder } from "../compiler/ir/builder.ts";
import { type Graph, type NodeId, reads, real } from "../compiler/ir/ir.ts";
import { OPTIMISERS, type OptimiserName } from "../compiler/optimisers/table.ts";
import { GRAPHS } from "./harness/graphs.ts";
import { withGradients } from "./harness/optimised.ts";
import { randomGraph } from "./harness/random-graphs.ts";

const ZEROS = { name: "zeros", args: {} } as const;
const update = (name: OptimiserName, shapes: readonly (readonly number[])[]): Graph =>
  optimiseForward(
    updateGraph(
      name,
      shapes.map((shape, i) => ({ name: `p${i}`, shape, initialiser: ZEROS, place: 0 })),
    ),
  );

const siteOf = (graph: Graph): Whole => mainSite(graph, liveness(graph), createBuffers());

/** Outputs that a kernel has to write, and what loops take. */
const rootsOf = (graph: Graph): readonly NodeId[] => {
  const taken = graph.nodes.flatMap((n) => (n.kind === "scan" ? reads(n) : []));
  const ids = new Set([...graph.outputs.map((o) => o.id), ...taken]);
  return [...ids].filter((id) => ["apply", "const"].includes(graph.nodes[id]!.kind));
};

const graphs: Readonly<Record<string, () => Graph>> = {
  ...Object.fromEntries(
    Object.entries(GRAPHS).map(([name, make]) => [
      name,
      () => optimiseBackward(withGradients(optimiseForward(make()))),
    ]),
  ),
  ...Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`random ${i}`, () => optimiseForward(randomGraph(i))]),
  ),
  adam: () => update("adam", [[128, 128], [128], [128, 128], [128]]),
};

test.each(Object.entries(graphs))("%s: no kernel computes another piece's nodes", (_, make) => {
  const graph = arrangeJoins(make());
  const site = siteOf(graph);
  const drafts = partition(site, rootsOf(graph), new Map());
  // Whatever was stored first, the pieces of the end are parts of those of the start.
  const pieces = piecesOf(site, new Set(drafts.keys()), usersOf(site));
  for (const d of drafts.values()) {
    const own = pieces.filter((p) => p.ids.includes(d.root));
    const within = (id: NodeId) => own.some((p) => p.ids.includes(id));
    expect([...d.inlined.keys()].filter((id) => !within(id))).toEqual([]);
  }
});

test.each(Object.entries(graphs))(
  "%s: loading a value saves no more than was bounded",
  (_, make) => {
    const graph = arrangeJoins(make());
    const site = siteOf(graph);
    const stored = new Set(rootsOf(graph));
    const drafts = createDrafts(site, stored);
    const isJoin = (id: NodeId) => {
      const node = site.node(id);
      return node.kind === "apply" && node.op === "concat";
    };
    for (const root of stored) {
      const whole = drafts.of(root, []);
      for (const id of whole.inlined.keys()) {
        // Pieces of a join can be loaded from it: what that saves is not bounded here.
        if (id === root || isJoin(id)) continue;
        const saved = drafts.costOf(whole) - drafts.costOf(drafts.of(root, [id]));
        expect(saved, `${id} in ${root}`).toBeLessThanOrEqual(drafts.spared(whole, id) + 1e-6);
      }
    }
  },
);

describe("an optimiser does the same to every parameter", () => {
  test.each(Object.keys(OPTIMISERS) as OptimiserName[])("%s", (name) => {
    const choices = (count: number): Choices => {
      const made: Choices = new Map();
      const shapes = Array.from({ length: count }, () => [128, 128]);
      schedule(update(name, shapes), { placeOf: () => null, choices: made });
      return made;
    };
    // What is chosen for one is chosen for all: more parameters change the norm's kernels alone.
    expect(choices(6).size).toBe(choices(5).size);
  });

  test("kernels a parameter", () => {
    const kernels = (count: number): number => {
      const shapes = Array.from({ length: count }, () => [128, 128]);
      return schedule(update("adam", shapes), { placeOf: () => null }).stages.length;
    };
    // The gradient as it is used, both moments, the parameter.
    expect(kernels(3) - kernels(2)).toBe(4);
  });
});

test("a cheap value that several kernels compute for themselves keeps no pieces together", () => {
  const b = createBuilder();
  const [x, y, limit] = [real([64, 64]), real([64, 64]), real([])].map((t, i) => b.leaf(`${i}`, t));
  const kept = b.apply("minimum", [x!, limit!]);
  const [p, q] = [b.mul(kept, y!), b.apply("tanh", [kept])];
  const graph = b.finish([
    { key: "p", id: p },
    { key: "q", id: q },
  ]);
  const site = siteOf(graph);
  const pieces = piecesOf(site, new Set([p, q]), usersOf(site));
  expect(pieces.map(({ ids }) => ids)).toEqual([
    [kept, p],
    [kept, q],
  ]);
  expect(pieces.map(({ shared }) => [...shared])).toEqual([[kept], [kept]]);
});
