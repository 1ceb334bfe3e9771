import { readFileSync } from "node:fs";
import { generateCstDts, Lexer } from "chevrotain";
import { describe, expect, test } from "vitest";
import type { SourceFile } from "../grammar/ast.ts";
import { type Diagnostic, render } from "../grammar/diagnostic.ts";
import { parse } from "../grammar/parse.ts";
import { CellParser } from "../grammar/parser.ts";
import { printTree } from "../grammar/print.ts";
import { TOKENS } from "../grammar/tokens.ts";
import { withoutSpans } from "./grammar-arbitrary.ts";

const here = (name: string): string => new URL(`grammar/${name}`, import.meta.url).pathname;
const sample = readFileSync(here("language.cell"), "utf8");

test("the whole language gives the tree that was reviewed", async () => {
  const { ast, comments, diagnostics } = parse(sample, "language.cell");
  expect(diagnostics).toEqual([]);
  expect(comments.map((c) => c.text)).toMatchInlineSnapshot(`
    [
      "// a trained initial state",
      "// peepholes: diagonal, so elementwise",
      "// forget gate opens at the start",
      "// replaces the equation; weights it alone used go",
      "// tokens",
      "// truncated BPTT: carry state, cut the gradient",
    ]
  `);
  await expect(outline(ast)).toMatchFileSnapshot(here("language.ast.txt"));
});

test("every node's span holds its text", () => {
  const { ast } = parse(sample, "language.cell");
  const shown = spans(ast).map(({ kind, start, end }) => `${kind}: ${sample.slice(start, end)}`);
  const expected = [
    "ref: c[t-1]",
    "binary: p_f ⊙ c[t-1]",
    "call: dropout(0.2)",
    "call: bidirectional(PeepholeLSTM<H>, merge = concat)",
    "apply-dims: PeepholeLSTM<H>",
    "member: enc.final.h",
    "record: { h: enc.final.h | dense(H) }",
    "target: labels: [T] of K",
    "dim-binary: 2 * (D + 1)",
    "learn: learn(const(0.5))",
    "param: param W: [4 * H, D - 1] ~ uniform(-0.1, high = 0.1)",
    "unary: -S",
    "binary: (A[t] + B[t-1]) * (2 - (scores[t] - 1))",
  ];
  for (const text of expected) expect(shown).toContain(text);
});

test("the grammar has no alternatives that two tokens cannot tell apart, and no other mistake", () => {
  expect(() => new CellParser(true)).not.toThrow();
});

test("tokens have no mistakes either", () => {
  expect(new Lexer([...TOKENS]).lexerDefinitionErrors).toEqual([]);
});

test("the types of the concrete tree are the parser's", () => {
  const generated = generateCstDts(new CellParser().getGAstProductions(), {
    includeVisitorInterface: false,
  });
  const declarations = (text: string): readonly string[] =>
    text
      .slice(text.indexOf("export interface"))
      .replace(/[\s()]/g, "")
      .split(";")
      .filter((part) => part !== "");
  const written = ["cst-expression.ts", "cst.ts"].flatMap((name) =>
    declarations(readFileSync(new URL(`../grammar/${name}`, import.meta.url), "utf8")),
  );
  expect(written).toEqual(declarations(generated));
});

describe("precedence", () => {
  // With every operator in parentheses.
  const table = [
    ["a + b * c", "(a + (b * c))"],
    ["a - b - c", "((a - b) - c)"],
    ["a * b @ c / d", "(((a * b) @ c) / d)"],
    ["-x^2", "(-(x ^ 2))"],
    ["2^-3^x", "(2 ^ (-(3 ^ x)))"],
    ["a^b^c", "(a ^ (b ^ c))"],
    ["-a * -b", "((-a) * (-b))"],
    ["--a", "(-(-a))"],
    ["a + b < c * d", "((a + b) < (c * d))"],
    ["a | f | g(1)", "((a | f) | g(1))"],
    ["a < b | f", "((a < b) | f)"],
    ["a.b.c * d.e", "(a.b.c * d.e)"],
    ["W @ x[t] + U @ h[t-1]", "((W @ x[t]) + (U @ h[t-1]))"],
    ["σ(a) ⊙ b · c", "((sigmoid(a) * b) * c)"],
    // `<` after a name opens dims only before what can follow them.
    ["f(A<H>)", "f(A<H>)"],
    ["A<H>(x)", "A<H>(x)"],
    ["x | A<2 * H, K>", "(x | A<2*H,K>)"],
    ["f(a < b, c > d)", "f((a < b), (c > d))"],
    ["f(a < b, c > (d))", "f(a<b,c>(d))"],
    ["f((a < b), c > (d))", "f((a < b), (c > d))"],
    ["a < b + c", "(a < (b + c))"],
    ["a < b", "(a < b)"],
    // Keywords are names where a name is meant.
    ["f(x, memory = m, from = 1).state", "f(x, memory = m, from = 1).state"],
    ["learn + extends(of, from)", "(learn + extends(of, from))"],
  ] as const;
  test.each(table)("%s", (text, expected) => {
    const { ast, diagnostics } = parse(`fn f() -> [] = ${text}`, "t.cell");
    expect(diagnostics).toEqual([]);
    const [item] = ast.items;
    expect(item?.kind === "fn" && bracketed(item.body)).toBe(expected);
  });
});

describe("statements end without a mark", () => {
  const table = [
    ["names of equations", "let y = a h[t] = b of[t] = c", ["y", "h", "of"]],
    ["dims before an equation", "let y = A<H> h[t] = b", ["y", "h"]],
    ["a name after a keyword used as one", "let y = a.state h[t] = b", ["y", "h"]],
    ["initialisers named like a keyword", "param W: [] ~ const(1) const k = 2", ["W", "k"]],
    ["classes, and an equation named of", "input x: [T] of V input z: [T] of[t] = x[t]", []],
  ] as const;
  test.each(table)("%s", (_, members, names) => {
    const { ast, diagnostics } = parse(`cell A { ${members} }`, "t.cell");
    expect(diagnostics).toEqual([]);
    const [cell] = ast.items;
    const found = (cell?.kind === "cell" ? cell.members : []).map((m) =>
      "name" in m ? m.name.text : m.names[0]!.text,
    );
    expect(found).toEqual(names.length > 0 ? names : ["x", "z", "of"]);
  });

  test("settings: keys known and unknown", () => {
    const { ast, diagnostics } = parse("train M { loss mse batch 3 clip norm 1 epoch 9 }", "t");
    const [train] = ast.items;
    const settings = train?.kind === "train" ? train.settings : [];
    expect(settings.map((s) => [s.key.text, s.word?.text ?? null])).toEqual([
      ["loss", null],
      ["batch", null],
      ["clip", "norm"],
    ]);
    expect(diagnostics.map((d) => [d.code, d.help])).toEqual([["E111", "did you mean `epochs`?"]]);
  });
});

describe("docs", () => {
  const docOf = (text: string): readonly string[] =>
    parse(text, "t.cell").ast.items.flatMap((item) => [
      item.doc,
      ...(item.kind === "cell" ? item.members.map((m) => m.doc) : []),
    ]);
  const table = [
    ["directly above", "/// a\n///  b\ncell A {}", ["a\n b"]],
    ["not past a blank line", "/// a\n\ncell A {}", [""]],
    ["not past a comment", "/// a\n// b\ncell A {}", [""]],
    ["not after code", "cell A { /// a\n  input x: []\n}", ["", ""]],
    ["not four slashes", "//// a\ncell A {}", [""]],
    ["of the first of a line", "cell A {\n/// a\ninput x: [] input y: []\n}", ["", "a", ""]],
  ] as const;
  test.each(table)("%s", (_, text, docs) => {
    expect(docOf(text)).toEqual(docs);
  });
});

describe("recovery", () => {
  const places = (diagnostics: readonly Diagnostic[]) =>
    diagnostics.map(
      (d) => `${d.code} ${d.span.line}:${d.span.column}+${d.span.end - d.span.start}`,
    );

  test("three mistakes, three diagnostics, each at its place; the rest of the tree is there", () => {
    const text = [
      "cell A<D, H> {",
      "  input x [D]",
      "  state h: [H] = 0",
      "  gate f[t] = sigmoid(W @ x[t]",
      "  let g[t] = tanh(x[t])",
      "  h[t] = f[t] * h[t+1] + g[t]",
      "  output h",
      "}",
      "cell B {",
      "  input x: [D]",
      "}",
    ].join("\n");
    const { ast, diagnostics } = parse(text, "t.cell");
    expect(places(diagnostics)).toEqual(["E104 2:11+1", "E106 4:22+1", "E107 6:18+5"]);
    const members = ast.items.map((item) =>
      item.kind === "cell" ? item.members.map((m) => m.kind) : [],
    );
    expect(members).toEqual([["state", "equation", "output"], ["input"]]);
  });

  test("one mistake, one diagnostic", () => {
    // Tokens of the sample, left out or doubled: never a flood, nearly always one.
    const words = [...sample.matchAll(/\/\/.*|\w+|\S/g)].filter(([t]) => !t.startsWith("//"));
    const tokens = words.filter((_, i) => i % 5 === 0);
    const counts = tokens.flatMap(({ index, 0: token }) => {
      const without =
        sample.slice(0, index) + " ".repeat(token.length) + sample.slice(index + token.length);
      const doubled = `${sample.slice(0, index)}${token} ${sample.slice(index)}`;
      return [without, doubled].map((text) => parse(text, "t.cell").diagnostics.length);
    });
    const several = counts.filter((n) => n > 1).length;
    expect(Math.max(...counts)).toBeLessThanOrEqual(3);
    expect(several / counts.length).toBeLessThan(0.05);
  });

  test("all mistakes, as people read them", async () => {
    const text = readFileSync(here("mistakes.cell"), "utf8");
    const { diagnostics } = parse(text, "mistakes.cell");
    const shown = render(diagnostics, new Map([["mistakes.cell", text]]));
    await expect(shown).toMatchFileSnapshot(here("mistakes.txt"));
  });
});

/** The tree, indented, without spans and empty parts. */
function outline(tree: unknown): string {
  const plain = withoutSpans(tree);
  const show = (node: unknown, indent: string): string => {
    if (Array.isArray(node))
      return node.map((n) => `\n${indent}- ${show(n, `${indent}  `).trimStart()}`).join("");
    if (typeof node !== "object" || node === null) return ` ${JSON.stringify(node)}`;
    const fields = Object.entries(node).filter(
      ([, v]) => v !== null && v !== "" && !(Array.isArray(v) && v.length === 0),
    );
    if (fields.length === 1 && fields[0]![0] === "text") return ` ${fields[0]![1]}`;
    return fields.map(([key, v]) => `\n${indent}${key}:${show(v, `${indent}  `)}`).join("");
  };
  return `${show(plain, "").trimStart()}\n`;
}

interface Place {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

function spans(node: unknown): readonly Place[] {
  if (typeof node !== "object" || node === null) return [];
  const own = node as { kind?: string; span?: { start: number; end: number } };
  const inner = Object.values(node).flatMap(spans);
  if (own.kind === undefined || own.span === undefined) return inner;
  return [{ kind: own.kind, start: own.span.start, end: own.span.end }, ...inner];
}

type Body = Extract<SourceFile["items"][number], { kind: "fn" }>["body"];

function bracketed(e: Body): string {
  switch (e.kind) {
    case "number":
      return e.text;
    case "ref":
      return e.lag === null ? e.name : `${e.name}[t${e.lag === 0 ? "" : `-${e.lag}`}]`;
    case "unary":
      return `(-${bracketed(e.operand)})`;
    case "binary":
      return `(${bracketed(e.left)} ${e.op} ${bracketed(e.right)})`;
    case "pipe":
      return `(${bracketed(e.left)} | ${bracketed(e.right)})`;
    case "member":
      return `${bracketed(e.object)}.${e.name.text}`;
    case "apply-dims":
      return `${e.callee.text}<${e.dims.map(dimText).join(",")}>`;
    case "call": {
      const dims = e.dims === null ? "" : `<${e.dims.map(dimText).join(",")}>`;
      const args = e.args.map((a) =>
        a.kind === "target"
          ? "target"
          : `${a.kind === "named" ? `${a.name.text} = ` : ""}${bracketed(a.value)}`,
      );
      return `${e.callee.text}${dims}(${args.join(", ")})`;
    }
    case "record":
      return "record";
    default:
      return e satisfies never;
  }
}

type Dim = NonNullable<Extract<Body, { kind: "call" }>["dims"]>[number];

function dimText(d: Dim): string {
  if (d.kind === "dim-binary") return `${dimText(d.left)}${d.op}${dimText(d.right)}`;
  return d.kind === "dim-name" ? d.name : String(d.value);
}

test("the sample survives the formatter", () => {
  const { ast, comments } = parse(sample, "language.cell");
  expect(withoutSpans(parse(printTree(ast, comments, sample), "p.cell").ast)).toEqual(
    withoutSpans(ast),
  );
});
