/** @file Readers: good files give their cells, bad files give a fault with its place, and no bytes throw. */
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import type { DataDecl } from "../runtime/data/declaration.ts";
import { readTable } from "../runtime/data/read.ts";
import { readCsv } from "../runtime/data/readers/csv.ts";
import { readJsonLines } from "../runtime/data/readers/jsonl.ts";
import { readNpy } from "../runtime/data/readers/npy.ts";
import { readParquet } from "../runtime/data/readers/parquet.ts";
import { readText } from "../runtime/data/readers/text.ts";
import { stack, type Table } from "../runtime/data/table.ts";
import type { DataFault, Result } from "../runtime/data/fault.ts";
import { elements, float64Npy, npy } from "./harness/npy.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const source = (bytes: Uint8Array | string, file = "data.x") => ({
  file,
  bytes: typeof bytes === "string" ? utf8(bytes) : bytes,
});

function accepted<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.faults.map((f) => `${f.code} ${f.message}`).join("\n"));
  return result.value;
}
function refused(result: Result<unknown>): readonly DataFault[] {
  return result.ok ? [] : result.faults;
}
function cells(table: Table, name: string): readonly unknown[] {
  const column = table.columns.get(name);
  return column?.kind === "cells" ? column.cells : [...(column?.data ?? [])];
}

describe("CSV", () => {
  test.each([
    ["plain", "a,b\n1,2\n3,4\n", undefined, { a: ["1", "3"], b: ["2", "4"] }, [2, 3]],
    ["quotes", 'a,b\n"1,5","say ""x"""\n', undefined, { a: ["1,5"], b: ['say "x"'] }, [2]],
    ["blank lines and CRLF", "a\r\n1\r\n\r\n2\r\n", undefined, { a: ["1", "2"] }, [2, 4]],
    ["byte order mark", "\ufeffa\n1\n", undefined, { a: ["1"] }, [2]],
    ["semicolons", "a;b\n1;2\n", { delimiter: ";" }, { a: ["1"], b: ["2"] }, [2]],
    ["no header", "1,2\n3,4\n", { header: false }, { "0": ["1", "3"], "1": ["2", "4"] }, [1, 2]],
    ["header alone", "a,b\n", undefined, { a: [], b: [] }, []],
  ] as const)("%s", (_, text, options, wanted, rows) => {
    const table = accepted(readCsv(source(text), options));
    expect(Object.fromEntries([...table.columns.keys()].map((n) => [n, cells(table, n)]))).toEqual(
      wanted,
    );
    expect(rows.map((_row, i) => table.origin(i).row)).toEqual(rows);
  });

  test.each([
    ["short row", "a,b\n1,2\n3\n", 3, "1 fields in a row of 2 columns"],
    ["open quote", 'a,b\n1,"2\n3,4\n', 2, "quot"],
    ["header repeats", "a,b,a\n1,2,3\n", 1, '"a" more than once'],
    ["empty", "", null, "empty"],
    ["not UTF-8", new Uint8Array([97, 10, 0xff, 0xfe]), null, "UTF-8"],
  ] as const)("%s is D103", (_, bytes, row, message) => {
    const [fault] = refused(readCsv(source(bytes, "bad.csv")));
    expect(fault).toMatchObject({ code: "D103", file: "bad.csv", row });
    expect(fault?.message).toContain(message);
  });
});

describe("JSON lines", () => {
  test("keys of all lines are columns; a missing key is a missing cell", () => {
    const table = accepted(readJsonLines(source('{"a":1,"b":[1,2]}\n\n{"a":null,"c":"x"}\n')));
    expect(cells(table, "a")).toEqual([1, null]);
    expect(cells(table, "b")).toEqual([[1, 2], undefined]);
    expect(cells(table, "c")).toEqual([undefined, "x"]);
    expect(table.origin(1)).toEqual({ file: "data.x", row: 3 });
  });
  test("every bad line is reported", () => {
    const faults = refused(readJsonLines(source('{"a":1}\n{"a":\n[1]\n{"a":2}\n')));
    expect(faults.map((f) => [f.code, f.row])).toEqual([
      ["D103", 2],
      ["D103", 3],
    ]);
  });
});

describe("text", () => {
  test("characters are code points, line ends are one character", () => {
    expect(cells(accepted(readText(source("a😀\r\nb"), "characters")), "text")).toEqual([
      "a",
      "😀",
      "\n",
      "b",
    ]);
  });
  test("words keep inner apostrophes; punctuation stands alone", () => {
    expect(cells(accepted(readText(source("Don't stop, été 42!"), "words")), "text")).toEqual([
      "Don't",
      "stop",
      ",",
      "été",
      "42",
      "!",
    ]);
  });
});

describe(".npy", () => {
  const six = [0, 1, 2, 3, 4, 5];
  type Write = (view: DataView, at: number, x: number) => void;
  const writers: Readonly<Record<string, readonly [size: number, write: Write]>> = {
    "<f4": [4, (v, at, x) => v.setFloat32(at, x, true)],
    ">f4": [4, (v, at, x) => v.setFloat32(at, x)],
    "<f8": [8, (v, at, x) => v.setFloat64(at, x, true)],
    ">f8": [8, (v, at, x) => v.setFloat64(at, x)],
    "|i1": [1, (v, at, x) => v.setInt8(at, x)],
    "<i2": [2, (v, at, x) => v.setInt16(at, x, true)],
    "<i4": [4, (v, at, x) => v.setInt32(at, x, true)],
    "<i8": [8, (v, at, x) => v.setBigInt64(at, BigInt(x), true)],
    ">i8": [8, (v, at, x) => v.setBigInt64(at, BigInt(x))],
    "|u1": [1, (v, at, x) => v.setUint8(at, x)],
    "<u2": [2, (v, at, x) => v.setUint16(at, x, true)],
    "<u4": [4, (v, at, x) => v.setUint32(at, x, true)],
    "<u8": [8, (v, at, x) => v.setBigUint64(at, BigInt(x), true)],
  };
  const types = Object.entries(writers).flatMap(([descr, [size, write]]) =>
    ([1, 2, 3] as const).map((version) => [descr, version, size, write] as const),
  );
  test.each(types)("%s, format %i", (descr, version, size, write) => {
    const file = npy({ descr, version, shape: [2, 3], data: elements(six, size, write) });
    const read = accepted(readNpy(source(file)));
    expect([...read.data]).toEqual(six);
    expect(read.shape).toEqual([2, 3]);
  });
  test("a view into a longer buffer that is not aligned", () => {
    const file = float64Npy(six, [6]);
    const longer = new Uint8Array(file.length + 3);
    longer.set(file, 3);
    expect([...accepted(readNpy(source(longer.subarray(3)))).data]).toEqual(six);
  });
  test("Fortran order comes out row-major", () => {
    const data = elements([0, 3, 1, 4, 2, 5], 8, (v, at, x) => v.setFloat64(at, x, true));
    const file = npy({ descr: "<f8", fortran: true, shape: [2, 3], data });
    expect([...accepted(readNpy(source(file))).data]).toEqual(six);
  });
  test("booleans", () => {
    const file = npy({ descr: "|b1", shape: [3], data: new Uint8Array([0, 1, 1]) });
    expect([...accepted(readNpy(source(file))).data]).toEqual([0, 1, 1]);
  });
  const good = float64Npy(six, [6]);
  test.each([
    ["not npy", utf8("hello, this is text"), "not an .npy file"],
    ["cut short", good.subarray(0, good.length - 1), "needs 48 bytes of data; there are 47"],
    ["too long", new Uint8Array([...good, 0]), "needs 48 bytes of data; there are 49"],
    ["complex", npy({ descr: "<c16", shape: [1], data: new Uint8Array(16) }), "'<c16'"],
    ["objects", npy({ descr: "|O", shape: [1], data: new Uint8Array(8) }), "element type"],
    ["no axes", npy({ descr: "<f8", shape: [], data: new Uint8Array(8) }), "no axes"],
    [
      "beyond 2^53",
      npy({ descr: "<i8", shape: [1], data: new Uint8Array([1, 0, 0, 0, 0, 0, 0x20, 0]) }),
      "2^53",
    ],
    [
      "huge shape",
      npy({ descr: "<f8", shape: [2 ** 40, 2 ** 40], data: new Uint8Array(8) }),
      "bytes of data",
    ],
  ] as const)("%s is D103", (_, bytes, message) => {
    const [fault] = refused(readNpy(source(bytes, "bad.npy")));
    expect(fault).toMatchObject({ code: "D103", file: "bad.npy" });
    expect(fault?.message).toContain(message);
  });
});

describe("Parquet", () => {
  const bytes = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "n", data: [1.5, null, 3], type: "DOUBLE" },
        { name: "i", data: [1n, 2n, 3n], type: "INT64" },
        { name: "s", data: ["a", "b", "a"], type: "STRING" },
      ],
    }),
  );
  test("columns of numbers, whole numbers and words", async () => {
    const table = accepted(await readParquet(source(bytes)));
    expect(table.rows).toBe(3);
    expect(cells(table, "n")).toEqual([1.5, null, 3]);
    expect(cells(table, "i")).toEqual([1n, 2n, 3n]);
    expect(cells(table, "s")).toEqual(["a", "b", "a"]);
  });
  const isTableOrFault = async (bad: Uint8Array): Promise<boolean> => {
    const read = await readParquet(source(bad));
    return read.ok || read.faults.every((f) => f.code === "D103");
  };
  test("a file with any byte of its footer changed ends in a table or a fault", async () => {
    const footer = bytes.length - 8 - new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
    for (let at = footer; at < bytes.length; at++)
      for (const to of [0, 1, 0x19, 0x1c, 0x7f, 0x80, 0xff]) {
        const bad = bytes.slice();
        bad[at] = to;
        expect(await isTableOrFault(bad)).toBe(true);
      }
  });
  test("a file cut anywhere ends in a fault", async () => {
    for (let end = 0; end < bytes.length; end++)
      expect((await readParquet(source(bytes.slice(0, end)))).ok).toBe(false);
  });
  test("a page without a size is D103, not a loop without end", async () => {
    const bad = bytes.slice();
    bad[21] = 0x80;
    expect(refused(await readParquet(source(bad, "bad.parquet")))).toMatchObject([
      { code: "D103", file: "bad.parquet" },
    ]);
  });
});

describe("any bytes", () => {
  const formats: readonly DataDecl["format"][] = ["csv", "jsonl", "npy", "parquet", "text"];
  const seeds = [
    utf8("a,b\n1,2\n"),
    utf8('{"a":[1,2,{"b":null}]}\n'),
    float64Npy([1, 2], [2]),
  ] as const;
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ maxLength: 100 }).map(utf8),
    fc
      .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }))
      .map(([seed, edits]) => {
        const bytes = seed.slice();
        for (const [at, to] of edits) bytes[at % bytes.length] = to;
        return bytes;
      }),
  );
  test.each(formats)("%s: a table or faults with a file, never an exception", async (format) => {
    const decl: DataDecl = {
      format,
      files: format === "npy" ? { x: "f" } : ["f"],
      samples: { kind: "series" },
      inputs: { x: ["x"] },
      targets: {},
    };
    await fc.assert(
      fc.asyncProperty(anyBytes, async (bytes) => {
        const read = await readTable(decl, [source(bytes, "f")]);
        if (!read.ok) {
          expect(read.faults.length).toBeGreaterThan(0);
          expect(read.faults.every((f) => f.file === "f" && f.code === "D103")).toBe(true);
        }
      }),
      { seed: 12, numRuns: 300 },
    );
  });
});

describe("several files", () => {
  const one = accepted(readCsv(source("a,b\n1,2\n", "one.csv")));
  const two = accepted(readCsv(source("b,a\n4,3\n6,5\n", "two.csv")));
  test("are one table, by column name; a row knows its file", () => {
    const both = accepted(stack([one, two]));
    expect(cells(both, "a")).toEqual(["1", "3", "5"]);
    expect([0, 1, 2].map(both.origin)).toEqual([
      { file: "one.csv", row: 2 },
      { file: "two.csv", row: 2 },
      { file: "two.csv", row: 3 },
    ]);
  });
  test("with other columns are D103 at the file", () => {
    const odd = accepted(readCsv(source("a,c\n1,2\n", "odd.csv")));
    expect(refused(stack([one, odd]))).toMatchObject([{ code: "D103", file: "odd.csv" }]);
  });
  test("npy arrays of other lengths are D107", async () => {
    const decl: DataDecl = {
      format: "npy",
      files: { x: "x.npy", y: "y.npy" },
      samples: { kind: "series" },
      inputs: { x: ["x"] },
      targets: { y: ["y"] },
    };
    const sources = [
      source(float64Npy([1, 2], [2]), "x.npy"),
      source(float64Npy([1, 2, 3], [3]), "y.npy"),
    ];
    expect(refused(await readTable(decl, sources))).toMatchObject([
      { code: "D107", file: "y.npy" },
    ]);
  });
});
