/** @file What sound files give: the language page's examples, flat cells, dims inferred, vocabularies. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { writtenDims } from "../compiler/2-check/cell-dims.ts";
import { check, checkSizes } from "../compiler/2-check/check.ts";
import type { Checked, FlatCell } from "../compiler/2-check/checked.ts";
import { callable } from "../compiler/2-check/functions.ts";
import { initialiserUsage, isInitialiser } from "../compiler/2-check/initialisers.ts";
import { LAYERS } from "../compiler/2-check/layers.ts";
import { LOSS_SETTINGS, OPTIMISER_SETTINGS } from "../compiler/2-check/training.ts";
import { LAYERS as LOWERED_LAYERS } from "../compiler/3-lower/layers.ts";
import { LOSSES } from "../compiler/losses/table.ts";
import { CALLS } from "../compiler/ops/table.ts";
import { OPTIMISERS } from "../compiler/optimisers/table.ts";
import { INITIALISERS } from "../runtime/artifact/initialisers.ts";

const SPECS = fileURLToPath(new URL("../specs", import.meta.url));

function library(path: string): string | null {
  try {
    return readFileSync(join(SPECS, path), "utf8");
  } catch {
    return null;
  }
}

/** Checks one text that may import from the library. */
const checkText = (text: string): Checked =>
  check("./it.cell", (path) => (path === "./it.cell" ? text : library(path)));

function cellOf(text: string, name: string): FlatCell {
  const checked = checkText(text);
  expect(checked.diagnostics).toEqual([]);
  return checked.cells.get(name)!;
}

describe("the language page", () => {
  const page = readFileSync(new URL("check-language.cell", import.meta.url), "utf8");
  const checked = checkText(page);

  test("checks clean", () => expect(checked.diagnostics).toEqual([]));

  test("a child drops the weights that its parent's equation alone used", () => {
    const names = (cell: string) => checked.cells.get(cell)!.params.map((p) => p.name);
    const dropped = names("PeepholeLSTM").filter((n) => !names("CoupledLSTM").includes(n));
    expect(dropped).toEqual(["W_i", "U_i", "p_i", "b_i"]);
    expect(checked.cells.get("CoupledLSTM")!.lineage.map((l) => l.name.text)).toEqual([
      "CoupledLSTM",
      "PeepholeLSTM",
    ]);
  });

  test("everything it declares is there", () => {
    expect([...checked.models.keys()]).toEqual(["Tagger", "Translator"]);
    expect([...checked.trains.keys()]).toEqual(["Tagger"]);
    expect([...checked.fns.keys()]).toContain("layer_norm");
  });
});

describe("the library", () => {
  const files = readdirSync(SPECS, { recursive: true, encoding: "utf8" });
  test.each(files.filter((f) => f.endsWith(".cell")))("%s checks clean", (file) => {
    expect(check(file, library).diagnostics).toEqual([]);
  });
});

describe("flat cells", () => {
  test("equations stand after what they read, those without [t] first, as written where they may", () => {
    const cell = cellOf(
      `cell C<H> {
        input x: [H]
        state h: [H] = 0
        state g: [H] = 0
        param W: [H, H] ~ orthogonal
        h[t] = a[t] + g[t] // lint: allow W303
        let a[t] = B @ x[t] + b[t]
        let B = A + W
        g[t] = b[t] * h[t-3]
        let b[t] = x[t] - h[t-1]
        let A = transpose(W)
        output y[t] = h[t] + g[t-2]
      }`,
      "C",
    );
    expect(cell.equations.map((e) => e.name.text)).toEqual(["A", "B", "b", "a", "g", "h", "y"]);
    expect(cell.states.map((s) => s.lags)).toEqual([3, 2]);
    expect(cell.outputs.map((o) => o.name)).toEqual(["y"]);
  });

  test("the youngest cell's words replace its ancestors', in their place", () => {
    const text = `
      cell A<D, H> {
        input x: [D]
        state h: [H] = 0
        param W: [H, D] ~ zeros
        param U: [H, H] ~ orthogonal
        param b: [H] ~ zeros
        const k = 2
        let a[t] = W @ x[t] + U @ h[t-1] + b
        h[t] = k * a[t] / sqrt(H)
        output h
      }
      cell B<N> extends A<N, 2 * N> {
        param U: [2 * N, 2 * N] ~ identity
        state h: [2 * N] = learn(ones)
        const k = 3
        param c: [N] ~ zeros
        let a[t] = U @ h[t-1] + concat(x[t], c)
      }
      cell C<M> extends B<M> {
        gate a[t] = sigmoid(h[t-1] + b)
      }`;
    const [b, c] = [cellOf(text, "B"), cellOf(text, "C")];
    expect(b.params.map((p) => [p.name, p.initialiser.name.text])).toEqual([
      ["U", "identity"],
      ["c", "zeros"],
    ]);
    expect(b.states[0]!.init?.kind).toBe("learn");
    expect(b.lineage.map((l) => l.name.text)).toEqual(["B", "A"]);
    expect(c.params.map((p) => p.name)).toEqual(["b"]);
    expect(c.equations[0]!.role).toBe("gate");
    const [extent] = c.states[0]!.shape.dims;
    expect(extent).toMatchObject({ kind: "dim-binary", right: { kind: "dim-name", name: "M" } });
  });

  test("an inherited equation that nothing needs any more goes, with its weights", () => {
    const text = `
      cell A<D> {
        input x: [D]
        param p, q: [D] ~ ones
        let a[t] = p * x[t]
        let b[t] = a[t] * q
        output y[t] = b[t]
      }
      cell B<D> extends A<D> {
        let b[t] = q + x[t]
      }`;
    const cell = cellOf(text, "B");
    expect(cell.equations.map((e) => e.name.text)).toEqual(["b", "y"]);
    expect(cell.params.map((p) => p.name)).toEqual(["q"]);
  });
});

test("a name is its file's own: what an import declares beside it does not clash", () => {
  const files: Record<string, string> = {
    "./it.cell": `import { Outer } from "./other"
      fn half(v: [N]) -> [N] = v / 3
      cell Inner<D> { input x: [D] output y[t] = half(x[t]) }
      cell Mine<D> extends Outer<D> { let b[t] = half(x[t]) }
      model M<D> { input x: [T, D] output y = x | forward(Outer) | forward(Inner) | half }`,
    "./other.cell": `fn half(v: [N]) -> [N] = v / 2
      cell Inner<D> { input x: [D] output z[t] = half(half(x[t])) }
      cell Outer<D> { input x: [D] let b[t] = x[t] output y[t] = half(x[t]) + b[t] }
      model M<D> { input x: [T, D] output y = x | forward(Inner) | half }`,
  };
  const checked = check("./it.cell", (path) => files[path] ?? null);
  expect(checked.diagnostics).toEqual([]);
  expect([...checked.cells.keys()]).toEqual(["Inner", "Mine", "Inner@2", "Outer"]);
  expect([...checked.fns.keys()]).toEqual(["half", "half@2"]);
  const called = (cell: string) =>
    checked.cells
      .get(cell)!
      .equations.map((e) => [e.name.text, JSON.stringify(e.value).match(/"half(@2)?"/)?.[0]]);
  expect(called("Mine")).toEqual([
    ["b", '"half"'],
    ["y", '"half@2"'],
  ]);
  expect(called("Inner@2")).toEqual([["z", '"half@2"']]);
  const model = JSON.stringify(checked.models.get("M@2")!.members);
  expect(model).toContain('"Inner@2"');
  expect(model).toContain('"half@2"');
});

describe("models", () => {
  test("members are put in an order in which they can be computed", () => {
    const checked = checkText(`model M<D> {
      output y = b
      input x: [T, D]
      let b = a | dense(c)
      const c = d + 1
      let a = x | tanh
      output a
      const d = 2
    }`);
    expect(checked.diagnostics).toEqual([]);
    const names = checked.models
      .get("M")!
      .members.map((m) => ("name" in m ? m.name.text : m.names[0]!.text));
    expect(names).toEqual(["x", "d", "c", "a", "b", "y", "a"]);
  });

  const dims = (...names: string[]) =>
    names.map((n) => {
      const span = { file: "", start: 0, end: 0, line: 1, column: 1 };
      const [text = "", value] = n.split("=");
      const fallback = { kind: "dim-name", name: value ?? "", span } as const;
      return { name: { text, span }, default: value === undefined ? null : fallback };
    });
  test.each([
    { of: dims("D", "H"), count: 0, names: [] },
    { of: dims("D", "H"), count: 1, names: ["H"] },
    { of: dims("D", "H"), count: 2, names: ["D", "H"] },
    { of: dims("D", "H"), count: 3, names: null },
    { of: dims("D", "M", "H", "Q=H"), count: 1, names: ["H"] },
    { of: dims("D", "M", "H", "Q=H"), count: 3, names: ["D", "M", "H"] },
    { of: dims("D", "M", "H", "Q=H"), count: 4, names: ["D", "M", "H", "Q"] },
  ])("$count written dims of $of.length are $names", ({ of, count, names }) => {
    expect(writtenDims(of, count)).toEqual(names);
  });
});

describe("sizes", () => {
  const checked = checkText(`
    fn glu(v: [2 * N]) -> [N] = part(v, 0, N) * sigmoid(part(v, N, N))
    fn tail(v: [N], n: [M]) -> [N - M] = part(v, M, N - M)
    cell Halves<D, H, K = H / 2> {
      input x: [D]
      state h: [K] = 0 // lint: allow W309
      param W: [K, D] ~ glorot_uniform
      h[t] = dropout(W @ x[t] + h[t-1], 1 / K)
      output y[t] = tail(x[t], h[t])
    }
    model M<D, H> {
      input x: [T, D]
      let e = x | forward(Halves<H>)
      output y = concat(x, x, x) | glu
      output z = e | dense(D - 2)
    }`);
  test("in general nothing is wrong", () => expect(checked.diagnostics).toEqual([]));
  test.each([
    { entry: "Halves", sizes: { D: 4, H: 6, K: 3 }, codes: [] },
    { entry: "Halves", sizes: { D: 4, H: 2, K: 1 }, codes: ["E226"] },
    { entry: "Halves", sizes: { D: 3, H: 6, K: 3 }, codes: ["E203"] },
    { entry: "M", sizes: { D: 4, H: 6 }, codes: [] },
    { entry: "M", sizes: { D: 3, H: 5 }, codes: ["E234", "E203"] },
    { entry: "M", sizes: { D: 2, H: 8 }, codes: ["E203", "E226"] },
    { entry: "Nothing", sizes: {}, codes: [] },
  ])("$entry at $sizes: $codes", ({ entry, sizes, codes }) => {
    expect(checkSizes(checked, entry, sizes).map((d) => d.code)).toEqual(codes);
  });
});

describe("vocabularies", () => {
  test("every function that ops give to users may be called", () => {
    expect([...CALLS.keys()].filter((name) => callable(name) === undefined)).toEqual([]);
  });

  test.each([...CALLS])("%s takes what its op takes", (call, op) => {
    const f = callable(call)!;
    expect(f.usage.startsWith(`${call}(`)).toBe(true);
    expect(f.arity, op).not.toBe(0);
  });

  test("layers that are checked are layers that are lowered", () => {
    expect(Object.keys(LAYERS).sort()).toEqual(Object.keys(LOWERED_LAYERS).sort());
  });

  test("losses and optimisers are those of their tables", () => {
    expect([...LOSS_SETTINGS.keys()]).toEqual(Object.keys(LOSSES));
    expect([...OPTIMISER_SETTINGS.keys()]).toEqual(Object.keys(OPTIMISERS));
  });

  test("initialisers are those of the runtime", () => {
    expect(Object.keys(INITIALISERS).every(isInitialiser)).toBe(true);
    expect(initialiserUsage("normal")).toBe("normal(mean, std)");
    expect(initialiserUsage("zeros")).toBe("zeros");
  });
});
