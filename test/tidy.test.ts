/** @file The project's own rules: imports one way, no cycles, sizes, headers, no architecture by name. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SOURCES = ["grammar", "compiler", "runtime", "cli"];

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(ROOT, path)).isDirectory()) return filesIn(path);
    return path.endsWith(".ts") ? [path] : [];
  });
}

const files = SOURCES.flatMap(filesIn);
const text = new Map(files.map((f) => [f, readFileSync(join(ROOT, f), "utf8")]));

/** Files of the project that a file imports; `types` says whether type-only imports count. */
function importsOf(file: string, types: boolean): string[] {
  const found = [
    ...(text.get(file) ?? "").matchAll(/^(?:import|export)\b([^;]*?)\bfrom\s+"(\.[^"]+)"/gm),
  ];
  return found
    .filter(([, what]) => types || !/^\s*type\b/.test(what ?? ""))
    .map(([, , path]) => relative(ROOT, join(ROOT, dirname(file), path ?? "")));
}

const under = (folder: string) => (file: string) => file.startsWith(`${folder}/`);

describe("imports point one way", () => {
  const rules: readonly (readonly [from: string, never: readonly string[]])[] = [
    ["grammar", ["compiler", "runtime", "cli"]],
    ["runtime", ["compiler", "grammar", "cli"]],
    ["compiler", ["cli"]],
  ];
  test.each(rules)("%s never imports %s", (from, never) => {
    const wrong = files
      .filter(under(from))
      .flatMap((f) => importsOf(f, true).map((to) => `${f} → ${to}`))
      .filter((arrow) => never.some((folder) => arrow.includes(`→ ${folder}/`)));
    expect(wrong).toEqual([]);
  });

  test("of the runtime the compiler sees the artifact only", () => {
    const wrong = files
      .filter(under("compiler"))
      .flatMap((f) =>
        importsOf(f, true).filter((to) => under("runtime")(to) && !under("runtime/artifact")(to)),
      );
    expect(wrong).toEqual([]);
  });

  test("no cycles between modules", () => {
    const state = new Map<string, "open" | "done">();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === "done") return;
      if (state.get(file) === "open") {
        cycles.push([...path.slice(path.indexOf(file)), file].join(" → "));
        return;
      }
      state.set(file, "open");
      for (const to of importsOf(file, false)) visit(to, [...path, file]);
      state.set(file, "done");
    };
    for (const f of files) visit(f, []);
    expect(cycles).toEqual([]);
  });
});

test("every file says what goes in and out, and stays short", () => {
  const faults = files.flatMap((f) => {
    const source = text.get(f) ?? "";
    const head = source.startsWith("#!") ? source.slice(source.indexOf("\n") + 1) : source;
    const lines = source.split("\n").length;
    return [
      ...(/^\/\*\* @file /.test(head) ? [] : [`${f}: no @file header`]),
      ...(lines > 400 && !/generated/i.test(head.slice(0, 200)) ? [`${f}: ${lines} lines`] : []),
    ];
  });
  expect(faults).toEqual([]);
});

test("neither compiler nor runtime knows an architecture by name", () => {
  const named = files
    .filter((f) => under("compiler")(f) || under("runtime")(f))
    .filter((f) => /\b(lstm|gru|elman)\b/i.test(code(text.get(f) ?? "")));
  expect(named).toEqual([]);
});

test("every folder has a README", () => {
  const folders = [...new Set(files.map((f) => dirname(f)))].filter(
    (f) => f.split("/").length <= 2,
  );
  const missing = folders.filter((f) => !readdirSync(join(ROOT, f)).includes("README.md"));
  expect(missing).toEqual([]);
});

/** Source without comments. */
function code(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}
