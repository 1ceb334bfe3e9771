/** @file Declarations and preparation: strictness, missing values, groups, differences, scales and
 *  vocabularies that know the training split alone. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DataDecl, parseDeclaration } from "../runtime/data/declaration.ts";
import { prepare } from "../runtime/data/prepare.ts";
import { accepted, counting, preparedOf, refused, tableOf } from "./harness/data.ts";
import { float64Npy } from "./harness/npy.ts";

const series: DataDecl = {
  format: "csv",
  files: ["a.csv"],
  samples: { kind: "series" },
  inputs: { x: ["a"] },
  targets: {},
};

describe("declarations", () => {
  test("a full one is taken as it is", () => {
    const decl = {
      ...series,
      csv: { delimiter: ";", header: false },
      missing: ["-"],
      columns: { a: { from: "A", difference: 1, normalise: "standard", missing: "drop" } },
      samples: { kind: "series", windows: { length: 3, stride: 2 } },
      targets: { y: { columns: ["a"], horizon: 2 }, z: ["a"] },
      split: { by: "time", validation: 0.1, test: 0.2 },
    };
    expect(accepted(parseDeclaration(decl))).toEqual(decl);
  });

  const wrong: readonly (readonly [name: string, change: Record<string, unknown>, says: string])[] =
    [
      ["unknown property", { colums: {} }, "colums"],
      ["unknown format", { format: "xls" }, "format"],
      ["no files", { files: [] }, "files"],
      ["unknown kind of samples", { samples: { kind: "windows" } }, "samples"],
      ["groups without by", { samples: { kind: "groups" } }, "by"],
      ["windows of no steps", { samples: { kind: "series", windows: { length: 0 } } }, "length"],
      ["difference of half a step", { columns: { a: { difference: 0.5 } } }, "difference"],
      ["negative fraction", { split: { by: "time", test: -0.1 } }, "test"],
      [
        "nothing left to train on",
        { split: { by: "time", test: 0.5, validation: 0.5 } },
        "training",
      ],
      ["series split at random", { split: { by: "rows", test: 0.5 } }, "overlap"],
      ["npy without names", { format: "npy" }, "names"],
      ["names without npy", { files: { a: "a.csv" } }, "npy"],
      ["text as records", { format: "text", samples: { kind: "records" } }, "series"],
      [
        "scaled category",
        { columns: { a: { type: "category", normalise: "minmax" } } },
        "category",
      ],
      ["unit of a number", { columns: { a: { unit: "words" } } }, "categories"],
      [
        "difference of records",
        { columns: { a: { difference: 1 } }, samples: { kind: "records" } },
        "records",
      ],
    ];
  test.each(wrong)("%s is D102", (_, change, says) => {
    const faults = refused(parseDeclaration({ ...series, ...change }, "d.json"));
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.every((f) => f.code === "D102" && f.file === "d.json")).toBe(true);
    expect(faults.map((f) => f.message).join("\n")).toContain(says);
  });
  test("anything else is D102, never an exception", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (json) => {
        expect(parseDeclaration(json).ok).toBe(false);
      }),
      { seed: 5, numRuns: 40 },
    );
  });
});

describe("cells", () => {
  test.each([
    ["1.5", 1.5],
    [" -2e3 ", -2000],
    [".5", 0.5],
    ["+7", 7],
  ])("%j is %d", async (cell, wanted) => {
    expect([...(await preparedOf(series, `a\n${cell}\n`)).columns.get("a")!.data]).toEqual([
      wanted,
    ]);
  });
  test.each(["abc", "1,5", "0x10", "1e999", "Infinity", "1 2", "2020-01-01"])(
    "%j is D105 with file, row and column",
    async (cell) => {
      const table = await tableOf(series, `a,b\n1,2\n"${cell}",2\n`);
      expect(refused(prepare(series, table))).toMatchObject([
        { code: "D105", file: "a.csv", row: 3, column: "a", path: "a.csv:3, column a" },
      ]);
    },
  );
  test("every column at fault is reported", async () => {
    const decl: DataDecl = { ...series, inputs: { x: ["a", "b", "z"] } };
    const faults = refused(prepare(decl, await tableOf(decl, "a,b\nx,\n1,y\n")));
    expect(faults.map((f) => [f.code, f.column])).toEqual([
      ["D105", "a"],
      ["D105", "b"],
      ["D104", "z"],
    ]);
  });
  test("JSON numbers, booleans and lists; lists of another length are D107", async () => {
    const decl: DataDecl = { ...series, format: "jsonl" };
    const good = await preparedOf(decl, '{"a":[1,true]}\n{"a":[0.5,-1]}\n');
    expect(good.columns.get("a")).toMatchObject({ width: 2 });
    expect([...good.columns.get("a")!.data]).toEqual([1, 1, 0.5, -1]);
    const ragged = await tableOf(decl, '{"a":[1,2]}\n{"a":[1]}\n');
    expect(refused(prepare(decl, ragged))).toMatchObject([{ code: "D107", row: 2, column: "a" }]);
  });
});

describe("missing values", () => {
  const text = "a,b\n1,1\n,2\nNA,3\n4,4\n";
  const withPolicy = (missing: "error" | "forward-fill" | "drop"): DataDecl => ({
    ...series,
    inputs: { x: ["a", "b"] },
    columns: { a: { missing } },
  });
  test("are D106 by default, at the first", async () => {
    const decl: DataDecl = { ...series, inputs: { x: ["a", "b"] } };
    const faults = refused(prepare(decl, await tableOf(decl, text)));
    expect(faults).toMatchObject([{ code: "D106", row: 3, column: "a" }]);
    expect(faults[0]!.message).toContain("2 of 4");
  });
  test("are filled and counted", async () => {
    const { columns, report } = await preparedOf(withPolicy("forward-fill"), text);
    expect([...columns.get("a")!.data]).toEqual([1, 1, 1, 4]);
    expect(report).toMatchObject({ filled: { a: 2 }, dropped: 0 });
  });
  test("are dropped with their rows, and counted", async () => {
    const { columns, report } = await preparedOf(withPolicy("drop"), text);
    expect([...columns.get("a")!.data]).toEqual([1, 4]);
    expect([...columns.get("b")!.data]).toEqual([1, 4]);
    expect(report).toMatchObject({ rows: 4, dropped: 2, steps: 2 });
  });
  test("with nothing before them cannot be filled", async () => {
    const decl = withPolicy("forward-fill");
    const table = await tableOf(decl, "a,b\n,1\n2,2\n");
    expect(refused(prepare(decl, table))).toMatchObject([{ code: "D106", row: 2, column: "a" }]);
  });
  test("of a group are not filled from the group before", async () => {
    const decl: DataDecl = {
      ...series,
      samples: { kind: "groups", by: "id" },
      columns: { a: { missing: "forward-fill" } },
    };
    const table = await tableOf(decl, "id,a\np,1\np,\nq,\nq,2\n");
    expect(refused(prepare(decl, table))).toMatchObject([{ code: "D106", row: 4 }]);
  });
});

describe("samples", () => {
  test("groups gather rows by id, in the order of their first rows", async () => {
    const decl: DataDecl = { ...series, samples: { kind: "groups", by: "id" } };
    const { columns, samples } = await preparedOf(decl, "id,a\nq,1\np,2\nq,3\np,4\nq,5\n");
    expect(samples).toBe(2);
    expect(columns.get("a")!.starts).toEqual([0, 3, 5]);
    expect([...columns.get("a")!.data]).toEqual([1, 3, 5, 2, 4]);
  });
  test("records have sequences of their own lengths, vectors, and words", async () => {
    const decl: DataDecl = {
      format: "jsonl",
      files: ["a.jsonl"],
      samples: { kind: "records" },
      columns: { v: { vector: true }, s: { type: "category", unit: "characters" } },
      inputs: { x: ["a"], v: ["v"], s: ["s"] },
      targets: {},
    };
    const lines = '{"a":[1,2,3],"v":[1,2],"s":"ab"}\n{"a":[4],"v":[3,4],"s":"bbb"}\n';
    const { columns } = await preparedOf(decl, lines);
    expect(columns.get("a")).toMatchObject({ width: 1, starts: [0, 3, 4] });
    expect(columns.get("v")).toMatchObject({ width: 2, starts: [0, 1, 2] });
    expect(columns.get("s")).toMatchObject({ width: 1, starts: [0, 2, 5] });
    expect(columns.get("s")!.fitted).toMatchObject({ tokens: ["<unknown>", "b", "a"] });
    expect([...columns.get("s")!.data]).toEqual([2, 1, 1, 1, 1]);
  });
  test("npy [samples][steps][features]", async () => {
    const decl: DataDecl = {
      format: "npy",
      files: { a: "a.npy" },
      samples: { kind: "records" },
      inputs: { x: ["a"] },
      targets: {},
    };
    const values = Array.from({ length: 12 }, (_, i) => i);
    const { columns } = await preparedOf(decl, float64Npy(values, [2, 3, 2]));
    expect(columns.get("a")).toMatchObject({ width: 2, starts: [0, 3, 6] });
    expect([...columns.get("a")!.data]).toEqual(values);
  });
  test("a random split is the same for the same seed, and loses no sample", async () => {
    const of = async (seed: number) => {
      const split = { by: "rows", validation: 0.2, test: 0.3, seed } as const;
      const decl: DataDecl = { ...series, samples: { kind: "records" }, split };
      const { parts } = await preparedOf(decl, counting(20));
      return parts.kind === "samples" ? parts.of : null;
    };
    const one = (await of(1))!;
    expect(await of(1)).toEqual(one);
    expect(await of(2)).not.toEqual(one);
    expect([one.train.length, one.validation.length, one.test.length]).toEqual([10, 4, 6]);
    const all = [...one.train, ...one.validation, ...one.test].sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

describe("what is fitted", () => {
  const held: DataDecl = {
    ...series,
    columns: { a: { normalise: "standard" } },
    split: { by: "time", validation: 0.2, test: 0.2 },
  };
  const csv = (values: readonly (number | string)[]): string => `a\n${values.join("\n")}\n`;
  const ten = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3];

  test("standard: mean 0 and deviation 1 over the training split", async () => {
    const { columns } = await preparedOf(held, csv(ten));
    const train = [...columns.get("a")!.data].slice(0, 6);
    const mean = train.reduce((s, v) => s + v, 0) / 6;
    expect(mean).toBeCloseTo(0, 12);
    expect(train.reduce((s, v) => s + (v - mean) ** 2, 0) / 6).toBeCloseTo(1, 12);
  });
  test("minmax: 0 to 1 over the training split", async () => {
    const decl: DataDecl = { ...held, columns: { a: { normalise: "minmax" } } };
    const train = [...(await preparedOf(decl, csv(ten))).columns.get("a")!.data].slice(0, 6);
    expect([Math.min(...train), Math.max(...train)]).toEqual([0, 1]);
  });
  test("a column that never varies is not divided by 0", async () => {
    const { columns } = await preparedOf(held, csv(ten.map(() => 7)));
    expect([...columns.get("a")!.data]).toEqual(ten.map(() => 0));
  });
  test("does not change with the held-out values", async () => {
    const before = await preparedOf(held, csv(ten));
    const wild = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(wild, async (end) => {
        const after = await preparedOf(held, csv([...ten.slice(0, 6), ...end]));
        expect(after.fitted).toEqual(before.fitted);
      }),
      { seed: 3, numRuns: 30 },
    );
    const changed = await preparedOf(held, csv([4, ...ten.slice(1)]));
    expect(changed.fitted).not.toEqual(before.fitted);
  });
  test("a vocabulary has the training words alone; the others are unknown and counted", async () => {
    const decl: DataDecl = { ...held, columns: { a: { type: "category" } } };
    const words = ["x", "y", "x", "z", "x", "y", "w", "x", "v", "w"];
    const { columns, report } = await preparedOf(decl, csv(words));
    expect(columns.get("a")!.fitted).toMatchObject({ tokens: ["<unknown>", "x", "y", "z"] });
    expect([...columns.get("a")!.data]).toEqual([1, 2, 1, 3, 1, 2, 0, 1, 0, 0]);
    expect(report.unknown).toEqual({ a: 3 });
  });
  test("a limited vocabulary keeps the most frequent words", async () => {
    const decl: DataDecl = { ...held, columns: { a: { type: "category", limit: 2 } } };
    const { columns } = await preparedOf(
      decl,
      csv(["x", "y", "y", "z", "y", "x", "x", "y", "y", "y"]),
    );
    expect(columns.get("a")!.fitted).toMatchObject({ tokens: ["<unknown>", "y"] });
  });
  test("in a text: characters, with the end held out", async () => {
    const decl: DataDecl = {
      format: "text",
      files: ["t.txt"],
      samples: { kind: "series" },
      inputs: { x: ["text"] },
      targets: {},
      split: { by: "time", test: 0.5 },
    };
    const { columns } = await preparedOf(decl, "aab  NAzzz");
    expect(columns.get("text")!.fitted).toMatchObject({ tokens: ["<unknown>", " ", "a", "b"] });
    expect([...columns.get("text")!.data]).toEqual([2, 2, 3, 1, 1, 0, 0, 0, 0, 0]);
  });
  test("is used again as it was given", async () => {
    const first = await preparedOf(held, csv(ten));
    const other = await tableOf(held, csv([100, 200]));
    const again = accepted(
      prepare({ ...held, split: { by: "time", test: 0.9 } }, other, first.fitted),
    );
    expect(again.fitted).toBe(first.fitted);
    const number = first.fitted.columns.a!;
    const z = number.kind === "number" ? (100 - number.offset[0]!) / number.scale[0]! : 0;
    expect(again.columns.get("a")!.data[0]).toBe(z);
  });
});

describe("differences", () => {
  test("over k steps shorten every column alike", async () => {
    const decl: DataDecl = {
      ...series,
      columns: { d: { from: "a", difference: 2 }, a: {} },
      inputs: { x: ["d", "a"] },
    };
    const { columns } = await preparedOf(decl, "a\n1\n4\n9\n16\n25\n");
    expect([...columns.get("d")!.data]).toEqual([8, 12, 16]);
    expect([...columns.get("a")!.data]).toEqual([9, 16, 25]);
  });
  test("of groups stay within a group", async () => {
    const decl: DataDecl = {
      ...series,
      samples: { kind: "groups", by: "id" },
      columns: { a: { difference: 1 } },
    };
    const { columns } = await preparedOf(decl, "id,a\np,1\np,3\nq,10\nq,15\nr,7\n");
    expect([...columns.get("a")!.data]).toEqual([2, 5]);
    expect(columns.get("a")!.starts).toEqual([0, 1, 2, 2]);
  });
  test("longer than the series leave nothing: D109", async () => {
    const decl: DataDecl = { ...series, columns: { a: { difference: 5 } } };
    expect(refused(prepare(decl, await tableOf(decl, counting(5))))).toMatchObject([
      { code: "D109" },
    ]);
  });
});
