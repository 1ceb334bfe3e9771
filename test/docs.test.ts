/** @file Documentation says what is true: every cell snippet is checked, every command exists. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { expect, test } from "vitest";
import { COMMANDS } from "../cli/commands.ts";
import { reader } from "../cli/source.ts";
import { check } from "../compiler/2-check/check.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGES = [
  "README.md",
  ...readdirSync(join(ROOT, "docs")).flatMap((f) => (f.endsWith(".md") ? [join("docs", f)] : [])),
];
const pages = PAGES.map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));

const snippets = pages.flatMap(({ path, text }) =>
  [...text.matchAll(/```cell( bad)?\n([\s\S]*?)```/g)].map(([, bad, source], i) => ({
    name: `${path} ${i + 1}`,
    bad: bad !== undefined,
    source: source ?? "",
  })),
);

test.each(snippets)("$name", ({ bad, source }) => {
  const library = reader();
  const { diagnostics } = check("./snippet.cell", (path) =>
    path === "./snippet.cell" ? source : library(path),
  );
  if (bad) expect(diagnostics).not.toEqual([]);
  else expect(diagnostics.map((d) => `${d.span.line}: ${d.code} ${d.message}`)).toEqual([]);
});

test("commands and options in the documentation exist", () => {
  const program = new Command();
  for (const add of COMMANDS) add(program);
  const options = new Map(
    program.commands.map((c) => [
      c.name(),
      ["--help", ...c.options.flatMap((o) => [o.long, o.short])],
    ]),
  );
  const faults = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/(?:^|[\s`$])(?:npx )?cellc ([a-z]+)((?:[^\n`|]|\\\n)*)/gm)].flatMap(
      ([, command, rest]) => {
        const known = options.get(command ?? "");
        if (known === undefined) return [`${path}: cellc ${command}`];
        return [...(rest ?? "").matchAll(/\s(--?[a-z][a-z-]*)/g)]
          .filter(([, option]) => !known.includes(option))
          .map(([, option]) => `${path}: cellc ${command} ${option}`);
      },
    ),
  );
  expect(faults).toEqual([]);
});
