/** @file Random numbers and initialisers: known answers, distributions, independence of names. */
import { describe, expect, test } from "vitest";
import type { ParamInfo } from "../runtime/artifact/artifact.ts";
import { INITIALISERS, type InitialiserName } from "../runtime/artifact/initialisers.ts";
import { fans, initialTensor, initialise } from "../runtime/initialise.ts";
import { keepMask, permutation, philox, random } from "../runtime/random.ts";
import "./harness/all-close.ts";

describe("Philox4x32-10", () => {
  // The known answers of Random123's own tests.
  const known: readonly (readonly [readonly number[], readonly [number, number], string])[] = [
    [[0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [Array(4).fill(0xffffffff), [0xffffffff, 0xffffffff], "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      "d16cfe09 94fdcceb 5001e420 24126ea1",
    ],
  ];
  test.each(known)("%s", (counter, key, wanted) => {
    const out = new Uint32Array(4);
    philox(Uint32Array.from(counter), key, out);
    expect([...out].map((w) => w.toString(16).padStart(8, "0")).join(" ")).toBe(wanted);
  });
});

const draw = (count: number, next: () => number) => Float64Array.from({ length: count }, next);
const mean = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length;
const variance = (x: ArrayLike<number>) => {
  const m = mean(x);
  return mean(Array.from(x, (e) => (e - m) ** 2));
};

describe("streams", () => {
  test("same arguments, same bits; any other, others", () => {
    const first = (...args: Parameters<typeof random>) => draw(8, random(...args).uniform);
    const streams: Parameters<typeof random>[] = [
      [0, "a"],
      [1, "a"],
      [2 ** 32, "a"],
      [0, "b"],
      [0, "aa"],
      [0, "a\0"],
      [0, ""],
      [0, "a", 0],
      [0, "a", 1],
      [0, "a", 0, 0],
      [0, "a long name with more than sixteen bytes"],
      [0, "a long name with more than sixteen bytez"],
      [0, "σ"],
    ];
    for (const [i, a] of streams.entries())
      for (const [j, b] of streams.entries())
        if (i === j) expect(first(...a)).toEqual(first(...b));
        else expect(first(...a)).not.toEqual(first(...b));
  });

  test("uniform and normal numbers have their moments", () => {
    const n = 40_000;
    const u = draw(n, random(5, "u").uniform);
    expect(Math.abs(mean(u) - 1 / 2)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(variance(u) - 1 / 12)).toBeLessThan(0.002);
    expect(u.every((x) => x >= 0 && x < 1)).toBe(true);
    const z = draw(n, random(5, "z").normal);
    expect(Math.abs(mean(z))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(variance(z) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(mean(z.map((x) => x ** 4))).toBeCloseTo(3, 0);
  });

  test("a permutation has each number once, and every order is likely", () => {
    const { word } = random(9, "order");
    expect([...permutation(50, { word })].sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const key = permutation(3, { word }).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect([...permutation(0, { word })]).toEqual([]);
  });

  test("keep-masks: shape, rate, and one stream a step and name", () => {
    const info = { name: "d", seq: "T", shape: [10], keep: 0.8 };
    const sizes = { B: 4, T: 100 };
    const mask = keepMask(info, sizes, 1, 0);
    expect(mask.shape).toEqual([100, 4, 10]);
    expect(new Set(mask.data)).toEqual(new Set([0, 1]));
    expect(Math.abs(mean(mask.data) - 0.8)).toBeLessThan(0.03);
    expect(keepMask(info, sizes, 1, 0)).toEqual(mask);
    expect(keepMask(info, sizes, 1, 1)).not.toEqual(mask);
    expect(keepMask({ ...info, name: "e" }, sizes, 1, 0)).not.toEqual(mask);
    expect(keepMask({ ...info, seq: null }, sizes, 1, 0).shape).toEqual([4, 10]);
    expect(new Set(keepMask({ ...info, keep: 1 }, sizes, 1, 0).data)).toEqual(new Set([1]));
    expect(new Set(keepMask({ ...info, keep: 0 }, sizes, 1, 0).data)).toEqual(new Set([0]));
  });
});

const tensor = (
  name: InitialiserName,
  shape: readonly number[],
  args: Record<string, number> = {},
) => initialTensor({ name: "W", shape, initialiser: { name, args }, place: 0 }, 3).data;

describe("initialisers", () => {
  test("fans", () => {
    expect(fans([4, 3])).toEqual({ in: 3, out: 4 });
    expect(fans([4, 3, 2])).toEqual({ in: 6, out: 4 });
    expect(fans([5])).toEqual({ in: 5, out: 5 });
    expect(fans([])).toEqual({ in: 1, out: 1 });
  });

  test("constants", () => {
    expect([...tensor("zeros", [3])]).toEqual([0, 0, 0]);
    expect([...tensor("ones", [2, 1])]).toEqual([1, 1]);
    expect([...tensor("const", [2], { value: -2 })]).toEqual([-2, -2]);
    expect([...tensor("identity", [2, 3])]).toEqual([1, 0, 0, 0, 1, 0]);
    expect([...tensor("identity", [2, 2], { gain: 0.5 })]).toEqual([0.5, 0, 0, 0.5]);
  });

  // fan_in 100, fan_out 200
  const SHAPE = [200, 100];
  const spreads: readonly (readonly [
    InitialiserName,
    Record<string, number>,
    number,
    number,
    number,
  ])[] = [
    ["uniform", { low: -1, high: 3 }, 1, 16 / 12, 2],
    ["normal", { mean: 2, std: 3 }, 2, 9, Infinity],
    ["normal", {}, 0, 1, Infinity],
    ["truncated_normal", { std: 2 }, 0, 4 * 0.7737, 4],
    ["glorot_uniform", {}, 0, 2 / 300, Math.sqrt(6 / 300)],
    ["glorot_uniform", { gain: 2 }, 0, 8 / 300, 2 * Math.sqrt(6 / 300)],
    ["glorot_normal", {}, 0, 2 / 300, Infinity],
    ["he_uniform", {}, 0, 2 / 100, Math.sqrt(6 / 100)],
    ["he_normal", {}, 0, 2 / 100, Infinity],
    ["lecun_uniform", {}, 0, 1 / 100, Math.sqrt(3 / 100)],
    ["lecun_normal", {}, 0, 1 / 100, Infinity],
    ["fan_in_uniform", {}, 0, 1 / 300, 1 / 10],
  ];
  test.each(spreads)(
    "%s %o: mean, variance, bound",
    (name, args, wantedMean, wantedVariance, bound) => {
      const data = tensor(name, SHAPE, args);
      const n = data.length;
      expect(Math.abs(mean(data) - wantedMean)).toBeLessThan(4 * Math.sqrt(wantedVariance / n));
      expect(Math.abs(variance(data) / wantedVariance - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
      const furthest = Math.max(...data.map((x) => Math.abs(x - wantedMean)));
      expect(furthest).toBeLessThanOrEqual(bound);
      if (bound < Infinity) expect(furthest).toBeGreaterThan(0.98 * bound);
    },
  );

  test("chrono: exp of a bias is uniform from 1 to T_max − 1", () => {
    const u = tensor("chrono", [20_000], { T_max: 101 }).map(Math.exp);
    expect(Math.min(...u)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...u)).toBeLessThan(100);
    expect(Math.abs(mean(u) - 50.5)).toBeLessThan(0.8);
    expect([...tensor("chrono", [2], { T_max: 2 })]).toEqual([0, 0]);
  });

  test.each([[[4, 4]], [[3, 7]], [[7, 3]], [[4, 2, 3]], [[5]]])("orthogonal %o", (shape) => {
    const gain = 1.5;
    const data = tensor("orthogonal", shape, { gain });
    const rows = shape.length < 2 ? 1 : shape[0]!;
    const columns = data.length / rows;
    const vectors = Array.from({ length: Math.min(rows, columns) }, (_, k) =>
      Array.from({ length: Math.max(rows, columns) }, (_, i) =>
        rows <= columns ? data[k * columns + i]! : data[i * columns + k]!,
      ),
    );
    const gram = vectors.flatMap((a) =>
      vectors.map((b) => a.reduce((s, x, i) => s + x * b[i]!, 0)),
    );
    const identity = vectors.flatMap((_, i) => vectors.map((_, j) => (i === j ? gain ** 2 : 0)));
    expect(gram).toBeAllClose(identity, { absolute: 1e-13 });
  });

  const param = (name: string, initialiser: InitialiserName = "normal"): ParamInfo => ({
    name,
    shape: [3, 2],
    initialiser: { name: initialiser, args: {} },
    place: 0,
  });
  test("each parameter depends on the seed and its own name alone", () => {
    const two = initialise([param("A"), param("B")], 1);
    const three = initialise([param("C", "orthogonal"), param("B"), param("A")], 1);
    expect(three.get("A")).toEqual(two.get("A"));
    expect(three.get("B")).toEqual(two.get("B"));
    expect(two.get("A")!.data).not.toEqual(two.get("B")!.data);
    expect(initialise([param("A")], 2).get("A")!.data).not.toEqual(two.get("A")!.data);
  });

  test.each(Object.entries(INITIALISERS))(
    "%s is documented, draws finite numbers, repeats",
    (name, spec) => {
      const needed: Record<string, number> = {};
      for (const arg of spec.args) if (arg.default === null) needed[arg.name] = Math.min(4, arg.to);
      const shapes = [[], [3], [2, 3], [2, 2, 2]];
      for (const shape of shapes) {
        const data = tensor(name as InitialiserName, shape, needed);
        expect(data.every(Number.isFinite)).toBe(true);
        expect(tensor(name as InitialiserName, shape, needed)).toEqual(data);
      }
      expect(spec.doc).toMatch(/\.$/);
    },
  );
});
