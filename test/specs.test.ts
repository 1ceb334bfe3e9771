/** @file The library of specs: every file formatted, every declaration with its source, listed, without
 *  error or warning. Gradients are in specs-gradients.test.ts and specs-models.test.ts; benchmarks are models of
 *  cells that are checked there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { check } from "../compiler/index.ts";
import { print } from "../grammar/print.ts";
import { FOLDERS, specFiles } from "./harness/library.ts";
import { ROOT, reader } from "./harness/spec.ts";

/** A paper by its year, or the documentation of what the spec reproduces. */
const SOURCE = /\b(19|20)\d\d\b|PyTorch documentation/;

describe.each([...FOLDERS, "benchmarks"])("specs/%s", (folder) => {
  const listed = readFileSync(join(ROOT, "specs", folder, "README.md"), "utf8");
  describe.each(specFiles(folder).map((f) => [f.path, f] as const))("%s", (path, file) => {
    test("is formatted", () => {
      expect(print(file.text, path)).toEqual({ text: file.text, diagnostics: [] });
    });
    test("has no error and no warning", () => {
      expect(check(path, reader(path, undefined)).diagnostics).toEqual([]);
    });
    test("says what each function is", () => {
      for (const fn of file.fns) expect(fn.doc, fn.name.text).not.toBe("");
    });
    test("names the source of each cell and model", () => {
      for (const entry of file.entries) expect(entry.doc, entry.name.text).toMatch(SOURCE);
    });
    test("is listed in its folder's README", () => {
      expect(listed).toContain(path.split("/")[1]);
      for (const { name } of [...file.fns, ...file.entries])
        expect(listed).toMatch(new RegExp(`\\b${name.text}\\b`));
    });
  });
});
