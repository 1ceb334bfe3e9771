/** @file Where the package keeps its own files. In: nothing. Out: its root, version, spec library and
 *  pages. Works from the sources and from `dist/`. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The nearest folder above this file with a package.json. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}

/** The spec library: `import … from "cells/lstm"` reads `cells/lstm.cell` here. */
export function libraryRoot(): string {
  return join(packageRoot(), "specs");
}

/** One page an error code: `E203.md`. */
export function pagesRoot(): string {
  return join(packageRoot(), "docs", "errors");
}
