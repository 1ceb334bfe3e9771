/** @file Checking never throws: on random trees, on the library's files with tokens lost, doubled and
 *  swapped, and with names and numbers in each other's places. What it reports lies inside its files. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check } from "../compiler/2-check/check.ts";
import type { Checked } from "../compiler/2-check/checked.ts";
import { CODES } from "../grammar/codes.ts";
import { render } from "../grammar/diagnostic.ts";
import { lex } from "../grammar/lex.ts";
import { printTree } from "../grammar/print.ts";
import { sourceFile } from "./grammar-arbitrary.ts";

const SEED = 7;
const ROOT = fileURLToPath(new URL("..", import.meta.url));

const corpus = ["specs", "test/diagnostics"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".cell"))
    .map((f) => ({ path: f, text: readFileSync(join(ROOT, folder, f), "utf8") })),
);
const byPath = new Map(corpus.map(({ path, text }) => [path, text]));

function checkAll(path: string, text: string): Checked {
  const checked = check(path, (p) => (p === path ? text : (byPath.get(p) ?? null)));
  const lengths = new Map(checked.files.map((f) => [f.path, f.text.length]));
  for (const d of checked.diagnostics) {
    expect(Object.keys(CODES)).toContain(d.code);
    for (const span of [d.span, ...d.related.map((r) => r.span)]) {
      expect(span.start).toBeGreaterThanOrEqual(0);
      expect(span.end).toBeGreaterThanOrEqual(span.start);
      expect(span.end).toBeLessThanOrEqual(lengths.get(span.file) ?? 0);
    }
  }
  const shown = render(checked.diagnostics, new Map(checked.files.map((f) => [f.path, f.text])));
  for (const slip of ["undefined", "[object", "\u0000"]) expect(shown).not.toContain(slip);
  return checked;
}

interface Change {
  readonly kind: "drop" | "double" | "swap" | "take";
  readonly at: number;
  readonly from: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("drop", "double", "swap", "take"),
  at: fc.nat(1 << 20),
  from: fc.nat(1 << 20),
});

/** The text with some tokens changed: `take` puts another token of the same file in its place. */
function changed(text: string, changes: readonly Change[], sameKind: boolean): string {
  const tokens = lex(text, "").tokens.map((t) => ({
    image: t.image,
    kind: /^[A-Za-z_]/.test(t.image) ? "word" : /^[\d.]/.test(t.image) ? "number" : "sign",
  }));
  for (const c of changes) {
    if (tokens.length === 0) break;
    const at = c.at % tokens.length;
    const here = tokens[at]!;
    const like = sameKind ? tokens.filter((t) => t.kind === here.kind) : tokens;
    const other = like[c.from % like.length]!;
    if (c.kind === "take") tokens[at] = other;
    else if (c.kind === "drop") tokens.splice(at, 1);
    else if (c.kind === "double") tokens.splice(at, 0, here);
    else {
      tokens[at] = tokens[(at + 1) % tokens.length]!;
      tokens[(at + 1) % tokens.length] = here;
    }
  }
  return tokens.map((t) => t.image).join(" ");
}

describe("never throws", () => {
  test("on random trees", () => {
    fc.assert(
      fc.property(sourceFile, (tree) => {
        checkAll("random.cell", printTree(tree));
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  test("on files with tokens lost, doubled, swapped", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...corpus),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        ({ path, text }, changes) => {
          checkAll(path, changed(text, changes, false));
        },
      ),
      { seed: SEED, numRuns: 150 },
    );
  });

  test("on files that parse, with one name or number in another's place", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...corpus),
        fc.array(
          change.map((c): Change => ({ ...c, kind: "take" })),
          { minLength: 1, maxLength: 3 },
        ),
        ({ path, text }, changes) => {
          checkAll(path, changed(text, changes, true));
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });
});

test("says the same of the same text", () => {
  for (const { path, text } of corpus.filter((f) => !f.path.startsWith("lib/"))) {
    expect(checkAll(path, text).diagnostics).toEqual(checkAll(path, text).diagnostics);
  }
});
