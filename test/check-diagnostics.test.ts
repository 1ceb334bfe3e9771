/** @file Bad files: each mistake is reported with its code at the very place that the carets under it
 *  mark, and nothing else is. The rendered text stands beside each file, for review. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { check } from "../compiler/2-check/check.ts";
import { CODES } from "../grammar/codes.ts";
import { type Diagnostic, render } from "../grammar/diagnostic.ts";

const FOLDER = fileURLToPath(new URL("diagnostics", import.meta.url));
const files = readdirSync(FOLDER).filter((f) => f.endsWith(".cell"));

function read(path: string): string | null {
  try {
    return readFileSync(join(FOLDER, path), "utf8");
  } catch {
    return null;
  }
}

/** `line:column+width CODE` of every mark: carets in a comment, under the line that they mean. */
function marks(text: string): readonly string[] {
  let line = 0;
  return text.split("\n").flatMap((content, i) => {
    const isMark = /^\s*\/\/[\s^EW\d]*\^/.test(content);
    if (!isMark) line = i + 1;
    if (!isMark) return [];
    const found = [...content.matchAll(/(\^+) ([EW]\d{3})/g)];
    return found.map((m) => `${line}:${m.index + 1}+${m[1]!.length} ${m[2]}`);
  });
}

const place = ({ span, code }: Diagnostic) =>
  `${span.line}:${span.column}+${span.end - span.start} ${code}`;

describe.each(files)("%s", (file) => {
  const text = read(file) ?? "";
  const checked = check(file, read);

  test("every mistake has its code at its place", () => {
    const own = checked.diagnostics.filter((d) => d.span.file === file);
    expect(own.map(place).sort()).toEqual([...marks(text)].sort());
  });

  test("reads well", async () => {
    const sources = new Map(checked.files.map((f) => [f.path, f.text]));
    const shown = render(checked.diagnostics, sources);
    await expect(shown).toMatchFileSnapshot(join(FOLDER, file.replace(/\.cell$/, ".txt")));
  });
});

test("every code of checking has a case", () => {
  const marked = new Set(files.flatMap((f) => marks(read(f) ?? "").map((m) => m.split(" ")[1])));
  const codes = Object.keys(CODES).filter((code) => /^(E2|W[23])/.test(code));
  // No file can hold the mark of a file that is not there.
  expect(codes.filter((code) => !marked.has(code))).toEqual([]);
});
