/** @file Lint: every rule has its code, published cells raise nothing, what is accepted stays accepted, and the
 *  mathematics under the rules holds against draws, differences and evaluation. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check } from "../compiler/2-check/check.ts";
import { valueAt } from "../compiler/lint/calls.ts";
import { directFactors, directly, mostFactors } from "../compiler/lint/direct.ts";
import { gainsOf } from "../compiler/lint/gains.ts";
import { remaining } from "../compiler/lint/polynomial.ts";
import { spectralRadius } from "../compiler/lint/spectral-radius.ts";
import { elementsOf, matrixSize } from "../compiler/lint/starts.ts";
import { type Subject, subjectOf } from "../compiler/lint/subject.ts";
import { RULES } from "../compiler/lint/table.ts";
import { fold, type LeafTerm, type Term } from "../compiler/lint/term.ts";
import { CODES } from "../grammar/codes.ts";
import { print } from "../grammar/print.ts";
import { INITIALISERS } from "../runtime/artifact/initialisers.ts";
import { initialTensor } from "../runtime/initialise.ts";
import { ROOT, reader } from "./harness/spec.ts";

const SEED = 7;
const library = reader("", undefined);
const checkText = (text: string) =>
  check("./a.cell", (p) => (p === "./a.cell" ? text : library(p)));
const codesOf = (text: string) =>
  checkText(text).diagnostics.map((d) => `${d.span.line} ${d.code}`);

test("every code of lint has one rule, in order", () => {
  const codes = Object.keys(CODES).filter((c) => c.startsWith("W3"));
  expect([...RULES.map((r) => r.code), "W311"]).toEqual(codes);
});

describe("published cells raise nothing", () => {
  // At their own sizes `check.test.ts` sweeps all of specs/.
  const files = readdirSync(join(ROOT, "specs/cells")).filter((f) => f.endsWith(".cell"));
  test.each(files.map((f) => `cells/${f}`))("specs/%s at sizes 2 and 1024", (file) => {
    for (const size of [2, 1024]) {
      const { cells } = check(file, library);
      const dims = [...cells.values()].flatMap((c) => c.dims.map((d) => [d.name.text, size]));
      expect(check(file, library, Object.fromEntries(dims)).diagnostics).toEqual([]);
    }
  });
  test("test/lint/clean.cell", () => {
    expect(check("test/lint/clean.cell", library).diagnostics).toEqual([]);
  });
});

describe("sizes decide", () => {
  const text = `cell C<D, H> {
  input x: [D]
  state h: [H] = 0
  param W: [H, D] ~ glorot_uniform
  param U: [H, H] ~ normal(0, 0.5)
  h[t] = tanh(W @ x[t] + U @ h[t-1])
  output h
}`;
  test.each([
    [8, []],
    [128, ["W305"]],
  ])("H = %i", (H, codes) => {
    const { diagnostics } = check("./a.cell", () => text, { H });
    expect(diagnostics.map((d) => d.code)).toEqual(codes);
  });
});

describe("accepted warnings", () => {
  const cell = (param: string) => `cell C<D, H> {
  input x: [D]
  state h: [H] = 0
  param W: [H, D] ~ glorot_uniform
${param}
  h[t] = tanh(W @ x[t] + U @ h[t-1])
  output h
}
`;
  const large = "param U: [H, H] ~ normal(0, 1)";
  test.each([
    ["nothing said", `  ${large}`, ["5 W305"]],
    ["on its line", `  ${large} // lint: allow W305: chaos is meant`, []],
    ["alone above it", `  // lint: allow W305: chaos is meant\n  ${large}`, []],
    ["above, among other words", `  // lint: allow W305\n  // Chaos is meant.\n  ${large}`, []],
    ["two lines above", `  // lint: allow W305\n\n  ${large}`, ["7 W305"]],
    ["on the line below", `  ${large}\n  // lint: allow W305`, ["5 W305"]],
    ["another code", `  ${large} // lint: allow W301`, ["5 W305", "5 W311"]],
    [
      "a code that is not there",
      `  ${large.replace("1)", "0.1)")} // lint: allow W202`,
      ["5 W311"],
    ],
    ["a size that decides", `  ${large.replace("1)", "0.1)")} // lint: allow W305`, []],
    ["several", `  param V, U: [H, H] ~ normal(0, 1) // lint: allow W202, W305`, []],
    ["no list of codes", `  ${large} // lint: allowances W305`, ["5 W305"]],
  ])("%s", (_, param, codes) => {
    expect(codesOf(cell(param))).toEqual(codes);
  });
  test("the formatter leaves them where they are", () => {
    for (const param of [
      `  param   U:[H,H]~normal(0, 1)   // lint: allow W305`,
      `  // lint: allow W305\n      param U:[H,H]~normal(0, 1)`,
    ]) {
      const { text } = print(cell(param), "a.cell");
      expect(text).not.toBe(cell(param));
      expect(codesOf(text)).toEqual([]);
    }
  });
  test("beside errors, what is accepted is left out, and what is not there goes untold", () => {
    const text = cell("  param V, U: [H, X] ~ zeros // lint: allow W202 W305");
    expect(codesOf(text).filter((c) => c.includes("W"))).toEqual([]);
  });
});

describe("imported files", () => {
  const cell = (name: string, words: string) => `cell ${name}<D, H> {
  input x: [D]
  state h: [H] = 0
  param W: [H, D] ~ glorot_uniform
  param U: [H, H] ~ ${words}
  h[t] = tanh(W @ x[t] + U @ h[t-1])
  output h
}
`;
  const files: Readonly<Record<string, string>> = {
    "./cells.cell": [
      cell("Wild", "normal(0, 1)"),
      cell("Calm", "orthogonal // lint: allow W202"),
      "cell Child<D, H> extends Wild<D, H> {}\n",
    ].join("\n"),
  };
  const entry = (name: string) => `import { ${name} } from "./cells"
model M<D, H> {
  input x: [T, D]
  output y = x | forward(${name}<H>)
}
`;
  const told = (path: string, text: string) =>
    check(path, (p) => (p === path ? text : (files[p] ?? null))).diagnostics.map((d) => d.code);
  test("whoever trains an imported cell, of that", () => {
    const training = `import { Wild } from "./cells"
train Wild {
  loss mse(h, z: [T, H])
}
`;
    expect(told("./t.cell", training)).toEqual(["W305"]);
  });
  test("a file is told of all its cells", () => {
    expect(told("./cells.cell", files["./cells.cell"]!)).toEqual(["W305", "W311"]);
  });
  test.each([
    ["Wild", ["W305"]],
    ["Calm", []],
    ["Child", ["W305"]],
  ])("whoever imports %s, of what that is made of", (name, codes) => {
    expect(told("./m.cell", entry(name))).toEqual(codes);
  });
});

describe("what initialisers draw", () => {
  const args: Readonly<Record<string, Record<string, number>>> = {
    const: { value: 0.3 },
    uniform: { low: -0.5, high: 1 },
    normal: { mean: 0.2, std: 0.5 },
    chrono: { T_max: 100 },
  };
  const names = Object.keys(INITIALISERS);
  const draw = (name: string, shape: readonly number[], seed: number) => {
    const initialiser = { name, args: { gain: 1, mean: 0, std: 1, ...args[name] } };
    return { initialiser, ...initialTensor({ name: "W", shape, initialiser, place: 0 }, seed) };
  };
  test.each(names)("%s: mean and deviation", (name) => {
    const shape = [120, 80];
    const { initialiser, data } = draw(name, shape, SEED);
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const std = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length);
    const expected = elementsOf(initialiser, shape);
    expect(Math.abs(expected.mean - mean)).toBeLessThan(0.02 * (std + 1e-9) + 1e-9);
    const off = ["identity", "orthogonal"].includes(name) ? 0.3 : 0.02;
    expect(Math.abs(expected.std - std)).toBeLessThanOrEqual(off * std + 1e-9);
  });
  test.each(names)("%s: norm and radius", (name) => {
    const n = 64;
    const { initialiser, data } = draw(name, [n, n], SEED);
    const rows = Array.from({ length: n }, (_, i) => [...data.subarray(i * n, (i + 1) * n)]);
    const gram = rows.map((a) => rows.map((b) => a.reduce((sum, x, k) => sum + x * b[k]!, 0)));
    const norm = Math.sqrt(spectralRadius(gram));
    const expected = matrixSize(initialiser, [n, n]);
    expect(Math.abs(expected.norm - norm)).toBeLessThanOrEqual(0.25 * norm);
    expect(Math.abs(expected.radius - spectralRadius(rows))).toBeLessThanOrEqual(0.25 * norm);
  });
});

/** Expressions of x[t], s[t-1] and the parameters p and q, as text. */
const expression = fc.letrec<{ e: string }>((tie) => ({
  e: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("x[t]", "s[t-1]", "s[t-1]", "p", "q", "0", "0.5", "2", "-3"),
    fc
      .tuple(fc.constantFrom("+", "-", "*", "/"), tie("e"), tie("e"))
      .map(([op, a, b]) => `(${a} ${op} ${b})`),
    fc
      .tuple(fc.constantFrom("sigmoid", "tanh", "relu", "softplus", "abs", "exp"), tie("e"))
      .map(([f, a]) => `${f}(${a})`),
    fc
      .tuple(fc.constantFrom("maximum", "minimum"), tie("e"), tie("e"))
      .map(([f, a, b]) => `${f}(${a}, ${b})`),
    fc.tuple(tie("e"), tie("e")).map(([a, b]) => `where(x[t] > p, ${a}, ${b})`),
  ),
})).e;

/** Such a cell, its next state and the earlier value in it; skips one that does not read it. */
function pathIn(text: string) {
  const c = subject(text);
  const past = c.step.all.find((t): t is LeafTerm => t.kind === "leaf" && isLeaf(t, "s"));
  fc.pre(past !== undefined);
  return { c, root: c.step.values.get("s")!, past };
}

/** A cell of one unit with parameters 0.7 and −1.3, whose state is `text`. */
function subject(text: string): Subject {
  const checked = checkText(`cell C {
  input x: []
  state s: [] = 0
  param p: [] ~ const(0.7)
  param q: [] ~ const(-1.3)
  s[t] = ${text}
  output s
  output y[t] = x[t] + p + q
}`);
  expect(checked.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  return subjectOf(checked.cells.get("C")!, checked, {});
}

type Leaves = Readonly<Record<string, number>>;

const evaluate = ({ step }: Subject, leaves: Leaves): readonly number[] =>
  fold<number>(step, (term, of) => {
    if (term.kind === "number") return term.value;
    if (term.kind === "leaf") return leaves[term.name]!;
    return valueAt(term, term.args.map(of));
  });

const isLeaf = (t: Term, name: string): t is LeafTerm => t.kind === "leaf" && t.name === name;
const points = fc.array(
  fc.record({
    x: fc.double({ min: -3, max: 3, noNaN: true }),
    s: fc.double({ min: -3, max: 3, noNaN: true }),
  }),
  { minLength: 8, maxLength: 8 },
);

describe("against evaluation", () => {
  test("a slope is never above its bound, and the direct factor is a part of it", () => {
    fc.assert(
      fc.property(expression, points, (text, at) => {
        const { c, root, past } = pathIn(text);
        const bound = gainsOf(c, past)[root.id]!;
        for (const point of at) {
          const leaves = { ...point, p: 0.7, q: -1.3 };
          const h = 1e-6;
          const value = (s: number) => evaluate(c, { ...leaves, s })[root.id]!;
          const slope = Math.abs(value(point.s + h) - value(point.s - h)) / (2 * h);
          if (!Number.isFinite(slope + value(point.s))) continue;
          expect(slope).toBeLessThanOrEqual(
            bound * (1 + 1e-3) + 1e-4 * (1 + Math.abs(value(point.s))),
          );
        }
      }),
      { seed: SEED, numRuns: 80 },
    );
  });

  test("a direct factor is never above its bound", () => {
    fc.assert(
      fc.property(expression, points, (text, at) => {
        const { c, root, past } = pathIn(text);
        const passes = directly(c.step, past);
        const bound = mostFactors(c.step, past, c.ranges, passes)[root.id]!;
        for (const point of at) {
          const values = evaluate(c, { ...point, p: 0.7, q: -1.3 });
          const factor = Math.abs(directFactors(c.step, past, values, passes)[root.id]!);
          const met = c.step.all.every(
            ({ id }) => c.ranges[id]!.lo <= values[id]! && values[id]! <= c.ranges[id]!.hi,
          );
          if (met && Number.isFinite(factor))
            expect(factor).toBeLessThanOrEqual(bound * (1 + 1e-5));
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  test("what cancels does not matter", () => {
    fc.assert(
      fc.property(expression, points, (text, at) => {
        const c = subject(text);
        const root = c.lines.values.get("s")!;
        const left = remaining(c.lines)[root.id]!;
        const gone = ["x", "s", "p", "q"].filter((n) => ![...left].some((l) => l.name === n));
        fc.pre(gone.length > 0);
        const whole = c.step.values.get("s")!;
        for (const point of at) {
          const leaves: Leaves = { ...point, p: 0.7, q: -1.3 };
          const moved = Object.fromEntries(
            Object.entries(leaves).map(([n, v]) => [n, gone.includes(n) ? v + 1.37 : v]),
          );
          const [a, b] = [evaluate(c, leaves)[whole.id]!, evaluate(c, moved)[whole.id]!];
          const sizes = evaluate(c, moved).map(Math.abs);
          // Rounding, and quotients by 0, are no dependence.
          if (![...sizes, a, b].every((v) => v < 1e4)) continue;
          expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(a)));
        }
      }),
      { seed: SEED, numRuns: 80 },
    );
  });

  test("a direct factor is the slope where nothing squashes and nothing divides", () => {
    const sums = fc.letrec<{ e: string }>((tie) => ({
      e: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.constantFrom("x[t]", "s[t-1]", "p", "q", "0.5", "2"),
        fc
          .tuple(fc.constantFrom("+", "-", "*"), tie("e"), tie("e"))
          .map(([op, a, b]) => `(${a} ${op} ${b})`),
      ),
    })).e;
    fc.assert(
      fc.property(sums, points, (text, at) => {
        const { c, root, past } = pathIn(text);
        for (const point of at) {
          const leaves = { ...point, p: 0.7, q: -1.3 };
          const h = 1e-5;
          const value = (s: number) => evaluate(c, { ...leaves, s })[root.id]!;
          const slope = (value(point.s + h) - value(point.s - h)) / (2 * h);
          const factor = directFactors(c.step, past, evaluate(c, leaves))[root.id]!;
          expect(Math.abs(slope - factor)).toBeLessThanOrEqual(1e-3 * (1 + Math.abs(slope)));
        }
      }),
      { seed: SEED, numRuns: 80 },
    );
  });
});

describe("spectral radius", () => {
  test.each([
    [[[0.5]], 0.5],
    [
      [
        [0, 1],
        [-1, 0],
      ],
      1,
    ],
    [
      [
        [0, 1],
        [0, 0],
      ],
      0,
    ],
    [
      [
        [1.8, -0.9],
        [1, 0],
      ],
      Math.sqrt(0.9),
    ],
    [
      [
        [1, 1],
        [1, 0],
      ],
      (1 + Math.sqrt(5)) / 2,
    ],
    [
      [
        [1e200, 0],
        [0, 1e-200],
      ],
      1e200,
    ],
  ])("%j", (matrix, radius) => {
    expect(Math.abs(spectralRadius(matrix) - radius)).toBeLessThanOrEqual(0.01 * radius);
  });
});

test("a rule never throws, however many states, steps back and terms", () => {
  const states = Array.from({ length: 120 }, (_, i) => `s${i}`);
  const text = `cell C {
  input x: []
  state ${states.join(", ")}: [] = 0
${states.map((s, i) => `  ${s}[t] = tanh(${s}[t-300] + ${states[(i + 1) % 120]}[t-1]) + x[t]`).join("\n")}
  output s0
  let y0[t] = x[t]
${Array.from({ length: 600 }, (_, i) => `  let y${i + 1}[t] = (y${i}[t] + x[t] - ${i}) * y${i}[t]`).join("\n")}
  output y600
}`;
  expect(checkText(text).diagnostics.filter((d) => d.severity === "error")).toEqual([]);
});

test("the text of warnings reads the same wherever the file is", () => {
  const file = "test/diagnostics/lint.cell";
  const text = readFileSync(join(ROOT, file), "utf8");
  const at = (path: string) =>
    check(path, () => text).diagnostics.map(({ code, message, label }) => ({
      code,
      message,
      label,
    }));
  expect(at("./a.cell")).toEqual(at("../b/c.cell"));
});
