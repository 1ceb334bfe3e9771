/** @file Pages of the errors that `compile` reports about an entry: the bad snippet raises its code
 *  with the options in its fence, the good one compiles. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { compile } from "../compiler/compile.ts";
import { load } from "../runtime/artifact/load.ts";

const PAGES = fileURLToPath(new URL("../docs/errors/", import.meta.url));
const codes = readdirSync(PAGES).flatMap((f) => (/^E3\d\d\.md$/.test(f) ? [f.slice(0, 4)] : []));

describe.each(codes)("%s", (code) => {
  const page = readFileSync(`${PAGES}${code}.md`, "utf8");
  const snippets = [...page.matchAll(/```cell (bad|good)([^\n]*)\n([\s\S]*?)```/g)].map(
    ([, kind, options, text]) => ({ kind, ...request(options ?? "", text ?? "") }),
  );

  test("has a bad and a good snippet", () => {
    expect(snippets.map((s) => s.kind)).toEqual(["bad", "good"]);
  });

  test.each(snippets)("$kind", async ({ kind, ...options }) => {
    const { artifact, diagnostics } = compile(options);
    expect(diagnostics.map((d) => d.code)).toEqual(kind === "bad" ? [code] : []);
    expect(artifact === null).toBe(kind === "bad");
    if (artifact !== null)
      expect(await load(JSON.parse(JSON.stringify(artifact)))).toMatchObject({ ok: true });
  });
});

function request(options: string, text: string) {
  const value = (name: string) => new RegExp(`--${name} (\\S+)`).exec(options)?.[1];
  const dims = [...options.matchAll(/--set (\w+)=(\d+)/g)].map(
    ([, k, v]) => [k, Number(v)] as const,
  );
  return {
    file: "./page.cell",
    read: (path: string) => (path === "./page.cell" ? text : null),
    entry: value("entry"),
    dims: Object.fromEntries(dims),
    direction: value("direction") as "forward" | "backward" | undefined,
  };
}
