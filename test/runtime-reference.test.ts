/** @file The reference device: kernels against plain arithmetic, scans against a loop, errors. */
import { describe, expect, test } from "vitest";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import type { Kernel, Program } from "../runtime/artifact/kernel.ts";
import { DeviceError } from "../runtime/devices/device.ts";
import { firstNonFinite, referenceDevice } from "../runtime/devices/reference.ts";
import { add, call, lit, load, mul, red, select, size, sub, v } from "./harness/expr.ts";

const real = (label: string, ...shape: readonly (number | string)[]) =>
  ({ shape, dtype: "real", label }) as const;

function artifactOf(forward: Program, step: Program | null = null): Artifact {
  return {
    format: "cellc-artifact",
    version: 1,
    entry: { name: "Probe", kind: "cell", direction: "forward" },
    dims: {},
    hash: "0".repeat(64),
    params: [],
    inputs: [],
    outputs: [],
    states: [],
    randoms: [],
    train: null,
    source: {
      files: [{ path: "probe.cell", text: "" }],
      places: [{ of: "let y", file: 0, line: 3, column: 5 }],
      reads: {},
    },
    programs: {
      forward,
      forwardMasked: forward,
      gradient: forward,
      gradientMasked: forward,
      step,
      start: null,
      loss: null,
      lossMasked: null,
      train: null,
      trainMasked: null,
      update: null,
    },
  };
}

/** One kernel over inputs a, b, …; result y. */
async function runKernel(
  inputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[],
  out: readonly number[],
  kernel: Omit<Kernel, "out" | "places">,
  sizes: Record<string, number> = {},
): Promise<number[]> {
  const names = inputs.map((_, i) => `input:${i}`);
  const program: Program = {
    buffers: [...inputs.map((x, i) => real(`${i}`, ...x.shape)), real("y", ...out)],
    inputs: names.map((name, buffer) => ({ name, buffer })),
    outputs: [{ name: "output:y", buffer: inputs.length }],
    prepare: [],
    stages: [{ kind: "kernel", kernel: { ...kernel, out: inputs.length, places: [0] } }],
  };
  const session = await referenceDevice.open(artifactOf(program));
  for (const [i, x] of inputs.entries())
    session.write(`input:${i}`, Float64Array.from(x.data), x.shape);
  await session.run("forward", sizes);
  return [...(await session.read("output:y"))];
}

const A = { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };
const X = { shape: [3], data: [1, -1, 2] };

describe("kernels", () => {
  test("a product with its epilogue", async () => {
    const y = await runKernel([A, X], [2], {
      axes: [2],
      reductions: [
        { kind: "sum", vars: [1], extents: [3], of: mul(load(0, v(0), v(1)), load(1, v(1))) },
      ],
      value: add(red(0), lit(10)),
    });
    expect(y).toEqual([15, 21]);
  });

  test("sums over two variables, over one load, over a general term", async () => {
    const y = await runKernel([A, X], [3], {
      axes: [3],
      reductions: [
        {
          kind: "sum",
          vars: [1, 2],
          extents: [2, 3],
          of: mul(load(0, v(1), v(2)), load(1, v(2))),
        },
        { kind: "sum", vars: [1], extents: [2], of: load(0, v(1), v(0)) },
        { kind: "sum", vars: [1], extents: [3], of: call("abs", load(1, v(1))) },
      ],
      value: add(red(0), red(1), red(2)),
    });
    expect(y).toEqual([16 + 5 + 4, 16 + 7 + 4, 16 + 9 + 4]);
  });

  test("a softmax: a reduction that uses another with the same variable", async () => {
    const y = await runKernel([X], [3], {
      axes: [3],
      reductions: [
        { kind: "max", vars: [1], extents: [3], of: load(0, v(1)) },
        {
          kind: "sum",
          vars: [1],
          extents: [3],
          of: call("exp", sub(load(0, v(1)), red(0))),
        },
      ],
      value: call("div", call("exp", sub(load(0, v(0)), red(0))), red(1)),
    });
    const e = X.data.map((x) => Math.exp(x - 2));
    const total = e[0]! + e[1]! + e[2]!;
    expect(y).toEqual(e.map((x) => x / total));
  });

  test("select reads only the side it takes", async () => {
    const y = await runKernel([X], [5], {
      axes: [5],
      reductions: [],
      value: select(call("lt", v(0), lit(3)), load(0, v(0)), lit(-7)),
    });
    expect(y).toEqual([1, -1, 2, -7, -7]);
  });

  test("a reduction under the untaken side does not run", async () => {
    const y = await runKernel([A], [3], {
      axes: [3],
      reductions: [{ kind: "sum", vars: [1], extents: [3], of: load(0, v(0), v(1)) }],
      value: select(call("lt", v(0), lit(2)), red(0), lit(0)),
    });
    expect(y).toEqual([6, 15, 0]);
  });

  test("sizes, gathers by data, empty reductions", async () => {
    const y = await runKernel(
      [X, { shape: [2], data: [2, 0] }],
      [2],
      {
        axes: ["B"],
        reductions: [
          { kind: "sum", vars: [1], extents: ["T"], of: lit(1) },
          { kind: "max", vars: [1], extents: ["T"], of: lit(1) },
        ],
        value: add(load(0, load(1, v(0))), size("B"), red(0), call("max", red(1), lit(100))),
      },
      { B: 2, T: 0 },
    );
    expect(y).toEqual([104, 103]);
  });

  test("scalars: no axes", async () => {
    expect(
      await runKernel([X], [], {
        axes: [],
        reductions: [{ kind: "min", vars: [0], extents: [3], of: load(0, v(0)) }],
        value: red(0),
      }),
    ).toEqual([-1]);
  });

  test("a load outside its buffer is named, not clamped", async () => {
    await expect(
      runKernel([A], [2], { axes: [2], reductions: [], value: load(0, v(0), add(v(0), lit(2))) }),
    ).rejects.toThrow("0: index 3 on axis 1 is not in [0, 3)");
  });

  const unary: readonly (readonly [Parameters<typeof call>[0], (x: number) => number])[] = [
    ["neg", (x) => -x],
    ["abs", Math.abs],
    ["sign", Math.sign],
    ["floor", Math.floor],
    ["exp", Math.exp],
    ["expm1", Math.expm1],
    ["log", Math.log],
    ["log1p", Math.log1p],
    ["sqrt", Math.sqrt],
    ["tanh", Math.tanh],
    ["sigmoid", (x) => 1 / (1 + Math.exp(-x))],
  ];
  const XS = [-800, -2.5, -0.5, 0, 1e-9, 0.5, 3, 800];
  test.each(unary)("%s", async (fn, value) => {
    const y = await runKernel([{ shape: [8], data: XS }], [8], {
      axes: [8],
      reductions: [],
      value: call(fn, load(0, v(0))),
    });
    expect(y).toEqual(XS.map((x) => value(x)));
  });

  const binary: readonly (readonly [
    Parameters<typeof call>[0],
    (a: number, b: number) => number,
  ])[] = [
    ["add", (a, b) => a + b],
    ["sub", (a, b) => a - b],
    ["mul", (a, b) => a * b],
    ["div", (a, b) => a / b],
    ["max", Math.max],
    ["min", Math.min],
    ["pow", (a, b) => a ** b],
    ["lt", (a, b) => Number(a < b)],
    ["le", (a, b) => Number(a <= b)],
    ["gt", (a, b) => Number(a > b)],
    ["ge", (a, b) => Number(a >= b)],
    ["eq", (a, b) => Number(a === b)],
    ["ne", (a, b) => Number(a !== b)],
  ];
  test.each(binary)("%s", async (fn, value) => {
    const as = [-2, 0, 1, 2.5, 3];
    const bs = [-2, 3, 2, 2.5, -1];
    const y = await runKernel(
      [
        { shape: [5], data: as },
        { shape: [5], data: bs },
      ],
      [5],
      { axes: [5], reductions: [], value: call(fn, load(0, v(0)), load(1, v(0))) },
    );
    expect(y).toEqual(as.map((a, i) => value(a, bs[i]!)));
  });
});

/** h[t] = x[t] + 2 p + h[t-1]·g[t-1]; g[t] = h[t-1] (a second lag); p prepared from w. */
const recurrence = (reverse: boolean): Program => ({
  buffers: [
    real("x", "T", "B"),
    real("h0", "B"),
    real("w"),
    real("p"),
    real("h", "B"),
    real("g", "B"),
    real("x[t]", "B"),
    real("h[t]", "B"),
    real("y", "T", "B"),
    real("total", "B"),
    real("h end", "B"),
  ],
  inputs: [
    { name: "input:x", buffer: 0 },
    { name: "initial:h", buffer: 1 },
    { name: "param:w", buffer: 2 },
  ],
  outputs: [
    { name: "output:y", buffer: 8 },
    { name: "output:total", buffer: 9 },
    { name: "final:h", buffer: 10 },
  ],
  prepare: [
    {
      kind: "kernel",
      kernel: { out: 3, axes: [], reductions: [], value: mul(lit(2), load(2)), places: [] },
    },
  ],
  stages: [
    {
      kind: "scan",
      over: "T",
      reverse,
      carries: [
        { local: 4, init: 1, next: 7, final: 10 },
        { local: 5, init: 1, next: 4, final: null },
      ],
      slices: [{ local: 6, of: 0 }],
      collects: [{ from: 7, into: 8 }],
      sums: [{ from: 7, into: 9 }],
      kernels: [
        {
          out: 7,
          axes: ["B"],
          reductions: [],
          value: add(load(6, v(0)), load(3), mul(load(4, v(0)), load(5, v(0)))),
          places: [0],
        },
      ],
    },
  ],
});

function loop(x: readonly number[], h0: number, w: number, reverse: boolean) {
  const y = x.map(() => 0);
  let [h, g, total] = [h0, h0, 0];
  for (let i = 0; i < x.length; i++) {
    const t = reverse ? x.length - 1 - i : i;
    const next = x[t]! + 2 * w + h * g;
    [g, h] = [h, next];
    y[t] = next;
    total += next;
  }
  return { y, total, h };
}

describe("scans", () => {
  test.each([
    [false, 4],
    [true, 4],
    [false, 1],
    [true, 0],
    [false, 0],
  ])("reverse %s, %i steps", async (reverse, T) => {
    const session = await referenceDevice.open(artifactOf(recurrence(reverse)));
    const x = [0.5, -1, 2, 0.25].slice(0, T);
    session.write("input:x", Float64Array.from(x.flatMap((a) => [a, -a])), [T, 2]);
    session.write("initial:h", Float64Array.of(0.5, -0.25), [2]);
    for (const w of [0.5, 3]) {
      session.write("param:w", Float64Array.of(w), []);
      await session.run("forward", { T, B: 2 });
      const [a, b] = [
        loop(x, 0.5, w, reverse),
        loop(
          x.map((e) => -e),
          -0.25,
          w,
          reverse,
        ),
      ];
      expect([...(await session.read("output:y"))]).toEqual(a.y.flatMap((e, t) => [e, b.y[t]!]));
      expect([...(await session.read("output:total"))]).toEqual([a.total, b.total]);
      expect([...(await session.read("final:h"))]).toEqual([a.h, b.h]);
    }
  });
});

/** Two lags: s = x + s#2; state:s#2 leaves as the input's buffer of state:s. */
const laggedStep: Program = {
  buffers: [real("x", "B"), real("s", "B"), real("s2", "B"), real("w"), real("next", "B")],
  inputs: [
    { name: "input:x", buffer: 0 },
    { name: "state:s", buffer: 1 },
    { name: "state:s#2", buffer: 2 },
    { name: "param:w", buffer: 3 },
  ],
  outputs: [
    { name: "output:y", buffer: 4 },
    { name: "state:s", buffer: 4 },
    { name: "state:s#2", buffer: 1 },
  ],
  prepare: [],
  stages: [
    {
      kind: "kernel",
      kernel: {
        out: 4,
        axes: ["B"],
        reductions: [],
        value: add(load(0, v(0)), mul(load(3), load(2, v(0)))),
        places: [0],
      },
    },
  ],
};

test("the stepper steps, keeps its arrays, and sees new parameters", async () => {
  const session = await referenceDevice.open(artifactOf(recurrence(false), laggedStep));
  session.write("param:w", Float64Array.of(1), []);
  const stepper = session.stepper(1)!;
  const [x, y, s, s2] = [
    stepper.input("input:x"),
    stepper.output("output:y"),
    stepper.state("state:s"),
    stepper.state("state:s#2"),
  ];
  s[0] = 10;
  s2[0] = 20;
  const seen: number[] = [];
  for (const input of [1, 2, 3]) {
    x[0] = input;
    stepper.step();
    seen.push(y[0]!);
  }
  expect(seen).toEqual([21, 12, 24]);
  expect([s[0], s2[0]]).toEqual([24, 12]);
  session.write("param:w", Float64Array.of(0), []);
  x[0] = 5;
  stepper.step();
  expect([y[0], s2[0]]).toEqual([5, 24]);
  expect(stepper.output("output:y")).toBe(y);
  expect(() => stepper.input("input:z")).toThrow("the step has no input input:z; it has input:x");
});

describe("errors", () => {
  const open = () => referenceDevice.open(artifactOf(recurrence(false)));
  test("a missing input", async () => {
    const session = await open();
    await expect(session.run("forward", { T: 1, B: 1 })).rejects.toThrow(
      new DeviceError("forward needs input:x, which is not in the store"),
    );
  });
  test("a wrong shape", async () => {
    const session = await open();
    session.write("input:x", new Float64Array(6), [3, 2]);
    await expect(session.run("forward", { T: 2, B: 3 })).rejects.toThrow(
      new DeviceError("forward needs input:x as [2,3], but [3,2] is in the store"),
    );
    expect(() => session.write("input:x", new Float64Array(5), [3, 2])).toThrow(
      "input:x: 5 numbers do not make shape [3,2]",
    );
  });
  test("buffers beyond its memory", async () => {
    const session = await open();
    session.write("input:x", new Float64Array(1), [1, 1]);
    await expect(session.run("forward", { T: 2 ** 20, B: 2 ** 20 })).rejects.toThrow(DeviceError);
  });
  test("a missing size, a missing program, a closed session", async () => {
    const session = await open();
    await expect(session.run("forward", { T: 2 })).rejects.toThrow(
      "size B is needed and was not given",
    );
    await expect(session.run("loss", { T: 2, B: 1 })).rejects.toThrow("Probe has no program loss");
    await expect(session.read("output:y")).rejects.toThrow("nothing is stored as output:y");
    session.close();
    await expect(session.run("forward", { T: 2, B: 1 })).rejects.toThrow("the session is closed");
  });
});

describe("firstNonFinite", () => {
  const store = (x: readonly number[], h0: number) =>
    new Map([
      ["input:x", { data: Float64Array.from(x), shape: [x.length, 1] }],
      ["initial:h", { data: Float64Array.of(h0), shape: [1] }],
      ["param:w", { data: Float64Array.of(0), shape: [] }],
    ]);
  const artifact = artifactOf(recurrence(false));
  test("finite: nothing", () => {
    expect(firstNonFinite(artifact, "forward", store([1, 2], 0), { T: 2, B: 1 })).toBeNull();
  });
  test("an input", () => {
    expect(firstNonFinite(artifact, "forward", store([1, Number.NaN], 0), { T: 2, B: 1 })).toEqual({
      name: "input:x",
      kind: "input",
      step: null,
      index: [1, 0],
      value: "NaN",
      places: [],
    });
  });
  test("a kernel, at its step, with its equation", () => {
    expect(
      firstNonFinite(artifact, "forward", store([1e200, 1e200, 0], 0), { T: 3, B: 1 }),
    ).toEqual({
      name: "h[t]",
      kind: "kernel",
      step: 2,
      index: [0],
      value: "Infinity",
      places: [{ of: "let y", file: "probe.cell", line: 3, column: 5 }],
    });
  });
});
