/** @file The runtime for a browser, bundled. In: an entry file. Out: files by name, and what went in.
 *  Never written to disk. */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export interface Bundle {
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Sources in the bundle, from the project's root. */
  readonly sources: readonly string[];
  /** Sources that come with the entry itself, without what is imported on demand. */
  readonly first: readonly string[];
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export async function bundle(entry: string): Promise<Bundle> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: { page: entry },
    outdir: "bundle",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const { inputs, outputs } = result.metafile;
  const entered = Object.entries(outputs).filter(([, output]) => output.entryPoint === entry);
  const reached = new Set(entered.map(([path]) => path));
  for (const path of reached)
    for (const imported of outputs[path]?.imports ?? [])
      if (imported.kind === "import-statement") reached.add(imported.path);
  return {
    files: new Map(result.outputFiles.map((file) => [basename(file.path), file.contents])),
    sources: Object.keys(inputs),
    first: [...reached].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {})),
  };
}
