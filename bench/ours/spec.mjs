/** @file Specs for the measurements of ours alone. In: a file of specs/, an entry, sizes. Out: its artifact.
 *  Throws the compiler's words where there is none. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "cellc/compiler";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A file's text by its path under specs/, as imports of the library name it. */
export function read(name) {
  const path = join(ROOT, "specs", name);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

export function artifactOf(file, entry, dims) {
  const { artifact, diagnostics } = compile({ file, read, entry, dims });
  if (artifact === null)
    throw new Error(`${entry}: ${diagnostics.map((d) => d.message).join("; ")}`);
  return artifact;
}
