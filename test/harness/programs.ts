/** @file Programs that every device must run alike. In: nothing; values are seeded. Out: cases by name.
 *  Never through the compiler; each shows one thing a schedule may hold. */
import type { Artifact } from "../../runtime/artifact/artifact.ts";
import {
  BINARY,
  type Expr,
  type Extent,
  type Program,
  UNARY,
} from "../../runtime/artifact/kernel.ts";
import type { Sizes } from "../../runtime/devices/device.ts";
import { add, call, lit, load, mul, select, size, sub } from "./expr.ts";
import { lstmPrograms } from "./lstm-program.ts";
import { type Element, type ProgramBuilder, programBuilder } from "./program.ts";
import type { Case, CaseTensor } from "./run-case.ts";
import { scanPrograms } from "./scan-programs.ts";
import { sessionCases } from "./session-cases.ts";

/** A program by hand: `fill` gives an input's values where noise will not do. */
export interface Handmade {
  readonly name: string;
  readonly sizes: readonly Sizes[];
  readonly build: (p: ProgramBuilder) => void;
  readonly fill?: Readonly<Record<string, (index: number, sizes: Sizes) => number>>;
}

/**
 * Joins of x [B, 11] and u [B, 7]. columns, in ranges: x₀…₆ and tanh u, then tanh u alone, four of x, then the first
 * again, negative, and x₄…₁₀. rows: x₀, 2 x₀ and x₀².
 */
export function stackedJoins(x: number, u: number): Readonly<Record<"columns" | "rows", Element>> {
  const ranges = (at: Expr, pieces: readonly (readonly [number, (i: Expr) => Expr])[]): Expr => {
    let begin = 0;
    const all = pieces.map(([length, of]) => {
      const from = begin;
      begin += length;
      return { end: begin, value: of(from === 0 ? at : add(at, lit(-from))) };
    });
    return all.reduceRight<Expr | null>(
      (rest, { end, value }) =>
        rest === null ? value : select(call("lt", at, lit(end)), value, rest),
      null,
    )!;
  };
  return {
    columns: ([b, j]) => {
      const both = (i: Expr) => add(load(x, b!, i), call("tanh", load(u, b!, i)));
      return ranges(j!, [
        [7, both],
        [7, (i) => call("tanh", load(u, b!, i))],
        [4, (i) => load(x, b!, i)],
        [7, (i) => call("neg", both(i))],
        [7, (i) => load(x, b!, add(i, lit(4)))],
      ]);
    },
    rows: ([i, j]) => {
      const first = load(x, lit(0), j!);
      return ranges(i!, [
        [1, () => first],
        [1, () => mul(lit(2), first)],
        [1, () => mul(first, first)],
      ]);
    },
  };
}

/** Every case: each program at each of its sizes. */
export function cases(): readonly Case[] {
  return [
    ...[...kernelPrograms(), ...scanPrograms(), ...lstmPrograms()].flatMap(casesOf),
    ...sessionCases(),
  ];
}

export function casesOf({ name, sizes, build, fill }: Handmade): readonly Case[] {
  const p = programBuilder();
  build(p);
  const program = p.done();
  const artifact = artifactOf(program);
  return sizes.map((at) => ({
    name: `${name} ${Object.entries(at)
      .map(([symbol, n]) => `${symbol}=${n}`)
      .join(" ")}`.trim(),
    artifact,
    program: "forward",
    sizes: at,
    inputs: inputsOf(program, at, fill ?? {}),
  }));
}

function inputsOf(program: Program, sizes: Sizes, fill: NonNullable<Handmade["fill"]>) {
  const inputs: Record<string, CaseTensor> = {};
  for (const [i, { name, buffer }] of program.inputs.entries()) {
    const shape = program.buffers[buffer]!.shape.map((e) =>
      typeof e === "number" ? e : sizes[e]!,
    );
    const count = shape.reduce((product, extent) => product * extent, 1);
    const scale = name.startsWith("param:") ? 0.3 : 1;
    const next = noise(i + 1);
    const value = fill[name];
    inputs[name] = {
      shape,
      data: Array.from({ length: count }, (_, k) => (value ? value(k, sizes) : scale * next())),
    };
  }
  return inputs;
}

/** Seeded values in (-1, 1): mulberry32. */
function noise(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** An artifact that is these programs and nothing else. */
export function artifactOf(forward: Program, step: Program | null = null): Artifact {
  return {
    format: "cellc-artifact",
    version: 1,
    entry: { name: "Handmade", kind: "cell", direction: "forward" },
    dims: {},
    hash: "0".repeat(64),
    params: [],
    inputs: [],
    outputs: [],
    states: [],
    randoms: [],
    train: null,
    source: { files: [], places: [], reads: {} },
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

const BATCHES = [1, 3, 32];
export const SEQUENCES: readonly Sizes[] = [
  ...BATCHES.map((B) => ({ T: 7, B })),
  ...[0, 1, 100].map((T) => ({ T, B: 3 })),
  { T: 100, B: 1 },
];

/** Where functions are tested: ordinary values, the edges of float32's exponent, and what is not a number. */
const ARGUMENTS = [
  ...Array.from({ length: 61 }, (_, i) => (i - 30) / 7),
  ...[1e-30, 1e-10, 1e-5, 1e-3, 0.049, 0.36, 0.499, 0.501, 0.999, 1.001, 1.3, 1.36, 5, 8, 8.9, 9.1],
  ...[12, 17, 30, 44, 45, 60, 86, 88, 89, 100, 200, 1e5, 1e10, 3e38, 0],
  ...[-1e-30, -1e-10, -1e-5, -1e-3, -0.36, -0.499, -0.501, -0.999, -1, -5, -8.9, -9.1, -12, -17],
  ...[-30, -45, -60, -80, -87, -110, -200, -1e10, -3e38],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
].map(Math.fround);

function kernelPrograms(): readonly Handmade[] {
  return [
    ...UNARY.map((fn) => elementwise(fn, 1, ([x]) => call(fn, x!))),
    ...BINARY.filter((fn) => fn !== "pow").map((fn) => elementwise(fn, 2, (x) => call(fn, ...x))),
    powers(),
    ...[-3, -1, 0, 0.5, 1, 2, 7].map((n) =>
      elementwise(`pow ${n}`, 1, ([x]) => call("pow", call("abs", x!), lit(n))),
    ),
    elementwise("select", 3, (x) => call("select", ...x)),
    ...products(),
    ...reductions(),
    ...addresses(),
    ...shapes(),
  ];
}

/** y = f(x₀, x₁, …) over all pairs of arguments; limits included. */
function elementwise(name: string, arity: number, of: (x: readonly Expr[]) => Expr): Handmade {
  const n = ARGUMENTS.length;
  const names = ["input:a", "input:b", "input:c"].slice(0, arity);
  const stride = [1, 7, 3];
  return {
    name: `function ${name}`,
    sizes: [{}],
    build: (p) => {
      const inputs = names.map((input) => p.input(input, [n, 4]));
      p.output(
        "output:y",
        p.kernel("y", [n, 4], (at) => of(inputs.map((input) => load(input, ...at)))),
      );
    },
    fill: Object.fromEntries(
      names.map((input, i) => [
        input,
        (k: number) => ARGUMENTS[(Math.floor(k / 4) * stride[i]! + (k % 4) * i * 29) % n]!,
      ]),
    ),
  };
}

/** x^y for x ≥ 0 or whole y. */
function powers(): Handmade {
  const bases = [0, 0.1, 0.5, 1, 1.7, 2, 10, -0.5, -1, -2, -3];
  const exponents = [0, 0.3, 0.5, 1, 1.5, 2, 3, 4.25, -1, -2, -0.5];
  return {
    name: "function pow",
    sizes: [{}],
    build: (p) => {
      const [a, b] = [p.input("input:a", [11, 11]), p.input("input:b", [11, 11])];
      const y = p.kernel("y", [11, 11], (at) => call("pow", load(a, ...at), load(b, ...at)));
      p.output("output:y", y);
    },
    fill: {
      "input:a": (k) => bases[Math.floor(k / 11)]!,
      "input:b": (k) =>
        bases[Math.floor(k / 11)]! < 0 ? Math.floor(exponents[k % 11]!) : exponents[k % 11]!,
    },
  };
}

/** Products with an epilogue, in every order of axes that a schedule may ask for. */
function products(): readonly Handmade[] {
  const batches = BATCHES.map((B) => ({ B }));
  const product = (
    name: string,
    weights: readonly Extent[],
    of: (w: number, g: Expr, j: Expr, k: Expr) => Expr,
  ): Handmade => ({
    name: `product ${name}`,
    sizes: batches,
    build: (p) => {
      const x = p.input("input:x", ["B", 20]);
      const w = p.input("param:W", weights);
      const bias = p.input("param:b", [4, 13]);
      const y = p.kernel("y", ["B", 4, 13], ([b, g, j], sum) => {
        const dot = sum([20], ([k]) => mul(load(x, b!, k!), of(w, g!, j!, k!)));
        return call("tanh", add(dot, load(bias, g!, j!)));
      });
      p.output("output:y", y);
    },
  });
  return [
    product("W[g, j, k]", [4, 13, 20], (w, g, j, k) => load(w, g, j, k)),
    product("W[k, g, j]", [20, 4, 13], (w, g, j, k) => load(w, k, g, j)),
    product("W[g·13 + j, k]", [52, 20], (w, g, j, k) => load(w, add(mul(g, lit(13)), j), k)),
    {
      name: "product of many terms",
      sizes: [{ B: 4 }],
      build: (p) => {
        const x = p.input("input:x", ["B", 3000]);
        const w = p.input("param:W", [3000, 8]);
        const y = p.kernel("y", ["B", 8], ([b, j], sum) =>
          sum([3000], ([k]) => mul(load(x, b!, k!), load(w, k!, j!))),
        );
        p.output("output:y", y);
      },
    },
    {
      name: "two products and gates in one kernel",
      sizes: batches,
      build: (p) => {
        const x = p.input("input:x", ["B", 9]);
        const h = p.input("input:h", ["B", 9]);
        const w = p.input("param:W", [3, 9, 9]);
        const y = p.kernel("y", ["B", 9], ([b, j], sum) => {
          const gate = (g: number, v: number) =>
            sum([9], ([k]) => mul(load(v, b!, k!), load(w, lit(g), j!, k!)));
          const z = call("sigmoid", gate(0, x));
          const n = call("tanh", add(gate(1, x), mul(z, gate(2, h))));
          return add(mul(sub(lit(1), z), n), mul(z, load(h, b!, j!)));
        });
        p.output("output:y", y);
      },
    },
    {
      name: "weight gradient",
      sizes: SEQUENCES,
      build: (p) => {
        const dz = p.input("input:dz", ["T", "B", 4, 6]);
        const h = p.input("input:h", ["T", "B", 5]);
        const y = p.kernel("y", [4, 6, 5], ([g, j, k], sum) =>
          sum(["T", "B"], ([t, b]) => mul(load(dz, t!, b!, g!, j!), load(h, t!, b!, k!))),
        );
        p.output("output:y", y);
      },
    },
  ];
}

function reductions(): readonly Handmade[] {
  const sizes = BATCHES.map((B) => ({ B }));
  return [
    {
      name: "softmax",
      sizes,
      build: (p) => {
        const x = p.input("input:x", ["B", 11]);
        const y = p.kernel("y", ["B", 11], ([b, j], sum, reduce) => {
          const scaled = (k: Expr) => mul(lit(60), load(x, b!, k));
          const top = reduce("max", [11], ([k]) => scaled(k!));
          const total = sum([11], ([k]) => call("exp", sub(scaled(k!), top)));
          return call("div", call("exp", sub(scaled(j!), top)), total);
        });
        p.output("output:y", y);
      },
    },
    {
      name: "max and min over two axes, with infinities and NaN",
      sizes: [{}],
      build: (p) => {
        const x = p.input("input:x", [4, 5, 6]);
        for (const kind of ["max", "min"] as const) {
          const y = p.kernel(kind, [4], ([i], _, reduce) =>
            reduce(kind, [5, 6], ([j, k]) => load(x, i!, j!, k!)),
          );
          p.output(`output:${kind}`, y);
        }
      },
      fill: {
        "input:x": (k) => {
          if (k < 30) return Number.NEGATIVE_INFINITY;
          if (k === 37) return Number.NaN;
          return k === 70 ? Number.POSITIVE_INFINITY : Math.sin(k);
        },
      },
    },
    {
      name: "reductions over nothing",
      sizes: [{ T: 0 }, { T: 2 }],
      build: (p) => {
        const x = p.input("input:x", ["T", 3]);
        for (const kind of ["sum", "max", "min"] as const) {
          const y = p.kernel(kind, [3], ([i], _, reduce) =>
            reduce(kind, ["T"], ([t]) => load(x, t!, i!)),
          );
          p.output(`output:${kind}`, y);
        }
      },
    },
    {
      name: "layer norm",
      sizes,
      build: (p) => {
        const x = p.input("input:x", ["B", 16]);
        const y = p.kernel("y", ["B", 16], ([b, j], sum) => {
          const mean = call(
            "div",
            sum([16], ([k]) => load(x, b!, k!)),
            lit(16),
          );
          const square = sum([16], ([k]) => call("pow", sub(load(x, b!, k!), mean), lit(2)));
          const scale = call("sqrt", add(call("div", square, lit(16)), lit(1e-5)));
          return call("div", sub(load(x, b!, j!), mean), scale);
        });
        p.output("output:y", y);
      },
    },
    {
      name: "a reduction that only some rows need",
      sizes: [{ B: 5 }],
      build: (p) => {
        const x = p.input("input:x", ["B", 7]);
        const y = p.kernel("y", ["B", 7], ([b, j], sum) =>
          select(
            call("gt", b!, lit(0)),
            sum([7], ([k]) => mul(load(x, sub(b!, lit(1)), k!), load(x, b!, j!))),
            lit(-1),
          ),
        );
        p.output("output:y", y);
      },
    },
  ];
}

/** Loads at addresses that are computed, guarded, or data. */
function addresses(): readonly Handmade[] {
  const token = (k: number): number => (k * 7 + 3) % 11;
  return [
    {
      name: "rows of a table by token",
      sizes: SEQUENCES,
      build: (p) => {
        const table = p.input("param:E", [11, 5]);
        const x = p.input("input:x", ["T", "B"], "index");
        const y = p.kernel("y", ["T", "B", 5], ([t, b, j]) => load(table, load(x, t!, b!), j!));
        p.output("output:y", y);
      },
      fill: { "input:x": token },
    },
    {
      name: "gradients of a table's rows",
      sizes: SEQUENCES,
      build: (p) => {
        const dy = p.input("input:dy", ["T", "B", 5]);
        const x = p.input("input:x", ["T", "B"], "index");
        const y = p.kernel("y", [11, 5], ([r, j], sum) =>
          sum(["T", "B"], ([t, b]) =>
            select(call("eq", load(x, t!, b!), r!), load(dy, t!, b!, j!), lit(0)),
          ),
        );
        p.output("output:y", y);
      },
      fill: { "input:x": token },
    },
    {
      name: "delay, reversal within lengths",
      sizes: SEQUENCES,
      build: (p) => {
        const x = p.input("input:x", ["T", "B", 6]);
        const init = p.input("input:init", ["B", 6]);
        const length = p.input("length:T", ["B"]);
        const before = p.kernel("before", ["T", "B", 6], ([t, b, j]) =>
          select(call("gt", t!, lit(0)), load(x, sub(t!, lit(1)), b!, j!), load(init, b!, j!)),
        );
        const after = p.kernel("after", ["T", "B", 6], ([t, b, j]) =>
          select(
            call("lt", t!, sub(size("T"), lit(1))),
            load(x, add(t!, lit(1)), b!, j!),
            load(init, b!, j!),
          ),
        );
        const turned = p.kernel("turned", ["T", "B", 6], ([t, b, j]) =>
          select(
            call("lt", t!, load(length, b!)),
            load(x, sub(sub(load(length, b!), lit(1)), t!), b!, j!),
            lit(0),
          ),
        );
        for (const [name, id] of Object.entries({ before, after, turned }))
          p.output(`output:${name}`, id);
      },
      fill: { "length:T": (b, sizes) => Math.max(0, sizes.T! - b) },
    },
    {
      name: "part, pad and transpose",
      sizes: [{ B: 3 }],
      build: (p) => {
        const x = p.input("input:x", ["B", 4, 6]);
        const part = p.kernel("part", ["B", 4, 3], ([b, i, j]) => load(x, b!, i!, add(j!, lit(2))));
        const pad = p.kernel("pad", ["B", 4, 9], ([b, i, j]) =>
          select(
            mul(call("ge", j!, lit(1)), call("lt", j!, lit(7))),
            load(x, b!, i!, sub(j!, lit(1))),
            lit(0),
          ),
        );
        const turned = p.kernel("turned", [6, "B", 4], ([j, b, i]) => load(x, b!, i!, j!));
        for (const [name, id] of Object.entries({ part, pad, turned })) p.output(name, id);
      },
    },
  ];
}

/** Shapes: scalars, ones, many axes, many inputs, prepared weights, shared and reused buffers. */
function shapes(): readonly Handmade[] {
  return [
    {
      name: "scalars and constants",
      sizes: [{ B: 3 }],
      build: (p) => {
        const x = p.input("input:x", []);
        p.output(
          "output:sum",
          p.kernel("sum", [], () => add(load(x), lit(0.25), size("B"))),
        );
        p.output(
          "output:constant",
          p.kernel("constant", ["B", 2], () => lit(-1.5)),
        );
        p.output(
          "output:whole",
          p.kernel("whole", [], () => lit(3)),
        );
        p.output(
          "output:index",
          p.kernel("index", ["B", 2], ([b, j]) => add(mul(b!, lit(2)), j!)),
        );
      },
    },
    {
      name: "five axes",
      sizes: [
        { T: 2, B: 3 },
        { T: 1, B: 4 },
        { T: 3, B: 1 },
      ],
      build: (p) => {
        const x = p.input("input:x", ["T", "B", 3, 2, 5]);
        const y = p.kernel("y", [5, "T", 2, "B", 3], ([n, t, l, b, k]) =>
          mul(load(x, t!, b!, k!, l!, n!), add(b!, lit(1))),
        );
        const z = p.kernel("z", ["T", "B", 3, 2, 5], ([t, b, k, l, n]) =>
          add(load(x, t!, b!, k!, l!, n!), load(y, n!, t!, l!, b!, k!)),
        );
        p.output("output:y", y);
        p.output("output:z", z);
      },
    },
    {
      name: "seven inputs",
      sizes: [{ B: 3 }],
      build: (p) => {
        const inputs = [0, 1, 2, 3, 4, 5, 6].map((i) => p.input(`input:${i}`, ["B", 5]));
        const y = p.kernel("y", ["B", 5], (at) =>
          inputs.map((x, i) => mul(load(x, ...at), lit(i + 1))).reduce((a, b) => add(a, b)),
        );
        p.output("output:y", y);
      },
    },
    {
      name: "prepared weights, one buffer as two outputs, an input as an output",
      sizes: [{ B: 1 }, { B: 4 }],
      build: (p) => {
        const w = p.input("param:W", [3, 5]);
        const u = p.input("param:U", [3, 5]);
        const x = p.input("input:x", ["B", 5]);
        const packed = p.prepare("packed", [5, 6], ([k, j]) =>
          select(call("lt", j!, lit(3)), load(w, j!, k!), load(u, sub(j!, lit(3)), k!)),
        );
        const y = p.kernel("y", ["B", 6], ([b, j], sum) =>
          sum([5], ([k]) => mul(load(x, b!, k!), load(packed, k!, j!))),
        );
        p.output("output:y", y);
        p.output("output:again", y);
        p.output("output:x", x);
        p.output("output:packed", packed);
      },
    },
    {
      name: "prepared joins: of whole blocks, along the last axis, of rows from the second on",
      sizes: [{}],
      build: (p) => {
        const w = p.input("param:W", [4, 5]);
        const u = p.input("param:U", [2, 5]);
        const m = p.input("param:M", [1, 4, 5]);
        const below = (i: Expr | undefined, end: number) => call("lt", i!, lit(end));
        const after = (i: Expr | undefined, from: number) => add(i!, lit(-from));
        const three = ([i, j]: readonly Expr[]) =>
          select(
            below(i, 3),
            load(w, i!, j!),
            select(below(i, 5), load(u, after(i, 3), j!), load(w, after(i, 5), j!)),
          );
        p.output("output:rows", p.prepare("rows", [7, 5], three));
        p.output(
          "output:one",
          p.prepare("one", [1, 6, 5], ([a, i, j]) =>
            select(below(i, 4), load(m, a!, i!, j!), load(m, a!, after(i, 4), j!)),
          ),
        );
        p.output(
          "output:columns",
          p.prepare("columns", [2, 10], ([i, j]) =>
            select(below(j, 5), load(u, i!, j!), load(w, i!, after(j, 5))),
          ),
        );
        p.output(
          "output:later",
          p.prepare("later", [4, 5], ([i, j]) =>
            select(below(i, 2), load(w, add(i!, lit(1)), j!), load(u, after(i, 2), j!)),
          ),
        );
        p.output(
          "output:copy",
          p.prepare("copy", [4, 5], ([i, j]) => load(w, i!, j!)),
        );
      },
    },
    {
      name: "a join of ranges that share what they read, of others, along either axis",
      sizes: [{ B: 1 }, { B: 5 }],
      build: (p) => {
        const x = p.input("input:x", ["B", 11]);
        const u = p.input("input:u", ["B", 7]);
        const joins = stackedJoins(x, u);
        p.output("output:columns", p.kernel("columns", ["B", 32], joins.columns));
        p.output("output:rows", p.kernel("rows", [3, 11], joins.rows));
      },
    },
    {
      name: "a wide row",
      sizes: [{ B: 2 }],
      build: (p) => {
        const x = p.input("input:x", ["B", 5000]);
        const y = p.kernel("y", ["B", 5000], ([b, j]) => add(load(x, b!, j!), b!));
        p.output("output:y", y);
        p.output(
          "output:sum",
          p.kernel("sum", [5000, "B"], ([j, b]) => load(y, b!, j!)),
        );
      },
    },
  ];
}
