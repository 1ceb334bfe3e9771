/** @file The text of kernels: made of our own words and numbers, whatever an artifact is called. */
import { describe, expect, test } from "vitest";
import type { Kernel, Program, Stage } from "../runtime/artifact/kernel.ts";
import { shapeOf } from "../runtime/artifact/extent.ts";
import { code, real, whole } from "../runtime/devices/gpujs/code.ts";
import { layoutOf } from "../runtime/devices/gpujs/layout.ts";
import { BACKENDS } from "../runtime/devices/gpujs/library.ts";
import { print } from "../runtime/devices/gpujs/print.ts";
import { targetOf } from "../runtime/devices/gpujs/targets.ts";
import { call, lit, load, mul, red, v } from "./harness/expr.ts";
import { cases } from "./harness/programs.ts";

const WORDS =
  /^(?:function|let|for|if|else|return|this\.thread\.[xyz]|Math\.(?:abs|floor|sqrt|exp|expm1|log|log1p|tanh|pow|min|max)|Infinity|[aiv]\d+|t|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\+\+|[=<>]=|[-+*/<>=?:;,(){}[\]]|\s+)+$/;

function kernelsOf({ prepare, stages }: Program): readonly Kernel[] {
  const of = (stage: Stage): readonly Kernel[] =>
    stage.kind === "kernel" ? [stage.kernel] : stage.kernels;
  return [...prepare, ...stages].flatMap(of);
}

describe.each(BACKENDS)("%s", (backend) => {
  test("prints nothing but its own vocabulary", () => {
    for (const { artifact, program, sizes } of cases()) {
      const { buffers } = artifact.programs[program]!;
      for (const kernel of kernelsOf(artifact.programs[program]!)) {
        const extents = (id: number) => shapeOf(buffers[id]!.shape, sizes);
        const { text } = print(kernel, extents, sizes, targetOf(backend));
        expect(text).toMatch(WORDS);
      }
    }
  });

  test("labels, symbols and places never reach it", () => {
    const evil = "B); while (true) {} (";
    const kernel: Kernel = {
      out: 1,
      axes: [evil, 3],
      reductions: [
        { kind: "sum", vars: [2], extents: [evil], of: mul(load(0, v(2), v(1)), { size: evil }) },
      ],
      value: red(0),
      places: [],
    };
    const { text } = print(kernel, () => [5, 3], { [evil]: 5 }, targetOf(backend));
    expect(text).toMatch(WORDS);
    expect(text).not.toContain("while");
  });
});

test("numbers print as numbers only", () => {
  expect([0.1, -2, 1e-7, 1e300, -1e300, 1e-60, 0].map(real)).toEqual([
    "0.1",
    "(-2)",
    "1e-7",
    "3.4028234663852886e+38",
    "(-3.4028234663852886e+38)",
    "0",
    "0",
  ]);
  expect(() => real(Number.NaN)).toThrow(RangeError);
  for (const n of [-1, 0.5, Number.NaN, 2 ** 60]) expect(() => whole(n)).toThrow(RangeError);
  expect(code`${whole(3)} + ${real(0.5)}`).toBe("3 + 0.5");
});

describe("layouts", () => {
  const any = () => true;
  test.each([
    [[], [1]],
    [[1, 1], [1]],
    [[1, 7], [7]],
    [
      [5, 7],
      [7, 5],
    ],
    [
      [2, 1, 3, 4],
      [4, 3, 2],
    ],
    [
      [2, 3, 4, 5],
      [5, 4, 6],
    ],
    [
      [2, 3, 4, 5, 6],
      [6, 5, 24],
    ],
  ])("%j is %j", (extents, dims) => {
    expect(layoutOf(extents, any).dims).toEqual(dims);
  });

  test("shapes a backend cannot hold are shared otherwise, or refused", () => {
    const { fits } = targetOf("webgl");
    expect(layoutOf([2, 5000], fits).dims).toEqual([5000, 1, 2]);
    expect(layoutOf([2, 100, 5000], fits).dims).toEqual([5000, 100, 2]);
    const webgpu = targetOf("webgpu");
    expect(layoutOf([3000, 32, 4, 8], webgpu.fits).dims).toEqual([8, 128, 3000]);
    expect(() => layoutOf([2 ** 20, 2 ** 20], webgpu.fits)).toThrow(/too large/);
  });
});

test("a product is four rows a thread where results are read at once", () => {
  const kernel: Kernel = {
    out: 2,
    axes: [10, 6],
    reductions: [
      { kind: "sum", vars: [2], extents: [9], of: mul(load(0, v(0), v(2)), load(1, v(2), v(1))) },
    ],
    value: call("max", red(0), lit(0)),
    places: [],
  };
  const extents = [
    [10, 9],
    [9, 6],
    [10, 6],
  ];
  const blocked = print(kernel, (id) => extents[id]!, {}, targetOf("webasm"));
  expect(blocked.blocking).toEqual({ axis: 0, rows: 10, groups: 3, ragged: true });
  expect(blocked.output).toEqual([6, 3]);
  expect(blocked.text.match(/a1\[/g)).toHaveLength(1);
  expect(print(kernel, (id) => extents[id]!, {}, targetOf("webgpu")).blocking).toBeNull();
});
