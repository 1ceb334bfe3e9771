/** @file The pages of docs/errors: every code has one and every page a code, its bad snippet raises the
 *  code, its good one nothing. Pages of entries (E3) run in `entry-pages.test.ts`. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { check } from "../compiler/2-check/check.ts";
import { CODES } from "../grammar/codes.ts";
import type { Diagnostic } from "../grammar/diagnostic.ts";
import { parse } from "../grammar/parse.ts";
import { RUNTIME_CODES } from "../runtime/artifact/codes.ts";
import { DATA_CODES } from "../runtime/data/codes.ts";

const PAGES = fileURLToPath(new URL("../docs/errors/", import.meta.url));
const LIBRARY = fileURLToPath(new URL("../specs/", import.meta.url));

const titles = new Map<string, string>([
  ...Object.entries(CODES).map(([code, { title }]) => [code, title] as const),
  ...Object.entries(DATA_CODES).map(([code, { title }]) => [code, title] as const),
  ...Object.entries(RUNTIME_CODES),
]);
const pages = readdirSync(PAGES).map((name) => name.replace(/\.md$/, ""));

test("every code has a page", () => {
  expect([...titles.keys()].filter((code) => !pages.includes(code))).toEqual([]);
});

test("every page has a code", () => {
  expect(pages.filter((page) => !titles.has(page))).toEqual([]);
});

test.each(pages)("%s opens with its code and title", (code) => {
  expect(textOf(code).split("\n")[0]).toBe(`# ${code}: ${titles.get(code)}`);
});

describe.each(pages.filter((code) => /^E1/.test(code)))("%s", (code) => {
  test("the bad snippet raises it alone, the good one nothing", () => {
    const { bad, good } = snippets(code);
    expect(new Set(codesOf(parse(bad, "bad.cell").diagnostics))).toEqual(new Set([code]));
    expect(parse(good, "good.cell").diagnostics).toEqual([]);
  });
});

describe.each(pages.filter((code) => /^(E2|W[23])/.test(code)))("%s", (code) => {
  test("the bad snippet raises it, the good one nothing", () => {
    const { bad, good, files } = snippets(code);
    const checked = (text: string) =>
      check("./page.cell", (path) =>
        path === "./page.cell" ? text : (files.get(path) ?? library(path)),
      ).diagnostics;
    expect(codesOf(checked(bad))).toContain(code);
    expect(checked(good)).toEqual([]);
  });
});

function textOf(code: string): string {
  return readFileSync(`${PAGES}${code}.md`, "utf8");
}

/** One fence `cell bad`, one `cell good`, and files for both to import: `cell file ./other.cell`. */
function snippets(code: string) {
  const fences = [...textOf(code).matchAll(/^```cell (\w+) ?(.*)\n([\s\S]*?)^```$/gm)];
  const one = (kind: string): string => {
    const found = fences.filter((f) => f[1] === kind);
    expect(found.length, `fences \`cell ${kind}\``).toBe(1);
    return found[0]![3]!;
  };
  const files = new Map(fences.filter((f) => f[1] === "file").map((f) => [f[2]!, f[3]!]));
  return { bad: one("bad"), good: one("good"), files };
}

function library(path: string): string | null {
  return existsSync(`${LIBRARY}${path}`) ? readFileSync(`${LIBRARY}${path}`, "utf8") : null;
}

function codesOf(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map((d) => d.code);
}
