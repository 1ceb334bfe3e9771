/** @file Batches: windows, tracks, groups and records as tensors; every step in its place, once. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, gather } from "../runtime/data/batch.ts";
import { bind } from "../runtime/data/bind.ts";
import { openCodec } from "../runtime/data/codec.ts";
import { type DataDecl, parseDeclaration } from "../runtime/data/declaration.ts";
import {
  type Chunk,
  canCarry,
  planEvaluation,
  planTraining,
  type TrainPlan,
} from "../runtime/data/plan.ts";
import { accepted, boundOf, counting, input, preparedOf, refused } from "./harness/data.ts";

const plan = (extra: Partial<TrainPlan> = {}): TrainPlan => ({
  batch: 2,
  seed: 1,
  epoch: 0,
  shuffle: false,
  truncate: null,
  ...extra,
});
const x = input("x", "T", [1]);
const y = input("y", "T", [1]);
const lastY = input("y", null, [1]);

const windows: DataDecl = {
  format: "csv",
  files: ["a.csv"],
  samples: { kind: "series", windows: { length: 3, stride: 2 } },
  inputs: { x: ["a"] },
  targets: { y: ["a"] },
};
const endless: DataDecl = { ...windows, samples: { kind: "series" } };

/** Rows of a [T][B][1] tensor: what each sample sees. */
function rows(batch: Batch, of: "inputs" | "targets", name: string): number[][] {
  const { data, shape } = batch[of].get(name)!;
  if (shape.length === 2) return [...data].map((v) => [v]);
  const [steps, count] = shape as [number, number];
  return Array.from({ length: count }, (_, b) =>
    Array.from({ length: steps }, (_, t) => data[t * count + b]!),
  );
}

describe("windows", () => {
  test("of a series: inputs, and the next step's value at every step", async () => {
    const bound = await boundOf(windows, [x], [y], counting(9));
    const batches = accepted(planTraining(bound, "train", plan())).map((c) => gather(bound, c));
    expect(batches.map((b) => rows(b, "inputs", "x"))).toEqual([
      [
        [0, 1, 2],
        [2, 3, 4],
      ],
      [[4, 5, 6]],
    ]);
    expect(batches.map((b) => rows(b, "targets", "y"))).toEqual([
      [
        [1, 2, 3],
        [3, 4, 5],
      ],
      [[5, 6, 7]],
    ]);
    expect(batches[0]).toMatchObject({ sizes: { B: 2, T: 3 }, lengths: null, tokens: 6 });
    expect(batches[0]!.chunk).toMatchObject({ fresh: true, scored: true });
  });
  test("with one target a window: the value `horizon` after its last step", async () => {
    const decl: DataDecl = { ...windows, targets: { y: { columns: ["b"], horizon: 2 } } };
    const bound = await boundOf(decl, [x], [lastY], counting(9));
    const [first] = accepted(planTraining(bound, "train", plan())).map((c) => gather(bound, c));
    expect(rows(first!, "targets", "y")).toEqual([[40], [60]]);
    expect(first!.targets.get("y")!.shape).toEqual([2, 1]);
  });
  test("several columns are one input, in order", async () => {
    const decl: DataDecl = { ...windows, inputs: { x: ["b", "a"] } };
    const bound = await boundOf(decl, [input("x", "T", [2])], [y], counting(9));
    const batch = gather(bound, accepted(planTraining(bound, "train", plan()))[0]!);
    expect([...batch.inputs.get("x")!.data]).toEqual([0, 0, 20, 2, 10, 1, 30, 3, 20, 2, 40, 4]);
    expect(batch.inputs.get("x")!.shape).toEqual([3, 2, 2]);
  });
  test("never reach from one split's targets into another's", async () => {
    const settings = fc.record({
      count: fc.integer({ min: 12, max: 60 }),
      length: fc.integer({ min: 1, max: 6 }),
      stride: fc.integer({ min: 1, max: 4 }),
      horizon: fc.integer({ min: 0, max: 4 }),
      every: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(settings, async ({ count, length, stride, horizon, every }) => {
        const decl: DataDecl = {
          ...windows,
          samples: { kind: "series", windows: { length, stride } },
          targets: { y: { columns: ["a"], horizon } },
          split: { by: "time", validation: 0.25, test: 0.25 },
        };
        const bound = await boundOf(decl, [x], [every ? y : lastY], counting(count));
        const { parts } = bound.prepared;
        for (const split of ["train", "validation", "test"] as const) {
          const chunks = planEvaluation(bound, split, { batch: 3, carry: null });
          const range = parts.kind === "steps" ? parts.of[split] : { from: 0, to: 0 };
          for (const chunk of chunks) {
            const batch = gather(bound, chunk);
            for (const value of batch.targets.get("y")!.data) {
              expect(value).toBeGreaterThanOrEqual(range.from);
              expect(value).toBeLessThan(range.to);
            }
            for (const value of batch.inputs.get("x")!.data) expect(value).toBeLessThan(range.to);
          }
        }
      }),
      { seed: 8, numRuns: 100 },
    );
  });
});

describe("the order of an epoch", () => {
  const order = async (extra: Partial<TrainPlan>): Promise<number[]> => {
    const decl: DataDecl = {
      ...windows,
      samples: { kind: "series", windows: { length: 1 } },
    };
    const bound = await boundOf(decl, [x], [y], counting(12));
    return accepted(planTraining(bound, "train", plan({ shuffle: true, ...extra }))).flatMap(
      (chunk) => chunk.rows.map((r) => r.from),
    );
  };
  test("is the same for the same seed and epoch, another for others", async () => {
    const one = await order({});
    expect(await order({})).toEqual(one);
    expect(await order({ epoch: 1 })).not.toEqual(one);
    expect(await order({ seed: 2 })).not.toEqual(one);
  });
  test("has each sample once, but what does not fill a batch", async () => {
    expect([...(await order({ batch: 1 }))].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 11 }, (_, i) => i),
    );
    const some = await order({ batch: 4 });
    expect(new Set(some).size).toBe(8);
    expect(await order({ batch: 20 })).toHaveLength(11);
  });
});

describe("truncation of a series without windows", () => {
  test("parallel tracks, chunk after chunk, fresh at the start alone", async () => {
    const bound = await boundOf(endless, [x], [y], counting(12));
    const batches = accepted(planTraining(bound, "train", plan({ truncate: 2 }))).map((c) =>
      gather(bound, c),
    );
    expect(batches.map((b) => rows(b, "inputs", "x"))).toEqual([
      [
        [0, 1],
        [5, 6],
      ],
      [
        [2, 3],
        [7, 8],
      ],
      [[4], [9]],
    ]);
    expect(batches.map((b) => b.chunk.fresh)).toEqual([true, false, false]);
    expect(batches.map((b) => rows(b, "targets", "y")[0])).toEqual([[1, 2], [3, 4], [5]]);
  });
  test("covers every step once, but M mod B at the end", async () => {
    const settings = fc.record({
      count: fc.integer({ min: 2, max: 80 }),
      batch: fc.integer({ min: 1, max: 9 }),
      truncate: fc.integer({ min: 1, max: 12 }),
      horizon: fc.integer({ min: 0, max: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(settings, async ({ count, batch, truncate, horizon }) => {
        const decl: DataDecl = { ...endless, targets: { y: { columns: ["a"], horizon } } };
        const bound = await boundOf(decl, [x], [y], counting(count));
        const chunks = accepted(planTraining(bound, "train", plan({ batch, truncate })));
        const seen = chunks.flatMap((c) => [...gather(bound, c).inputs.get("x")!.data]);
        const usable = count - horizon;
        const tracks = Math.min(batch, usable);
        const used = usable - (usable % tracks);
        expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: used }, (_, i) => i));
        followOn(chunks);
      }),
      { seed: 9, numRuns: 150 },
    );
  });
  test("windows are cut into chunks too", async () => {
    const decl: DataDecl = { ...windows, samples: { kind: "series", windows: { length: 5 } } };
    const bound = await boundOf(decl, [x], [y], counting(9));
    const chunks = accepted(planTraining(bound, "train", plan({ truncate: 2 })));
    expect(chunks.map((c) => [c.steps, c.fresh])).toEqual([
      [2, true],
      [2, false],
      [1, false],
      [2, true],
      [2, false],
      [1, false],
    ]);
    followOn(chunks);
  });
  test.each([
    ["no windows and no truncation", endless, y, null, "windows"],
    ["one target a window", windows, lastY, 2, "one vector a sample"],
  ] as const)("%s is D112", async (_, decl, target, truncate, says) => {
    const bound = await boundOf(decl, [x], [target], counting(12));
    const [fault] = refused(planTraining(bound, "train", plan({ truncate })));
    expect(fault).toMatchObject({ code: "D112" });
    expect(`${fault!.message} ${fault!.help}`).toContain(says);
  });
});

/** A chunk that is not fresh goes on where the one before it ended. */
function followOn(chunks: readonly Chunk[]): void {
  chunks.forEach((chunk, i) => {
    if (chunk.fresh) return;
    const before = chunks[i - 1]!;
    expect(chunk.rows.map((r) => r.from)).toEqual(before.rows.map((r) => r.from + before.steps));
  });
}

describe("carried evaluation", () => {
  test("scores each step of the split once, after its context", async () => {
    const settings = fc.record({
      count: fc.integer({ min: 10, max: 80 }),
      batch: fc.integer({ min: 1, max: 7 }),
      chunk: fc.integer({ min: 1, max: 10 }),
      context: fc.oneof(fc.constant("all" as const), fc.integer({ min: 0, max: 20 })),
    });
    await fc.assert(
      fc.asyncProperty(settings, async ({ count, batch, chunk, context }) => {
        const split = { by: "time", validation: 0.2, test: 0.3 } as const;
        const bound = await boundOf({ ...endless, split }, [x], [y], counting(count));
        expect(canCarry(bound)).toBe(true);
        const { parts } = bound.prepared;
        const { from, to } = parts.kind === "steps" ? parts.of.test : { from: 0, to: 0 };
        const chunks = planEvaluation(bound, "test", { batch, carry: { context, chunk } });
        const scored = chunks.filter((c) => c.scored).map((c) => gather(bound, c));
        const targets = scored.flatMap((b) => [...b.targets.get("y")!.data]);
        expect(targets.sort((a, b) => a - b)).toEqual(
          Array.from({ length: to - from }, (_, i) => from + i),
        );
        followOn(chunks);
        const starts = chunks.filter((c) => c.fresh).flatMap((c) => c.rows.map((r) => r.from));
        if (context === "all") expect(Math.min(...starts)).toBe(0);
        else expect(Math.min(...starts)).toBe(from - 1 - Math.min(context, from - 1));
      }),
      { seed: 10, numRuns: 150 },
    );
  });
});

test("a split shorter than a window is scored too, where states are carried", async () => {
  const decl: DataDecl = {
    ...windows,
    samples: { kind: "series", windows: { length: 8 } },
    split: { by: "time", test: 0.2 },
  };
  const bound = await boundOf(decl, [x], [y], counting(20));
  expect(planEvaluation(bound, "test", { batch: 2, carry: null })).toEqual([]);
  const carried = planEvaluation(bound, "test", { batch: 2, carry: { context: 8, chunk: 8 } });
  const scored = carried.filter((c) => c.scored).map((c) => gather(bound, c));
  expect(scored.flatMap((b) => [...b.targets.get("y")!.data]).sort()).toEqual([16, 17, 18, 19]);
});

describe("samples of their own lengths", () => {
  const groups: DataDecl = {
    ...windows,
    samples: { kind: "groups", by: "id" },
    targets: { y: ["b"] },
  };
  const csv = "id,a,b\np,1,10\np,2,20\np,3,30\nq,4,40\nr,5,50\nr,6,60\n";
  test("groups are padded, with lengths", async () => {
    const bound = await boundOf(groups, [x], [y], csv);
    const [first, second] = accepted(planTraining(bound, "train", plan())).map((c) =>
      gather(bound, c),
    );
    expect(rows(first!, "inputs", "x")).toEqual([
      [1, 2, 3],
      [4, 0, 0],
    ]);
    expect(rows(first!, "targets", "y")).toEqual([
      [10, 20, 30],
      [40, 0, 0],
    ]);
    expect([...first!.lengths!.get("T")!.data]).toEqual([3, 1]);
    expect(first!.tokens).toBe(4);
    expect(second).toMatchObject({ lengths: null, sizes: { B: 1, T: 2 } });
  });
  test("a label a group is its last row's", async () => {
    const bound = await boundOf(groups, [x], [lastY], csv);
    const [first] = accepted(planTraining(bound, "train", plan())).map((c) => gather(bound, c));
    expect(rows(first!, "targets", "y")).toEqual([[30], [40]]);
  });
  test("padding to a multiple", async () => {
    const decl: DataDecl = { ...groups, samples: { kind: "groups", by: "id", pad: 4 } };
    const bound = await boundOf(decl, [x], [y], csv);
    const [first] = accepted(planTraining(bound, "train", plan())).map((c) => gather(bound, c));
    expect(first!.sizes).toEqual({ B: 2, T: 4 });
  });
  test("truncated: shorter samples have empty chunks at their end", async () => {
    const bound = await boundOf(groups, [x], [y], csv);
    const chunks = accepted(planTraining(bound, "train", plan({ truncate: 2 })));
    const batches = chunks.map((c) => gather(bound, c));
    expect(batches.map((b) => (b.lengths === null ? null : [...b.lengths.get("T")!.data]))).toEqual(
      [[2, 1], [1, 0], null],
    );
    expect(rows(batches[1]!, "inputs", "x")).toEqual([[3], [0]]);
  });
  test("next-token prediction of words by character", async () => {
    const decl: DataDecl = {
      format: "jsonl",
      files: ["n.jsonl"],
      samples: { kind: "records" },
      columns: { name: { type: "category", unit: "characters" } },
      inputs: { x: ["name"] },
      targets: { y: { columns: ["name"], horizon: 1 } },
    };
    const token = (name: string) => input(name, "T", [], { of: 4 });
    const lines = '{"name":"aab"}\n{"name":"b"}\n{"name":"cab"}\n';
    const bound = await boundOf(decl, [token("x")], [token("y")], lines);
    const [batch] = accepted(planTraining(bound, "train", plan())).map((c) => gather(bound, c));
    expect(batch!.inputs.get("x")!.shape).toEqual([2, 2]);
    expect(tokenRows(batch!, "inputs", "x")).toEqual([
      [1, 1],
      [3, 1],
    ]);
    expect(tokenRows(batch!, "targets", "y")).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
  test("records with two sequences have two lengths; a memory is [B][S]", async () => {
    const decl: DataDecl = {
      format: "jsonl",
      files: ["n.jsonl"],
      samples: { kind: "records" },
      inputs: { m: ["m"], x: ["x"] },
      targets: { y: ["x"] },
    };
    const lines = '{"m":[1,2,3],"x":[7]}\n{"m":[4],"x":[8,9]}\n';
    const memory = input("m", "S", [1], { memory: true });
    const bound = await boundOf(decl, [memory, x], [y], lines);
    const [batch] = accepted(planTraining(bound, "train", plan())).map((c) => gather(bound, c));
    expect(batch!.sizes).toEqual({ B: 2, S: 3, T: 2 });
    expect([...batch!.inputs.get("m")!.data]).toEqual([1, 2, 3, 4, 0, 0]);
    expect(batch!.inputs.get("m")!.shape).toEqual([2, 3, 1]);
    expect([...batch!.lengths!.get("S")!.data]).toEqual([3, 1]);
    expect([...batch!.lengths!.get("T")!.data]).toEqual([1, 2]);
  });
});

/** Rows of a [T][B] tensor of tokens. */
function tokenRows(batch: Batch, of: "inputs" | "targets", name: string): number[][] {
  const { data, shape } = batch[of].get(name)!;
  const [steps, count] = shape as [number, number];
  return Array.from({ length: count }, (_, b) =>
    Array.from({ length: steps }, (_, t) => data[t * count + b]!),
  );
}

describe("data that do not fit the model", () => {
  const cases: readonly (readonly [
    string,
    Partial<DataDecl>,
    Parameters<typeof bind>[1],
    string,
    string,
  ])[] = [
    ["input missing", { inputs: { z: ["a"] } }, { inputs: [x], targets: [y] }, "D108", "`x`"],
    ["target unknown", {}, { inputs: [x], targets: [] }, "D108", "no target `y`"],
    ["width", {}, { inputs: [input("x", "T", [3])], targets: [y] }, "D108", "takes 3"],
    [
      "tokens",
      {},
      { inputs: [input("x", "T", [], { of: 4 })], targets: [y] },
      "D110",
      "from 0 to 3",
    ],
    [
      "vocabulary",
      { columns: { a: { type: "category" } }, targets: {} },
      { inputs: [input("x", "T", [], { of: 4 })], targets: [] },
      "D110",
      "10 tokens",
    ],
    [
      "category as a number",
      { columns: { a: { type: "category" } }, targets: {} },
      { inputs: [x], targets: [] },
      "D108",
      "category",
    ],
    [
      "horizon beyond the difference",
      { columns: { a: { difference: 1 } }, targets: { y: { columns: ["a"], horizon: 3 } } },
      { inputs: [x], targets: [y] },
      "D111",
      "3 steps ahead",
    ],
    [
      "two sequences of one series",
      {},
      { inputs: [x], targets: [input("y", "S", [1])] },
      "D108",
      "lengths",
    ],
  ];
  test.each(cases)("%s", async (_, change, model, code, says) => {
    const prepared = await preparedOf({ ...windows, ...change }, counting(9));
    const faults = refused(bind(prepared, model));
    expect(faults[0]?.code).toBe(code);
    expect(faults.map((f) => f.message).join("\n")).toContain(says);
  });
  test("lists of unequal length in one record", async () => {
    const decl: DataDecl = {
      ...windows,
      format: "jsonl",
      samples: { kind: "records" },
      targets: { y: ["b"] },
    };
    const prepared = await preparedOf(decl, '{"a":[1,2],"b":[1,2]}\n{"a":[1],"b":[1,2]}\n');
    expect(refused(bind(prepared, { inputs: [x], targets: [y] }))[0]).toMatchObject({
      code: "D107",
    });
  });
});

describe("the stream's codec", () => {
  test("gives the same steps as the whole file, and undoes scale and difference", async () => {
    const decl = accepted(
      parseDeclaration({
        ...windows,
        columns: {
          d: { from: "a", difference: 2, normalise: "standard" },
          c: { from: "w", type: "category" },
        },
        inputs: { x: ["d", "b"], w: ["c"] },
        targets: { y: { columns: ["d"], horizon: 1 } },
      }),
    );
    const values = [5, 3, 8, 1, 9, 2, 7, 7, 4, 6];
    const text = values.map((v, i) => `${v},${v * v},${i % 3 === 0 ? "p" : "q"}`);
    const bound = await boundOf(
      decl,
      [input("x", "T", [2]), input("w", "T", [], { of: 3 })],
      [y],
      `a,b,w\n${text.join("\n")}\n`,
    );
    const codec = openCodec(decl, bound.prepared.fitted, [
      input("x", "T", [2]),
      input("w", "T", [], { of: 3 }),
    ]);
    const d = bound.prepared.columns.get("d")!;
    for (const [i, line] of text.entries()) {
      const [a, b, w] = line.split(",");
      const step = accepted(codec.push({ a, b, w }));
      if (i < 2) {
        expect(step).toBeNull();
        continue;
      }
      expect([...step!.get("x")!]).toEqual([d.data[i - 2], values[i]! ** 2]);
      expect([...step!.get("w")!]).toEqual([bound.prepared.columns.get("c")!.data[i - 2]]);
      if (i + 1 < values.length)
        expect(codec.restore("y", [d.data[i - 1]!])[0]).toBeCloseTo(values[i + 1]!, 12);
    }
  });
  test("refuses rows that are short, or no numbers", async () => {
    const { fitted } = await preparedOf(windows, counting(9));
    const codec = openCodec(windows, fitted, [x]);
    expect(refused(codec.push({ b: 1 }))).toMatchObject([{ code: "D104", column: "a" }]);
    expect(refused(codec.push({ a: "p" }))).toMatchObject([{ code: "D105", column: "a" }]);
    expect(refused(codec.push({ a: null }))).toMatchObject([{ code: "D106", column: "a" }]);
    expect(accepted(codec.push({ a: "2" }))!.get("x")).toEqual(Float64Array.of(2));
  });
});
