/** @file Costs: formulas in the dims equal the counts of compiled programs; known figures come out; predicted memory
 *  is what a device lays out; attention is counted as a compiled one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { costCommand } from "../cli/cost.ts";
import { costRows } from "../cli/cost/rows.ts";
import type { CostFacts } from "../cli/cost/facts.ts";
import { inspectCommand } from "../cli/inspect.ts";
import { check } from "../compiler/2-check/check.ts";
import { createPlaces } from "../compiler/3-lower/places.ts";
import { at, type Formula } from "../compiler/6-schedule/formula.ts";
import { attentionCost, crossing } from "../compiler/cost/attention.ts";
import { type CostFigures, costOfEntry } from "../compiler/cost/cost.ts";
import { figuresOf, type ProgramSet } from "../compiler/cost/figures.ts";
import { interpolate, withDims } from "../compiler/cost/fit.ts";
import { memoryOf, peak } from "../compiler/cost/memory.ts";
import { reportOf } from "../compiler/cost/report.ts";
import { atDims, OtherKernels } from "../compiler/cost/template.ts";
import { show } from "../compiler/cost/text.ts";
import { chooseEntry } from "../compiler/entry.ts";
import { createStager } from "../compiler/programs.ts";
import { layoutOf } from "../runtime/devices/wasm/layout.ts";
import { programCode } from "../runtime/devices/wasm/program-code.ts";
import { chromiumPath } from "./browser/browser.ts";
import { visit } from "./browser/report-page.ts";
import { runCommand } from "./harness/command.ts";
import { reader } from "./harness/spec.ts";

const SEED = 11;
const folder = mkdtempSync(join(tmpdir(), "cellc-cost-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Two heads of half the width each: dims divide, and an input's width is a sum. */
const HEADS = `/// Half of the state is mixed, the other half kept.
cell Heads<D, H> {
  input x: [D]
  state h: [H] = 0
  param W: [H / 2, D + H] ~ glorot_uniform
  param U: [H / 2, H / 2] ~ orthogonal
  let a[t] = tanh(W @ concat(x[t], h[t-1]))
  let k[t] = U @ part(h[t-1], 0, H / 2)
  h[t] = concat(a[t] * k[t], part(h[t-1], 0, H / 2))
  output h
}
`;

const source = (
  file: string,
  entry: string,
  dims: Readonly<Record<string, number>>,
  text?: string,
) => {
  const checked = check(file, reader(file, text));
  const chosen = chooseEntry(checked, { file, entry, dims });
  if (chosen.entry === null) throw new Error(chosen.diagnostics.map((d) => d.message).join());
  return { checked, entry: chosen.entry, places: createPlaces(checked.files) };
};

const programsOf = (of: ReturnType<typeof source>): ProgramSet => {
  const program = (name: "forward" | "step" | "gradient") =>
    createStager(of.checked, of.entry, of.places).stages(name)?.program ?? null;
  return { forward: program("forward")!, step: program("step"), training: program("gradient")! };
};

const lstm = source("cells/lstm.cell", "LSTM", { D: 128, H: 128 });
const costOfLstm: CostFigures = costOfEntry({ ...lstm, batch: 1, steps: 1000, formulas: true });

describe("an LSTM's figures are the known ones", () => {
  const report = reportOf(costOfLstm, 64);

  test("as formulas", () => {
    expect(report.note).toBeNull();
    expect(report.parameters.total.formula).toBe("4·D·H + 4·H² + 4·H"); // 4 H (D + H + 1)
    expect(report.step!.products.formula).toBe("8·D·H·B + 8·H²·B"); // 8 H (D + H)
    expect(report.step!.flops.formula).toBe("8·D·H·B + 8·H²·B + 17·H·B");
    expect(report.training.products.formula).toBe("24·D·H·B·T + 24·H²·B·T"); // thrice the forward pass
    expect(report.memory.stream!.state.formula).toBe("8·H·B"); // h and c
    expect(report.depth.kernels.formula).toBe("3·T + 1");
    expect(report.depth.operations.formula).toMatch(/^\(\d+ \+ ⌈log₂\(H\)⌉\)·T/);
  });

  test("as numbers, which are the formulas' values", () => {
    const { D, H } = { D: 128, H: 128 };
    expect(report.parameters.total.value).toBe(4 * H * (D + H + 1));
    expect(report.step!.products.value).toBe(8 * H * (D + H));
    for (const [name, f] of Object.entries(costOfLstm.symbolic!.figures))
      expect(at(f, { ...costOfLstm.dims, ...costOfLstm.sizes }), name).toBeCloseTo(
        at(costOfLstm.numbers[name]!, costOfLstm.sizes),
        6,
      );
  });

  test("as the documentation has them", () => {
    const page = readFileSync(new URL("../docs/cost.md", import.meta.url), "utf8");
    const lines = (/```\n\$ cellc cost[\s\S]*?─\n([\s\S]*?)…\n```/.exec(page)?.[1] ?? "").trim();
    const shown = lines.split("\n").map((line) => line.trim().split(/ {2,}/));
    expect(shown).toEqual(
      costRows(report)
        .slice(1)
        .map((row) => row.map((c) => c.trim())),
    );
  });

  test("as inspect says", async () => {
    const args = ["specs/cells/lstm.cell", "--entry", "LSTM", "--set", "D=128", "--set", "H=128"];
    const { stdout } = await runCommand(inspectCommand, "inspect", ...args, "--json");
    const { programs, parameters } = JSON.parse(stdout) as {
      readonly parameters: { readonly total: number };
      readonly programs: readonly {
        readonly name: string;
        readonly flops: number;
        readonly bytes: number;
      }[];
    };
    expect(parameters.total).toBe(report.parameters.total.value);
    const one = reportOf({ ...costOfLstm, sizes: { B: 1, T: 1 } }, 1);
    const pairs = [
      ["step", one.step!],
      ["forward", one.forward],
      ["gradient", one.training],
    ] as const;
    for (const [name, { flops, bytes }] of pairs) {
      const there = programs.find((p) => p.name === name)!;
      expect([flops.value, bytes.value]).toEqual([there.flops, there.bytes]);
    }
  });
});

describe("formulas at other dims are the counts of what is compiled there", () => {
  const near = (d: number) => fc.integer({ min: Math.round(d * 0.75), max: Math.round(d * 1.25) });

  const holds = (of: CostFigures, at: ReturnType<typeof source>): void => {
    const { figures, choice } = of.symbolic!;
    const compiled = figuresOf(programsOf(at), choice);
    expect(Object.keys(compiled)).toEqual(Object.keys(figures));
    for (const [name, f] of Object.entries(compiled))
      expect(show(withDims(figures[name]!, at.entry.dims)), name).toBe(show(f));
  };

  test("LSTM", () => {
    fc.assert(
      fc.property(near(128), near(128), (D, H) =>
        holds(costOfLstm, source("cells/lstm.cell", "LSTM", { D, H })),
      ),
      { seed: SEED, numRuns: 2 },
    );
  });

  test("sizes that are quotients and sums of dims", () => {
    const of = (dims: { D: number; H: number }) => source("./heads.cell", "Heads", dims, HEADS);
    const figures = costOfEntry({ ...of({ D: 6, H: 40 }), batch: 1, steps: 9, formulas: true });
    expect(show(figures.symbolic!.figures.parameters!)).toBe("0.5·D·H + 0.75·H²");
    fc.assert(
      fc.property(near(6), fc.integer({ min: 16, max: 24 }), (D, half) =>
        holds(figures, of({ D, H: 2 * half })),
      ),
      { seed: SEED, numRuns: 2 },
    );
  });

  test("other kernels are no basis", () => {
    const small = programsOf(source("cells/lstm.cell", "LSTM", { D: 128, H: 4 }));
    const others = [{ dim: "H", value: 4, program: small.training }];
    const program = costOfLstm.programs.training;
    expect(() => atDims({ dims: { D: 128, H: 128 }, program, others }, { D: 128, H: 8 })).toThrow(
      OtherKernels,
    );
  });
});

test("a polynomial is found from its values, whatever its coefficients", () => {
  const term = fc.record({
    symbols: fc.array(fc.constantFrom("D", "H", "K"), { maxLength: 4 }),
    time: fc.constantFrom("", "T", "B·T"),
    c: fc.integer({ min: -64, max: 64 }).map((n) => n / 4),
  });
  const formula = fc.array(term, { maxLength: 5 }).map((terms): Formula => {
    const f = new Map<string, number>();
    for (const { symbols, time, c } of terms) {
      const key = [...symbols, ...(time === "" ? [] : time.split("·"))].sort().join("·");
      f.set(key, (f.get(key) ?? 0) + c);
    }
    return new Map([...f].filter(([, c]) => c !== 0));
  });
  fc.assert(
    fc.property(formula, (f) => {
      const dims = { D: 3, H: 100, K: 17 };
      const found = interpolate((d) => ({ f: withDims(f, d) }), ["D", "H", "K"], [dims]);
      expect(show(found!.f!)).toBe(show(f));
    }),
    { seed: SEED, numRuns: 40 },
  );
  const root = (d: Readonly<Record<string, number>>) => ({ f: new Map([["", Math.sqrt(d.D!)]]) });
  expect(interpolate(root, ["D"], [{ D: 50 }])).toBeNull();
});

describe("predicted memory is what wasm lays out", () => {
  const { forward, step, training } = costOfLstm.programs;
  test.each([
    ["forward", forward, { B: 4, T: 50 }],
    ["gradient", training, { B: 4, T: 50 }],
    ["gradient of one step", training, { B: 1, T: 1 }],
    ["step", step!, { B: 3 }],
  ] as const)("%s", (_, program, sizes) => {
    const { storage } = programCode(program, { fused: false, tiles: "small", shared: false });
    // Packs, copies of operands that only this device makes, come last.
    const own = storage.slice(0, program.buffers.length);
    const rings = storage.filter((s, i) => i >= own.length && s.copies > 1);
    const { bytes } = layoutOf(own, sizes);
    const fixed = own.reduce(
      (sum, { place }, i) =>
        sum + (place.kind === "store" || place.kind === "kept" ? bytes[i]! : 0),
      0,
    );
    const memory = memoryOf(program);
    expect(at(memory.fixed, sizes)).toBe(fixed);
    const most = at(memory.stages[peak(memory, sizes)] ?? new Map(), sizes);
    const { arena } = layoutOf([...own, ...rings.filter((s) => s.place.kind === "arena")], sizes);
    const count = storage.filter((s) => s.place.kind === "arena").length;
    expect(arena).toBeGreaterThanOrEqual(most);
    // First fit wastes little, and each block is rounded up to a line with a line to spare.
    expect(arena).toBeLessThanOrEqual(1.2 * most + 128 * count);
  });
});

test("attention costs what a compiled attention layer costs", () => {
  const text = `cell Attention<D, W> {
  input x: [D]
  memory m: [S, D]
  param Q, K, V: [W, D] ~ glorot_uniform
  param O: [W, W] ~ glorot_uniform
  let k = m @ transpose(K)
  let v = m @ transpose(V)
  let q[t] = Q @ x[t]
  let a[t] = softmax((k @ q[t]) / sqrt(W))
  output y[t] = O @ (transpose(v) @ a[t])
}
`;
  const of = source("./attention.cell", "Attention", { D: 12, W: 20 }, text);
  const { numbers } = costOfEntry({ ...of, batch: 1, steps: 30, formulas: false });
  const [D, W] = [12, 20].map((n): Formula => new Map([["", n]]));
  const cost = attentionCost({ input: D!, output: W! });
  const T = 30;
  expect(at(cost.parameters, {})).toBe(at(numbers.parameters!, {}));
  const softmax = 6 * T * T;
  expect(at(numbers["forward products"]!, { B: 1, T, S: T })).toBe(at(cost.flops, { T }) - softmax);
});

test("a crossing is the first length from which on one needs no more", () => {
  const n = fc.integer({ min: 0, max: 40 });
  fc.assert(
    fc.property(n, n, n, n, (r, a, q, c) => {
      const linear: Formula = new Map([
        ["T", r],
        ["", c],
      ]);
      const square: Formula = new Map([
        ["T", a],
        ["T·T", q],
      ]);
      const from = crossing(linear, square);
      const less = (T: number): boolean => at(linear, { T }) <= at(square, { T });
      const slow = Array.from({ length: 200 }, (_, i) => i + 1).find((T) => less(T));
      expect(from).toBe(less(1e6) ? slow : null);
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test("the command prints, writes and measures", async () => {
  const page = join(folder, "cost.html");
  const spec = join(folder, "heads.cell");
  writeFileSync(spec, HEADS);
  const { code, stdout, stderr } = await runCommand(
    costCommand,
    ...["cost", spec, "--set", "D=3", "--set", "H=8", "--steps", "40", "--batch", "2"],
    ...["--backend", "wasm", "--measure", "--json", "--html", page],
  );
  expect(code).toBe(0);
  expect(stderr).toContain("measuring: gradient, 40 steps");
  const facts = JSON.parse(stdout) as CostFacts;
  const { report, measurement } = facts;
  expect(report.memory.training.curve.map((c) => c.steps)).toContain(1024);
  expect(measurement!.measured.map((m) => m.what)).toEqual([
    "step",
    ...Array<string>(3).fill("forward"),
    ...Array<string>(3).fill("gradient"),
  ]);
  for (const m of measurement!.measured) expect(m.bytes).toBeGreaterThanOrEqual(m.predictedBytes);
  const whole = measurement!.measured.findLast((m) => m.what === "gradient")!;
  expect(whole.predictedBytes).toBe(report.memory.training.whole.value);
  const executable = chromiumPath();
  if (executable === null) return;
  const { result, faults } = await visit(executable, page, (p) =>
    p.evaluate(() => ({
      data: JSON.parse(document.getElementById("data")!.textContent!) as unknown,
      charts: [...document.querySelectorAll("svg title")].map((t) => t.textContent),
      formulas: [...document.querySelectorAll("tbody td")].map((c) => c.textContent),
    })),
  );
  expect(faults).toEqual([]);
  expect(result.data).toEqual(facts);
  expect(result.charts).toContain("Memory of a gradient against the length");
  expect(result.charts.filter((t) => t?.startsWith("Heads: "))).toHaveLength(5);
  expect(result.formulas).toContain(report.parameters.total.formula);
});

test("a model's layers are told one by one, and mistakes have their exit code", async () => {
  const text = `import { ElmanRNN } from "cells/elman"

model Two<H = 3> {
  input x: [T, 2]
  output y = x | bidirectional(ElmanRNN<H>) | forward(ElmanRNN<H>) | dense(1)
}
`;
  const spec = join(folder, "two.cell");
  writeFileSync(spec, text);
  const { code, stdout } = await runCommand(costCommand, "cost", spec);
  expect(code).toBe(0);
  expect(stdout).toContain("layer 1: ElmanRNN, D = 2, H = 3\n");
  expect(stdout).toContain("layer 2: ElmanRNN, D = 6, H = 3\n");
  const wrong = await runCommand(costCommand, "cost", spec, "--steps", "0");
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("1 or more")]);
});
