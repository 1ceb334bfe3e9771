import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasErrors } from "../grammar/diagnostic.ts";
import { lex } from "../grammar/lex.ts";
import { parse } from "../grammar/parse.ts";
import { print, printTree } from "../grammar/print.ts";
import { sourceFile, withoutSpans } from "./grammar-arbitrary.ts";

const SEED = 20_240_607;
const sample = readFileSync(new URL("grammar/language.cell", import.meta.url), "utf8");

describe("parse ∘ print", () => {
  test("is the identity on trees, up to spans", () => {
    fc.assert(
      fc.property(sourceFile, (tree) => {
        const text = printTree(tree);
        const { ast, comments, diagnostics } = parse(text, "t.cell");
        expect(diagnostics, text).toEqual([]);
        expect(comments).toEqual([]);
        expect(withoutSpans(ast), text).toEqual(withoutSpans(tree));
      }),
      { seed: SEED, numRuns: 600 },
    );
  });

  test("gives ASCII, no trailing space, and lines within the width where they can break", () => {
    fc.assert(
      fc.property(sourceFile, (tree) => {
        const text = printTree(tree);
        expect(text).toMatch(/^[\n -~]*$/);
        expect(text).not.toMatch(/ \n/);
        expect(text).not.toMatch(/\n\n\n/);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});

/** Whitespace and comments that may stand between any two tokens. */
const filler = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(" ", "  ", "\n", "\n\n", "\n\n\n\n", "\r\n", "\t") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      " // one\n",
      "\n//two  \n",
      " /// three\n",
      " // four\n\n",
      "\n/// five\n\n",
    ),
  },
);

/** The tokens of a printed tree with random text between them. */
const scattered = fc
  .tuple(sourceFile, fc.infiniteStream(filler))
  .map(([tree, fillers]) =>
    lex(printTree(tree), "").tokens.reduce(
      (text, { image }) => `${text}${image}${fillers.next().value}`,
      fillers.next().value as string,
    ),
  );

describe("print", () => {
  test("keeps the tree and all comments, and is idempotent, however the text is laid out", () => {
    fc.assert(
      fc.property(scattered, (source) => {
        const before = parse(source, "t.cell");
        expect(before.diagnostics, source).toEqual([]);
        const once = print(source, "t.cell").text;
        const after = parse(once, "t.cell");
        expect(after.diagnostics, once).toEqual([]);
        expect(withoutSpans(after.ast), once).toEqual(withoutSpans(before.ast));
        expect(after.comments.map((c) => c.text)).toEqual(before.comments.map((c) => c.text));
        expect(print(once, "t.cell").text).toBe(once);
      }),
      { seed: SEED, numRuns: 600 },
    );
  });

  test("leaves a text with mistakes as it is", () => {
    const text = "cell A {\n  input x [D]\n}\n";
    const result = print(text, "t.cell");
    expect(result.text).toBe(text);
    expect(hasErrors(result.diagnostics)).toBe(true);
  });
});

/** Never throws; spans lie in the text and name the line and column of their start. */
function survives(text: string): void {
  const { ast, diagnostics } = parse(text, "t.cell");
  for (const { span } of [...diagnostics, ...ast.items]) {
    expect(span.start).toBeGreaterThanOrEqual(0);
    expect(span.start).toBeLessThanOrEqual(span.end);
    expect(span.end).toBeLessThanOrEqual(text.length);
    const before = text.slice(0, span.start).split(/\r\n|\r|\n/);
    expect([span.line, span.column]).toEqual([before.length, before.at(-1)!.length + 1]);
  }
  if (diagnostics.length === 0) expect(print(text, "t.cell").diagnostics).toEqual([]);
}

describe("parse never throws", () => {
  test("on any string", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), survives), {
      seed: SEED,
      numRuns: 300,
    });
  });

  const token = fc.constantFrom(
    ...lex(sample, "").tokens.map((t) => t.image),
    ...["(", ")", "[", "]", "{", "}", "<", ">", ",", "=", "|", "~", "^", "-", "$", '"', "1.", "σ"],
  );

  test("on any tokens", () => {
    fc.assert(
      fc.property(fc.array(token, { maxLength: 60 }), (tokens) => survives(tokens.join(" "))),
      { seed: SEED, numRuns: 600 },
    );
  });

  test("on a valid file with tokens dropped, doubled, swapped or replaced", () => {
    const tokens = lex(sample, "").tokens;
    const change = fc.record({
      at: fc.nat(tokens.length - 1),
      kind: fc.constantFrom("drop", "double", "replace", "cut"),
      by: token,
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const images = tokens.map((t) => t.image);
        for (const { at, kind, by } of changes)
          if (kind === "drop") images[at] = "";
          else if (kind === "double") images[at] = `${images[at]} ${images[at]}`;
          else if (kind === "replace") images[at] = by;
          else images.length = Math.min(images.length, at + 1);
        survives(images.join(" "));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  const DEEP = 20_000;
  test.each([
    ["parentheses", `fn f() -> [] = ${"(".repeat(DEEP)}`],
    ["closed parentheses", `fn f() -> [] = ${"(".repeat(DEEP)}1${")".repeat(DEEP)}`],
    ["minuses", `fn f() -> [] = ${"-".repeat(DEEP)}1`],
    ["powers", `fn f() -> [] = ${"1^".repeat(DEEP)}1`],
    ["a sum", `fn f() -> [] = ${"1+".repeat(DEEP)}1`],
    ["a dim", `fn f() -> [${"1+".repeat(DEEP)}1] = 1`],
    ["members", `fn f() -> [] = a${".b".repeat(DEEP)}`],
    ["records", `fn f() -> [] = ${"{a:".repeat(DEEP)}`],
    ["pipes", `fn f() -> [] = a${"|b".repeat(DEEP)}`],
    ["mistakes in a body", `cell A { ${") gate ".repeat(1000)}`],
    ["mistakes in a list", `fn f() -> [] = f(${"a b, ".repeat(500)})`],
    ["mistakes in a file", "cell A {} ) ".repeat(3000)],
    ["a block comment", `/*${"*".repeat(DEEP)}`],
    ["quotes", '"'.repeat(2000)],
  ])("on %s without end", (_, text) => {
    const { diagnostics } = parse(text, "t.cell");
    expect(diagnostics.length).toBeGreaterThan(0);
  });
});
