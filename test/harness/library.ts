/** @file The files of specs/. In: nothing. Out: every spec file and what it declares, with sizes small
 *  enough to check every gradient. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CellDecl, FnDecl, ModelDecl } from "../../grammar/ast.ts";
import { parse } from "../../grammar/parse.ts";
import sizes from "./small-sizes.json" with { type: "json" };
import { ROOT } from "./spec.ts";

export interface SpecFile {
  /** As imports name it, with its extension: "cells/lstm.cell". */
  readonly path: string;
  readonly text: string;
  readonly fns: readonly FnDecl[];
  /** Cells and models: what can be compiled. */
  readonly entries: readonly (CellDecl | ModelDecl)[];
}

export const FOLDERS = ["std", "cells", "models", "apps", "benchmarks"] as const;

export function specFiles(folder: string): readonly SpecFile[] {
  return readdirSync(join(ROOT, "specs", folder))
    .filter((name) => name.endsWith(".cell"))
    .sort()
    .map((name) => {
      const path = `${folder}/${name}`;
      const text = readFileSync(join(ROOT, "specs", path), "utf8");
      const { items } = parse(text, path).ast;
      return {
        path,
        text,
        fns: items.filter((i) => i.kind === "fn"),
        entries: items.filter((i) => i.kind === "cell" || i.kind === "model"),
      };
    });
}

/** By a dim's name; no two that meet in one shape are equal, so that none can stand for another. */
const SIZES: Readonly<Record<string, number>> = sizes;

export function smallDims(entry: CellDecl | ModelDecl): Readonly<Record<string, number>> {
  return Object.fromEntries(
    entry.dims.map(({ name }) => {
      const size = SIZES[name.text];
      if (size === undefined) throw new Error(`no small size for dim ${name.text}`);
      return [name.text, size];
    }),
  );
}
