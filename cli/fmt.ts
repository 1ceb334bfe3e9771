/** @file `cellc fmt`: the one layout. In: `.cell` files. Out: the files rewritten, or with `--check` the
 *  names of those that would be; exit code 1 for a file with syntax errors, which stays as it is. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import writeFileAtomic from "write-file-atomic";
import { hasErrors, render, toJson } from "../grammar/diagnostic.ts";
import { print } from "../grammar/print.ts";
import { Failure } from "./fail.ts";
import { colour, printJson } from "./render.ts";
import { needSpec } from "./source.ts";

interface Options {
  readonly check?: boolean;
  readonly json?: boolean;
}

export function fmtCommand(program: Command): void {
  program
    .command("fmt <files...>")
    .summary("format specs: the same text for the same meaning, comments kept")
    .option("--check", "change nothing; exit code 1 where a file is not formatted")
    .option("--json", "print what changed, and diagnostics, as JSON on stdout")
    .addHelpText("after", "\nExample:\n  cellc fmt specs/cells/*.cell --check")
    .action((files: string[], { check = false, json = false }: Options) => {
      files.forEach(needSpec);
      const results = files.map((file) => {
        const before = readFileSync(file, "utf8");
        const { text, diagnostics } = print(before, file);
        return { file, before, text, diagnostics, changed: text !== before };
      });
      if (!check) for (const r of results) if (r.changed) write(r.file, r.text);
      const diagnostics = results.flatMap((r) => r.diagnostics);
      const changed = results.filter((r) => r.changed).map((r) => r.file);
      if (json) {
        printJson({
          files: results.map((r) => ({ file: r.file, changed: r.changed })),
          written: !check,
          diagnostics: toJson(diagnostics),
        });
      } else {
        const word = check ? "not formatted" : "formatted";
        for (const file of changed) console.log(`${word}: ${file}`);
        if (diagnostics.length > 0) {
          const sources = new Map(results.map((r) => [r.file, r.before]));
          process.stderr.write(`${render(diagnostics, sources, { color: colour() })}\n`);
        }
      }
      if (hasErrors(diagnostics) || (check && changed.length > 0)) throw new Failure("", 1);
    });
}

function write(file: string, text: string): void {
  try {
    writeFileAtomic.sync(file, text);
  } catch (error) {
    throw new Failure(`error: cannot write ${file}: ${String(error)}`, 2);
  }
}
