/** @file Safetensors: round trips to the bit, other writers' files, damaged files, weights of other models. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { referenceDevice } from "../runtime/devices/reference.ts";
import { openModel } from "../runtime/model.ts";
import { loadTensors, saveTensors } from "../runtime/safetensors.ts";
import type { Tensor } from "../runtime/values.ts";
import { crc32 } from "../runtime/crc32.ts";
import { probe } from "./harness/probe.ts";

const bytesOf = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Any bits, NaNs and −0 among them. */
const tensorArb: fc.Arbitrary<Tensor> = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }), fc.boolean())
  .chain(([shape, wide]) => {
    const count = shape.reduce((p, e) => p * e, 1);
    const length = count * (wide ? 8 : 4);
    return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => {
      const { buffer } = bytes.slice();
      return { data: wide ? new Float64Array(buffer) : new Float32Array(buffer), shape };
    });
  });
const fileArb = fc.record({
  tensors: fc.dictionary(
    fc.string({ maxLength: 8 }).filter((n) => n !== "__metadata__"),
    tensorArb,
    { maxKeys: 4 },
  ),
  metadata: fc.dictionary(
    fc.string({ maxLength: 8 }).filter((n) => n !== "crc32"),
    fc.string({ maxLength: 12 }),
    { maxKeys: 3 },
  ),
});

test("CRC-32 of the standard's check string", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
});

describe("round trips", () => {
  test("to the bit; the same bytes in any order; data aligned to 8 bytes", () => {
    fc.assert(
      fc.property(fileArb, ({ tensors, metadata }) => {
        const entries = Object.entries(tensors);
        const bytes = saveTensors(new Map(entries), metadata);
        expect(saveTensors(new Map(entries.toReversed()), metadata)).toEqual(bytes);
        expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
        const file = loadTensors(bytes);
        if (!file.ok) throw new Error(file.faults[0]!.message);
        expect(Object.entries(file.value.metadata).sort()).toEqual(Object.entries(metadata).sort());
        expect([...file.value.tensors.keys()]).toEqual(
          entries.map(([n]) => n).sort((a, b) => (a < b ? -1 : 1)),
        );
        for (const [name, tensor] of entries) {
          const back = file.value.tensors.get(name)!;
          expect(back.shape).toEqual(tensor.shape);
          expect(back.data.BYTES_PER_ELEMENT).toBe(tensor.data.BYTES_PER_ELEMENT);
          expect(bytesOf(back)).toEqual(bytesOf(tensor));
        }
      }),
      { seed: 11, numRuns: 200 },
    );
  });

  test("from the middle of a larger buffer", () => {
    const tensors = new Map([["a", { data: Float64Array.of(1, 2), shape: [2] }]]);
    const bytes = saveTensors(tensors);
    const larger = new Uint8Array(bytes.length + 10);
    larger.set(bytes, 3);
    const file = loadTensors(larger.subarray(3, 3 + bytes.length));
    expect(file.ok && file.value.tensors).toEqual(tensors);
  });

  test("what cannot be saved", () => {
    const tensor = { data: Float64Array.of(1), shape: [1] };
    expect(() => saveTensors(new Map([["__metadata__", tensor]]))).toThrow("R303");
    expect(() => saveTensors(new Map([["a", { ...tensor, shape: [2] }]]))).toThrow("R303");
  });
});

/** A file as another writer makes it: header and data given as they are. */
function file(header: unknown, data: readonly number[] = [], length?: number): Uint8Array {
  const text = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}
const entry = (from: number, to: number, more: object = {}) => ({
  dtype: "F32",
  shape: [(to - from) / 4],
  data_offsets: [from, to],
  ...more,
});

describe("other writers' files", () => {
  test("no metadata, unaligned data, any order of names", () => {
    const read = loadTensors(
      file({ b: entry(4, 8), a: entry(0, 4) }, [0, 0, 128, 63, 0, 0, 0, 64]),
    );
    expect(read.ok && [...read.value.tensors]).toEqual([
      ["a", { data: Float32Array.of(1), shape: [1] }],
      ["b", { data: Float32Array.of(2), shape: [1] }],
    ]);
  });

  const EIGHT = [1, 2, 3, 4, 5, 6, 7, 8];
  const refused: readonly (readonly [string, Uint8Array, string])[] = [
    ["empty", new Uint8Array(0), "shorter than 8 bytes"],
    ["header longer than the file", file({}, [], 99), "claims 99 bytes"],
    ["header of 2⁶³ bytes", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128), "claims 9223372036854775808"],
    ["not JSON", file("{"), "not JSON"],
    ["not UTF-8", file("{}", []).map((b, i) => (i === 8 ? 0xff : b)), "not JSON"],
    ["an array", file([]), "not a JSON object"],
    ["metadata not strings", file({ __metadata__: { a: 1 } }), "not an object of strings"],
    ["no object", file({ a: 1 }), "described by no object"],
    ["unknown field", file({ a: entry(0, 4, { x: 1 }) }, [1, 2, 3, 4]), 'unknown field "x"'],
    ["another dtype", file({ a: entry(0, 4, { dtype: "BF16" }) }, [1, 2, 3, 4]), "not F32 or F64"],
    [
      "negative shape",
      file({ a: entry(0, 4, { shape: [-1, -1] }) }, [1, 2, 3, 4]),
      "not a list of whole",
    ],
    [
      "shape and offsets disagree",
      file({ a: entry(0, 4, { shape: [2] }) }, [1, 2, 3, 4]),
      "takes 8 bytes",
    ],
    [
      "enormous shape",
      file({ a: entry(0, 4, { shape: [2 ** 40, 2 ** 40] }) }, [1, 2, 3, 4]),
      "bytes; offsets",
    ],
    ["overlap", file({ a: entry(0, 8), b: entry(4, 8) }, EIGHT), "starts at 4, not 8"],
    ["gap", file({ a: entry(4, 8) }, EIGHT), "starts at 4, not 0"],
    ["too little data", file({ a: entry(0, 8) }, [1, 2, 3, 4]), "take 8 bytes; 4 follow"],
    ["too much data", file({ a: entry(0, 4) }, EIGHT), "take 4 bytes; 8 follow"],
    [
      "three offsets",
      file({ a: entry(0, 4, { data_offsets: [0, 4, 4] }) }, [1, 2, 3, 4]),
      "not two whole",
    ],
  ];
  test.each(refused)("%s", (_, bytes, why) => {
    const result = loadTensors(bytes);
    expect(result.ok).toBe(false);
    if (!result.ok)
      expect(result.faults[0]).toMatchObject({
        code: "R301",
        message: expect.stringContaining(why),
      });
  });
});

describe("damaged files", () => {
  const sample = saveTensors(
    new Map([
      ["W", { data: Float64Array.of(1, -2, 3, 4), shape: [2, 2] }],
      ["b", { data: Float32Array.of(0.5), shape: [] }],
    ]),
    { hash: "abc" },
  );
  const intact = loadTensors(sample);
  /** Refused, or the same but for the checksum's own name. */
  const holds = (bytes: Uint8Array): void => {
    const result = loadTensors(bytes);
    if (!result.ok) expect(result.faults[0]!.code).toBe("R301");
    else if (intact.ok) expect(result.value.tensors).toEqual(intact.value.tensors);
  };

  test("every single bit", () => {
    for (let bit = 0; bit < sample.length * 8; bit++) {
      const bytes = sample.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      holds(bytes);
    }
  });

  test("every cut, and bytes added", () => {
    for (let n = 0; n < sample.length; n++)
      expect(loadTensors(sample.subarray(0, n)).ok).toBe(false);
    expect(loadTensors(Uint8Array.from([...sample, 0])).ok).toBe(false);
  });

  test("bytes replaced, inserted, removed at random", () => {
    const edit = fc.tuple(
      fc.nat(sample.length - 1),
      fc.constantFrom(0, 1, 2),
      fc.uint8Array({ minLength: 1, maxLength: 4 }),
    );
    fc.assert(
      fc.property(edit, ([at, removed, inserted]) => {
        holds(
          Uint8Array.from([...sample.slice(0, at), ...inserted, ...sample.slice(at + removed)]),
        );
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  test("bytes of anything", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(loadTensors(bytes).ok).toBe(false);
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});

describe("weights", () => {
  test("save, load: the same bits; another model refuses, and takes them when told to", async () => {
    const a = await openModel(probe(), referenceDevice, 1);
    const bytes = await a.saveWeights({ note: "of the test" });
    const b = await openModel(probe(), referenceDevice, 2);
    await b.loadWeights(bytes);
    expect(await b.params()).toEqual(await a.params());

    const other = await openModel({ ...probe(), hash: "0".repeat(64) }, referenceDevice, 2);
    await expect(other.loadWeights(bytes)).rejects.toThrow(
      "R302 the weights are of Probe with hash 5eed5eed5eed…; Probe has 000000000000…",
    );
    await other.loadWeights(bytes, { allowHash: true });
    expect(await other.params()).toEqual(await a.params());
  });

  test("what does not fit is named", async () => {
    const model = await openModel(probe(), referenceDevice, 1);
    const { W, U, E } = await model.params();
    const bytes = saveTensors(new Map(Object.entries({ W: U!, U: U!, E: E!, g: W! })), {
      hash: probe().hash,
    });
    await expect(model.loadWeights(bytes)).rejects.toThrow(
      [
        "R202 params.g: there is no parameter `g` (it has W, U, E, h0)",
        "R203 params.W: parameter `W` is [2, 2]; [2, 3] is needed",
        "R201 params.h0: parameter `h0` is missing",
      ].join("\n"),
    );
    await expect(model.loadWeights(saveTensors(new Map()))).rejects.toThrow(
      "R302 the file does not say which model its weights are of",
    );
    await expect(model.loadWeights(new Uint8Array(3))).rejects.toThrow(
      "R301 it is shorter than 8 bytes",
    );
  });
});

test("a Buffer, which shares a larger memory, is read as the same bytes are", () => {
  const file = saveTensors(new Map([["w", { data: Float32Array.of(1, 2, 3), shape: [3] }]]), {});
  const pool = Buffer.alloc(file.length + 64, 7);
  pool.set(file, 32);
  const read = loadTensors(pool.subarray(32, 32 + file.length));
  expect(read.ok && [...read.value.tensors.get("w")!.data]).toEqual([1, 2, 3]);
});
