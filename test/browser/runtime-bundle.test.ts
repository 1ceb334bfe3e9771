/** @file What a page downloads to run a model: the runtime's public entry, bundled and minified. */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";

const ENTRY = "runtime/index.ts";
/** Bytes, gzipped; of which ajv, which checks artifacts at the border, is most. */
const MOST = 60_000;

interface Chunk {
  readonly gzipped: number;
  readonly sources: readonly string[];
}

/** The entry's own chunk, what else loads with it, and what loads on demand. */
interface Chunks {
  readonly main: Chunk;
  readonly first: readonly Chunk[];
  readonly later: readonly Chunk[];
}

async function chunks(): Promise<Chunks> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: fileURLToPath(new URL("../..", import.meta.url)),
    entryPoints: [ENTRY],
    outdir: "bundle",
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const { outputs } = metafile;
  const chunk = (path: string): Chunk => {
    const file = outputFiles.find((f) => f.path.endsWith(path))!;
    return {
      gzipped: gzipSync(file.contents).length,
      sources: Object.keys(outputs[path]!.inputs),
    };
  };
  const main = Object.keys(outputs).find((path) => outputs[path]!.entryPoint === ENTRY)!;
  const first = new Set(loadedWith(outputs, main));
  const later = Object.keys(outputs).filter((path) => path !== main && !first.has(path));
  return { main: chunk(main), first: [...first].map(chunk), later: later.map(chunk) };
}

function loadedWith(outputs: Metafile["outputs"], entry: string): readonly string[] {
  const reached = new Set([entry]);
  for (const path of reached)
    for (const { kind, path: to } of outputs[path]!.imports)
      if (kind === "import-statement") reached.add(to);
  reached.delete(entry);
  return [...reached];
}

describe("the runtime's public entry, bundled for a browser", () => {
  let bundled: Chunks;
  beforeAll(async () => {
    bundled = await chunks();
  });

  test("holds nothing of the compiler, the grammar, the commands or Node", () => {
    const sources = [bundled.main, ...bundled.first, ...bundled.later].flatMap((c) => c.sources);
    expect(sources).toContain(ENTRY);
    // esbuild refuses an import of node: for a browser; what it replaces by nothing it names so.
    const foreign = /^(?:compiler|grammar|cli|test)\/|^node:|^\(disabled\)/;
    expect(sources.filter((s) => foreign.test(s))).toEqual([]);
  });

  test("loads gpu.js on demand, in a chunk of its own", () => {
    const isGpu = (source: string): boolean => source.includes("node_modules/gpu.js/");
    expect([bundled.main, ...bundled.first].flatMap((c) => c.sources).filter(isGpu)).toEqual([]);
    const chunk = bundled.later.filter((c) => c.sources.some(isGpu));
    expect(chunk).toHaveLength(1);
    expect(chunk[0]!.sources.filter((s) => !isGpu(s))).toEqual([]);
  });

  test("its main chunk is at most 60 KB gzipped", ({ annotate }) => {
    const total = bundled.first.reduce((sum, c) => sum + c.gzipped, bundled.main.gzipped);
    const kb = (bytes: number): string => `${(bytes / 1000).toFixed(1)} KB`;
    void annotate(`main chunk ${kb(bundled.main.gzipped)}, all that loads with it ${kb(total)}`);
    expect(bundled.main.gzipped).toBeLessThanOrEqual(MOST);
  });
});
