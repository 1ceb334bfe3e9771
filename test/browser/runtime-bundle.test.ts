/** @file What a page downloads to run a model: the runtime's public entry, bundled and minified. */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { beforeAll, describe, expect, test } from "vitest";

const ENTRY = "runtime/index.ts";
const WASM = "runtime/devices/wasm.ts";
/** Bytes, gzipped, of what computes on a processor: the entry, and what loads with it. */
const MOST = 60_000;

interface Chunk {
  readonly gzipped: number;
  readonly sources: readonly string[];
}

/** What loads with the entry, the wasm device with it, and what else loads on demand. */
interface Chunks {
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
  const all = Object.keys(outputs);
  const first = loadedWith(outputs, all.find((path) => outputs[path]!.entryPoint === ENTRY)!);
  const later = all.filter((path) => !first.has(path));
  return { first: [...first].map(chunk), later: later.map(chunk) };
}

/** The chunk and all that it imports at once. */
function loadedWith(outputs: Metafile["outputs"], chunk: string): ReadonlySet<string> {
  const reached = new Set([chunk]);
  for (const path of reached)
    for (const { kind, path: to } of outputs[path]!.imports)
      if (kind === "import-statement") reached.add(to);
  return reached;
}

describe("the runtime's public entry, bundled for a browser", () => {
  let bundled: Chunks;
  beforeAll(async () => {
    bundled = await chunks();
  });

  test("holds nothing of the compiler, the grammar, the commands or Node", () => {
    const sources = [bundled.first, bundled.later].flat().flatMap((c) => c.sources);
    expect(sources).toContain(ENTRY);
    // esbuild refuses an import of node: for a browser; what it replaces by nothing it names so.
    const foreign = /^(?:compiler|grammar|cli|test)\/|^node:|^\(disabled\)/;
    expect(sources.filter((s) => foreign.test(s))).toEqual([]);
  });

  test("loads gpu.js on demand, in a chunk of its own", () => {
    const isGpu = (source: string): boolean => source.includes("node_modules/gpu.js/");
    expect(bundled.first.flatMap((c) => c.sources).filter(isGpu)).toEqual([]);
    const chunk = bundled.later.filter((c) => c.sources.some(isGpu));
    expect(chunk).toHaveLength(1);
    expect(chunk[0]!.sources.filter((s) => !isGpu(s))).toEqual([]);
  });

  test("computing on a processor takes at most 60 KB gzipped", () => {
    expect(bundled.first.flatMap((c) => c.sources)).toContain(WASM);
    const total = bundled.first.reduce((sum, c) => sum + c.gzipped, 0);
    expect(total).toBeLessThanOrEqual(MOST);
  });
});
