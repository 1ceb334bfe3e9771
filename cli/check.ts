/** @file `cellc check`: every mistake of a spec in one run. In: `.cell` files. Out: diagnostics; exit
 *  code 1 where one is an error. */
import type { Command } from "commander";
import { check } from "../compiler/2-check/check.ts";
import type { Checked } from "../compiler/2-check/checked.ts";
import { hasErrors, render, toJson } from "../grammar/diagnostic.ts";
import { Failure } from "./fail.ts";
import { colour, printJson } from "./render.ts";
import { needSpec, reader, sourcePath } from "./source.ts";

export function checkCommand(program: Command): void {
  program
    .command("check <files...>")
    .summary("report every mistake of a spec: names, lags, shapes, ranges of gates")
    .option("--json", "print diagnostics as JSON on stdout")
    .addHelpText("after", "\nExample:\n  cellc check specs/cells/lstm.cell")
    .action((files: string[], { json }: { json?: boolean }) => {
      const results = files.map((file) => {
        needSpec(file);
        return { path: sourcePath(file), ...check(sourcePath(file), reader()) };
      });
      const diagnostics = results.flatMap((r) => r.diagnostics);
      const errors = diagnostics.filter((d) => d.severity === "error").length;
      if (json) printJson({ files, diagnostics: toJson(diagnostics) });
      else if (diagnostics.length > 0) {
        const sources = new Map(
          results.flatMap((r) => r.files.map((f) => [f.path, f.text] as const)),
        );
        process.stderr.write(`${render(diagnostics, sources, { color: colour() })}\n`);
      }
      const warnings = diagnostics.length - errors;
      if (hasErrors(diagnostics))
        throw new Failure(json ? "" : count(errors, "error") + extra(warnings), 1);
      if (!json) {
        const what = results.map((r, i) => declaredIn(r, r.path).join(", ") || files[i]).join(", ");
        console.log(`${what}: no mistakes${extra(warnings)}`);
      }
    });
}

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
