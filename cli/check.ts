/** @file `cellc check`: every mistake of a spec in one run. In: `.cell` files. Out: diagnostics; exit
 *  code 1 where one is an error. `cellc lint` is the same with code 1 where one is a warning too. */
import type { Command } from "commander";
import { check } from "../compiler/2-check/check.ts";
import type { Checked } from "../compiler/2-check/checked.ts";
import { render, toJson } from "../grammar/diagnostic.ts";
import { Failure } from "./fail.ts";
import { colour, printJson } from "./render.ts";
import { needSpec, reader, sourcePath } from "./source.ts";

export function checkCommand(program: Command): void {
  program
    .command("check <files...>")
    .summary("report every mistake of a spec: names, lags, shapes, ranges of gates, and `lint`")
    .option("--json", "print diagnostics as JSON on stdout")
    .addHelpText("after", "\nExample:\n  cellc check specs/cells/lstm.cell")
    .action((files: string[], { json = false }: { json?: boolean }) => {
      checkFiles(files, { json, sizes: {}, strict: false });
    });
}

export interface CheckOptions {
  readonly json: boolean;
  /** Of dims, by name. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Is a warning a failure? */
  readonly strict: boolean;
}

/** Prints what is wrong with the files; throws a Failure (1) where that is an error or, if strict, anything. */
export function checkFiles(files: readonly string[], { json, sizes, strict }: CheckOptions): void {
  const results = files.map((file) => {
    needSpec(file);
    return { path: sourcePath(file), ...check(sourcePath(file), reader(), sizes) };
  });
  const unknown = Object.keys(sizes).filter((name) => !results.some((r) => hasDim(r, name)));
  if (unknown.length > 0 && results.every((r) => r.cells.size > 0))
    throw new Failure(`error: --set ${unknown[0]}: no cell has a dim of that name`, 2);
  const diagnostics = results.flatMap((r) => r.diagnostics);
  const errors = diagnostics.filter((d) => d.severity === "error").length;
  const warnings = diagnostics.length - errors;
  if (json) printJson({ files, diagnostics: toJson(diagnostics) });
  else if (diagnostics.length > 0) {
    const sources = new Map(results.flatMap((r) => r.files.map((f) => [f.path, f.text] as const)));
    process.stderr.write(`${render(diagnostics, sources, { color: colour() })}\n`);
  }
  if (errors > 0) throw new Failure(json ? "" : count(errors, "error") + extra(warnings), 1);
  if (strict && warnings > 0) throw new Failure(json ? "" : count(warnings, "warning"), 1);
  if (json) return;
  const what = results.map((r, i) => declaredIn(r, r.path).join(", ") || files[i]).join(", ");
  console.log(`${what}: no ${strict ? "warnings" : `mistakes${extra(warnings)}`}`);
}

const hasDim = ({ cells }: Checked, name: string): boolean =>
  [...cells.values()].some((c) => c.dims.some((d) => d.name.text === name));

/** Cells and models of the file itself, not of what it imports. */
function declaredIn({ cells, models }: Checked, path: string): string[] {
  return [
    ...[...cells].filter(([, c]) => c.lineage[0]?.span.file === path),
    ...[...models].filter(([, m]) => m.span.file === path),
  ].map(([name]) => name);
}

function extra(warnings: number): string {
  return warnings === 0 ? "" : `, ${count(warnings, "warning")}`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
