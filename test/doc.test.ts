/** @file Pages of specs: their facts against the declarations, the diagram against the equations, what
 *  differs between cells, and the command. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cellFacts } from "../cli/doc/cell-facts.ts";
import { stepDiagram } from "../cli/doc/dataflow.ts";
import type { Diagram } from "../cli/doc/diagram.ts";
import { derivationOf } from "../cli/doc/derivation.ts";
import { difference } from "../cli/doc/diff.ts";
import { entryOf } from "../cli/doc/entry.ts";
import { type DocFacts, factsOf, papersIn } from "../cli/doc/facts.ts";
import { firstSentence } from "../cli/doc/index-page.ts";
import { plainText } from "../cli/doc/ink.ts";
import { modelFacts } from "../cli/doc/model-facts.ts";
import { openPictures, svgFile } from "../cli/doc/pictures.ts";
import { relativesOf } from "../cli/doc/relatives.ts";
import { written } from "../cli/doc/text.ts";
import { docCommand } from "../cli/doc.ts";
import { Failure } from "../cli/fail.ts";
import { math } from "../cli/page/math.ts";
import { expressions } from "../compiler/1-resolve/visit.ts";
import { check } from "../compiler/2-check/check.ts";
import type { FlatCell } from "../compiler/2-check/checked.ts";
import { createPlaces } from "../compiler/3-lower/places.ts";
import { chooseEntry } from "../compiler/entry.ts";
import { createStager } from "../compiler/programs.ts";
import type { Expr } from "../grammar/ast.ts";
import { parse } from "../grammar/parse.ts";
import { FOLDERS, smallDims, specFiles } from "./harness/library.ts";
import { reader } from "./harness/spec.ts";

const checkedAt = (path: string) => check(path, reader(path, undefined));

function cellAt(path: string, name: string): FlatCell {
  return checkedAt(path).cells.get(name)!;
}

const edgesOf = ({ edges }: Diagram): readonly string[] =>
  edges.map((e) => `${e.from} → ${e.to}${e.label === null ? "" : ` by ${plainText(e.label)}`}`);

// ---- the diagram

describe("a diagram has the edges that the equations have", () => {
  const cells = specFiles("cells").flatMap(({ path }) =>
    [...checkedAt(path).cells].flatMap(([name, cell]) =>
      cell.lineage[0]!.span.file === path ? [[`${path} ${name}`, cell] as const] : [],
    ),
  );
  test.each(cells)("%s", (_, cell) => {
    const diagram = stepDiagram(cell, new Set());
    const kinds = new Map(diagram.nodes.map((n) => [n.id, n.kind]));
    const weights = new Set(
      cell.equations.flatMap((e) => (kinds.has(e.name.text) ? [] : [e.name.text])),
    );
    for (const e of cell.equations) {
      const name = e.name.text;
      if (weights.has(name)) continue;
      expect(throughOperations(name, diagram, kinds), name).toEqual(
        readsOf(e.value, cell, weights),
      );
    }
    const delayed = diagram.edges.filter((e) => e.kind === "delay").map((e) => `${e.from} ${e.to}`);
    const past = diagram.nodes
      .filter((n) => n.kind === "past")
      .map((n) => `${n.id.split(" ")[0]} ${n.id}`);
    expect(delayed.sort()).toEqual(past.sort());
  });
});

/** Values that reach a node by operations alone. */
function throughOperations(to: string, { edges }: Diagram, kinds: ReadonlyMap<string, string>) {
  const found = new Set<string>();
  const visit = (id: string): void => {
    for (const e of edges) {
      if (e.to !== id || e.kind === "delay") continue;
      if (kinds.get(e.from) === "operation") visit(e.from);
      else found.add(e.from);
    }
  };
  visit(to);
  return [...found].sort();
}

/** The same from the text of an equation. */
function readsOf(value: Expr, cell: FlatCell, weights: ReadonlySet<string>): readonly string[] {
  const states = new Set(cell.states.map((s) => s.name));
  const values = new Set([
    ...cell.inputs.map((i) => i.name),
    ...cell.memories.map((m) => m.name),
    ...cell.equations.map((e) => e.name.text),
  ]);
  const reads = [...expressions(value)].flatMap((e) => {
    if (e.kind !== "ref" || !values.has(e.name) || weights.has(e.name)) return [];
    return [states.has(e.name) && e.lag! > 0 ? `${e.name} ${e.lag} before` : e.name];
  });
  return [...new Set(reads)].sort();
}

test("peepholes run from the cell's state to the gates, weights on them", () => {
  const diagram = stepDiagram(cellAt("cells/peephole.cell", "PeepholeLSTM"), new Set());
  const edges = edgesOf(diagram);
  for (const edge of [
    "c 1 before → i by ⊙ pi",
    "c 1 before → f by ⊙ pf",
    "c → o by ⊙ po",
    "x → i by Wi",
    "h 1 before → i by Ui",
    "c → c 1 before by z−1",
    "h → output h",
  ])
    expect(edges).toContain(edge);
  expect(
    diagram.nodes
      .filter((n) => n.kind === "gate")
      .map((n) => n.id)
      .sort(),
  ).toEqual(["f", "i", "o"]);
});

test("the documentation's picture is the one that the command draws", async () => {
  const checked = checkedAt("cells/peephole.cell");
  const { entry } = entryOf(checked, "specs/cells/peephole.cell", "PeepholeLSTM", {}, false);
  const { page } = await (await openPictures()).draw(factsOf(checked, entry, new Set()));
  await expect(svgFile(page)).toMatchFileSnapshot("../docs/pictures/peephole.svg");
});

test("a model's layers feed each other, values by name enter where they are given", () => {
  const checked = checkedAt("models/translator.cell");
  const { facts, diagram } = modelFacts(checked, checked.models.get("Translator")!, null);
  const names = new Map(diagram.nodes.map((n) => [n.id, plainText(n.name ?? [])]));
  const edges = diagram.edges.map(
    (e) =>
      `${names.get(e.from)} → ${names.get(e.to)}${e.label === null ? "" : ` by ${plainText(e.label)}`}`,
  );
  expect(edges.sort()).toEqual(
    [
      "source → embedding",
      "embedding → bidirectional",
      "bidirectional → enc",
      "target → embedding",
      "embedding → forward",
      "enc → forward by memory",
      "enc → dense by .final.h",
      "dense → forward by init h",
      "forward → dec",
      "dec → dense",
      "dense → y",
    ].sort(),
  );
  expect(facts.cells).toEqual(["LSTM", "AttentionLSTM"]);
});

// ---- facts

describe("facts of a cell that extends another", () => {
  const checked = checkedAt("cells/peephole.cell");
  const { facts } = cellFacts(checked, checked.cells.get("PeepholeLSTM")!, { D: 5, H: 4 });
  test("each equation says where it is from", () => {
    expect(facts.equations.map((e) => `${e.group} ${e.name} ${e.origin} ${e.from}`)).toEqual([
      "gate i replaced PeepholeLSTM",
      "gate f replaced PeepholeLSTM",
      "value g inherited LSTM",
      "gate o replaced PeepholeLSTM",
      "state c inherited LSTM",
      "state h inherited LSTM",
    ]);
    expect(facts.ancestors).toEqual(["LSTM"]);
    const added = facts.parameters.filter((p) => p.origin === "added").map((p) => p.name);
    expect(added).toEqual(["p_i", "p_f", "p_o"]);
  });
  test("parameters are counted in the spec's dims", () => {
    expect(facts.count).toEqual({
      text: "4 * D * H + 4 * H * H + 7 * H",
      latex: "4\\,D\\,H + 4\\,H^{2} + 7\\,H",
    });
  });
});

test("the Jacobian's straight path stands by its paths through the gates", () => {
  const checked = checkedAt("cells/peephole.cell");
  const request = { file: "cells/peephole.cell", entry: "PeepholeLSTM", dims: { D: 5, H: 4 } };
  const { entry } = chooseEntry(checked, request);
  const { blocks } = derivationOf(checked, entry!);
  const terms = blocks.find((b) => b.of === "c" && b.to === "c")!.terms;
  expect(terms.filter((t) => t.direct).map((t) => t.latex)).toEqual([
    "\\operatorname{diag}(f_{t})",
  ]);
  expect(terms.filter((t) => !t.direct).map((t) => t.through)).toEqual([
    ["c", "i"],
    ["c", "f"],
  ]);
});

test.each([
  ["cells/torch.cell", "TorchLSTM"],
  ["cells/xlstm.cell", "MLSTM"],
])("KaTeX reads the Jacobian of %s %s", (file, name) => {
  const checked = checkedAt(file);
  const dims = Object.fromEntries(
    checked.cells.get(name)!.dims.map((d, i) => [d.name.text, i + 3]),
  );
  const { entry } = chooseEntry(checked, { file, entry: name, dims });
  const { blocks, definitions } = derivationOf(checked, entry!);
  for (const { latex } of [...definitions, ...blocks.flatMap((b) => b.terms)]) math(latex);
  expect(blocks).not.toEqual([]);
});

describe.each(FOLDERS)("every entry of specs/%s", (folder) => {
  test.each(specFiles(folder).map((f) => [f.path, f] as const))("%s", (path, file) => {
    const checked = checkedAt(path);
    for (const decl of file.entries) {
      const name = decl.name.text;
      const cell = checked.cells.get(name);
      if (cell === undefined) {
        const { facts } = modelFacts(checked, checked.models.get(name)!, null);
        for (const d of facts.definitions) math(`${d.latex.left} = ${d.latex.right}`);
        continue;
      }
      const dims = smallDims(decl);
      const { entry } = chooseEntry(checked, { file: path, entry: name, dims });
      const { facts } = cellFacts(checked, cell, dims);
      const { params } = createStager(checked, entry!, createPlaces(checked.files)).lowered(
        {},
        false,
      ).build;
      const total = params.reduce((sum, p) => sum + p.shape.reduce((x, y) => x * y, 1), 0);
      expect(valueAt(facts.count.text, dims), `${name}: ${facts.count.text}`).toBe(total);
      expect(facts.parameters.map((p) => p.name).sort()).toEqual(params.map((p) => p.name).sort());
      for (const f of facts.functions) math(`${f.latex.left} = ${f.latex.right}`);
      math(facts.count.latex);
    }
  });
});

/** `4 * D * H + 7` at sizes. */
function valueAt(text: string, dims: Readonly<Record<string, number>>): number {
  return text
    .split(" + ")
    .reduce((sum, t) => sum + t.split(" * ").reduce((x, f) => x * (dims[f] ?? Number(f)), 1), 0);
}

test("papers are found by their numbers", () => {
  expect(
    papersIn(
      "Cho 2014 (arXiv:1406.1078v3), as\narXiv:1406.1078v3; doi:10.1162/neco.1997.9.8.1735.",
    ),
  ).toEqual([
    { label: "arXiv:1406.1078v3", url: "https://arxiv.org/abs/1406.1078v3" },
    { label: "doi:10.1162/neco.1997.9.8.1735", url: "https://doi.org/10.1162/neco.1997.9.8.1735" },
  ]);
});

test("a first sentence ends at no abbreviation", () => {
  expect(firstSentence("As Li et al. 2018 have it, eqs. 7-11. Second.")).toBe(
    "As Li et al. 2018 have it, eqs. 7-11.",
  );
  expect(firstSentence("No end")).toBe("No end");
});

// ---- relatives

describe("what differs", () => {
  const of = (text: string): Expr => {
    const [fn] = parse(`fn f(v: [N]) -> [N] = ${text}\n`, "t.cell").ast.items;
    return fn?.kind === "fn" ? fn.body : expect.fail(text);
  };
  test.each([
    ["a + b", "a + b", [], []],
    ["a + b", "b + a", [], []],
    ["sigmoid(W @ x[t] + b)", "sigmoid(W @ x[t] + p * c[t-1] + b)", [], ["p * c[t-1]"]],
    ["tanh(a)", "relu(a)", ["tanh(a)"], ["relu(a)"]],
    ["o * tanh(c)", "o * tanh(norm(c))", ["c"], ["norm(c)"]],
    ["a - b", "a + b", ["b"], ["b"]],
    ["W @ x", "W @ (r * x)", ["x"], ["r * x"]],
    ["f * c + i * g", "f * c + (1 - f) * g", ["i"], ["1 - f"]],
  ])("%s, %s", (a, b, left, right) => {
    const marks = difference(of(a), of(b));
    expect([...marks.left].map(written)).toEqual(left);
    expect([...marks.right].map(written)).toEqual(right);
  });
});

test("relatives are parents, children and what has the nearest equations, whatever the names", () => {
  const cells = [
    "cells/lstm.cell",
    "cells/gru.cell",
    "cells/ligru.cell",
    "cells/elman.cell",
  ].flatMap((path) => [...checkedAt(path).cells].map(([name, cell]) => ({ name, cell })));
  const relatives = (name: string): readonly string[] =>
    relativesOf(cells.find((c) => c.name === name)!, cells).map(
      (r) => `${r.relation} ${r.of.name}`,
    );
  expect(relatives("CoupledLSTM")[0]).toBe("extends LSTM");
  expect(relatives("LSTM").slice(0, 2)).toEqual([
    "extended by HardSigmoidLSTM",
    "extended by CoupledLSTM",
  ]);
  expect(relatives("LiGRU")).toContain("near GRU");
  expect(relatives("ElmanRNN")).toEqual(["extended by ElmanReLU"]);
});

// ---- the command

describe("cellc doc", () => {
  let folder = "";
  let out: string[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cellc-"));
    out = [];
    const keep = (text: unknown): boolean => out.push(String(text)) > 0;
    vi.spyOn(process.stdout, "write").mockImplementation(keep);
    vi.spyOn(process.stderr, "write").mockImplementation(keep);
    vi.spyOn(console, "log").mockImplementation((text) => void keep(text));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  async function cellc(...args: readonly string[]): Promise<number> {
    const program = new Command("cellc");
    docCommand(program);
    try {
      await program.parseAsync(["doc", ...args], { from: "user" });
      return 0;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      out.push(error.message);
      return error.code;
    }
  }

  const SPEC = `/// A cell. Elman 1990.
cell Small<D, H, Q = H> {
  input x: [D]
  state h: [H] = learn(zeros)
  param W: [H, D] ~ glorot_uniform
  param U: [H, H] ~ orthogonal
  param V: [Q, D] ~ zeros
  let q[t] = V @ x[t]
  h[t] = tanh(W @ x[t] + U @ h[t-1])
  output h, q
}
`;

  test("--json prints the facts and writes nothing; sizes not given are examples", async () => {
    const file = join(folder, "small.cell");
    writeFileSync(file, SPEC);
    expect(await cellc(file, "--json", "--set", "D=3")).toBe(0);
    const facts = JSON.parse(out.join("")) as DocFacts;
    expect(facts.dims).toEqual([
      { name: "D", size: 3, example: false },
      { name: "H", size: 128, example: true },
      { name: "Q", size: 128, example: false },
    ]);
    expect(facts.work.parameters).toBe(128 * 3 + 128 * 128 + 128 * 3 + 128);
    expect(facts.cell?.count.text).toBe("D * H + D * Q + H * H + H");
    expect(readdirSync(folder)).toEqual(["small.cell"]);
    expect(existsSync("Small.html")).toBe(false);
  });

  test("a mistake of the spec, of a size, of the command", async () => {
    const file = join(folder, "small.cell");
    writeFileSync(file, SPEC.replace("W @ x[t] +", "x[t] +"));
    expect(await cellc(file)).toBe(1);
    expect(out.at(-1)).toContain("E203");
    writeFileSync(file, SPEC);
    expect(await cellc(file, "--set", "Z=3")).toBe(1);
    expect(out.at(-1)).toContain("E305");
    expect(await cellc(file, "--json", "-o", "-")).toBe(2);
    expect(await cellc(folder, "-o", "-")).toBe(2);
    expect(await cellc(join(folder, "none.cell"))).toBe(1);
    expect(await cellc(folder, "-o", folder, "--set", "Z=3")).toBe(1);
    expect(out.at(-1)).toContain("--set Z");
    expect(await cellc(folder, "--entry", "Small")).toBe(2);
    rmSync(file);
    expect(await cellc(folder, "-o", folder)).toBe(1);
  });
});
