/** @file `cellc explain`: the page of an error code. In: a code, or none for the list of all. Out: what it
 *  means, a wrong snippet and a right one. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { nearest } from "../grammar/diagnostic.ts";
import { Failure } from "./fail.ts";
import { pagesRoot } from "./package.ts";
import { printJson } from "./render.ts";

interface Page {
  readonly code: string;
  readonly title: string;
  /** Markdown, as in docs/errors. */
  readonly page: string;
}

export function explainCommand(program: Command): void {
  program
    .command("explain [code]")
    .summary("what an error code means, with a wrong snippet and a right one")
    .option("--json", "print the page as JSON on stdout")
    .addHelpText("after", "\nExamples:\n  cellc explain E203\n  cellc explain")
    .action((code: string | undefined, { json = false }: { json?: boolean }) => {
      if (code === undefined) {
        const pages = codes().map(readPage);
        if (json) printJson(pages.map(({ code: c, title }) => ({ code: c, title })));
        else for (const p of pages) console.log(`${p.code}  ${p.title}`);
        return;
      }
      const page = readPage(knownCode(code));
      if (json) printJson(page);
      else process.stdout.write(asText(page.page));
    });
}

function codes(): readonly string[] {
  const files = readdirSync(pagesRoot()).filter((name) => /^[A-Z]\d{3}\.md$/.test(name));
  return files.map((name) => name.slice(0, -3)).sort();
}

function knownCode(given: string): string {
  const known = codes();
  const code = given.toUpperCase();
  if (known.includes(code)) return code;
  const meant = nearest(code, known);
  const hint = meant === null ? "" : `; did you mean ${meant}?`;
  throw new Failure(
    `error: there is no code ${given}${hint}\n\`cellc explain\` lists all codes.`,
    2,
  );
}

function readPage(code: string): Page {
  const page = readFileSync(join(pagesRoot(), `${code}.md`), "utf8");
  const title = /^# \w+: (.*)$/m.exec(page)?.[1] ?? "";
  return { code, title, page };
}

/** For a terminal: no heading mark, snippets named and indented. */
function asText(page: string): string {
  return page
    .replace(/^# /, "")
    .replace(
      /^```(\S*) ?(.*)\n([\s\S]*?)^```$/gm,
      (_, language: string, info: string, text: string) => {
        const [kind = "", ...options] = info.split(" ");
        const name = { bad: "Wrong", good: "Right", file: "File" }[kind] ?? language;
        const head = [name, ...options].filter((word) => word !== "").join(" ");
        return `${head === "" ? "" : `${head}:\n`}${text.trimEnd().replace(/^(?=.)/gm, "    ")}`;
      },
    );
}
