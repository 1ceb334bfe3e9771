/** @file What is installed, and what a browser downloads. In: --home, the folder of installs;
 *  --quick leaves our own install out. Out: a line a
 *  peer (MB on disk and packages), one for this package as npm installs it, one for the bundle of runtime
 *  and wasm path. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { PEERS } from "../lib/peers.mjs";
import { ROOT } from "./spec.mjs";

const { values } = parseArgs({
  options: { home: { type: "string" }, quick: { type: "boolean", default: false } },
});
const home = values.home ?? join(ROOT, "bench", ".installs");
const print = (row) => process.stdout.write(`${JSON.stringify(row)}\n`);
const mb = (bytes) => Number((bytes / 2 ** 20).toFixed(2));

function bytesUnder(path) {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesUnder(join(path, name)), 0);
}

/** Folders of packages, those inside packages too. */
function packagesIn(modules) {
  if (!existsSync(modules)) return [];
  return readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) =>
      name.startsWith("@") ? readdirSync(join(modules, name)).map((n) => `${name}/${n}`) : [name],
    )
    .flatMap((name) => [join(modules, name), ...packagesIn(join(modules, name, "node_modules"))]);
}

const sized = (peer, modules) => ({
  measure: "installed",
  peer,
  mb: mb(bytesUnder(modules)),
  packages: packagesIn(modules).length,
});

for (const { name, folder } of PEERS) {
  const modules = folder === null ? null : join(home, folder, "node_modules");
  if (modules !== null && existsSync(modules)) print(sized(name, modules));
}
if (!values.quick) print(ours()); // npm asks the registry
print(await bundle());

/** `npm pack`, then an install of it without development dependencies. */
function ours() {
  const folder = join(home, "cellc");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  const npm = (args, cwd) =>
    execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const packed = npm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder], ROOT);
  const [{ filename, unpackedSize }] = JSON.parse(packed);
  npm(
    ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=dev", `./${filename}`],
    folder,
  );
  const modules = join(folder, "node_modules");
  const lock = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8")).packages;
  const library = closure(lock, "gpu.js");
  const libraryBytes = [...library].reduce((sum, path) => sum + own(join(folder, path)), 0);
  return {
    ...sized("cellc", modules),
    own_mb: mb(unpackedSize),
    gpu_js_mb: mb(libraryBytes),
    gpu_js_packages: library.size,
  };
}

/** A package's own files, without packages inside it. */
function own(path) {
  const inside = join(path, "node_modules");
  return bytesUnder(path) - (existsSync(inside) ? bytesUnder(inside) : 0);
}

/** Lock paths of a package and of all that it alone brings in. */
function closure(lock, name) {
  const pathOf = (from, dep) => {
    const inside = `${from}/node_modules/${dep}`;
    return inside in lock ? inside : `node_modules/${dep}`;
  };
  const reach = (start, skip) => {
    const seen = new Set();
    const visit = (path) => {
      if (seen.has(path) || path === skip || !(path in lock)) return;
      seen.add(path);
      const { dependencies = {}, optionalDependencies = {} } = lock[path];
      for (const dep of Object.keys({ ...dependencies, ...optionalDependencies }))
        visit(pathOf(path, dep));
    };
    visit(start);
    return seen;
  };
  const library = reach(`node_modules/${name}`, null);
  const others = reach("node_modules/cellc", `node_modules/${name}`);
  return new Set([...library].filter((path) => !others.has(path)));
}

/** load() with what the wasm backend loads: gpu.js, the float64 reference and gradcheck come when asked. */
async function bundle() {
  const entry = `export { load } from ${JSON.stringify(join(ROOT, "runtime/index.ts"))};`;
  const { metafile, outputFiles } = await build({
    stdin: { contents: entry, resolveDir: ROOT },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    outdir: "out",
    write: false,
    metafile: true,
    external: ["gpu.js"],
    absWorkingDir: ROOT,
  });
  const holds = (output, file) => Object.keys(output.inputs).includes(`runtime/${file}`);
  const outputs = Object.entries(metafile.outputs);
  const start = outputs.filter(
    ([, o]) => o.entryPoint === "<stdin>" || holds(o, "devices/wasm.ts"),
  );
  const wanted = new Set();
  const visit = (path) => {
    if (wanted.has(path)) return;
    wanted.add(path);
    for (const i of metafile.outputs[path].imports)
      if (i.kind === "import-statement" && !i.external) visit(i.path);
  };
  for (const [path] of start) visit(path);
  const files = outputFiles.filter((f) => [...wanted].some((path) => f.path.endsWith(path)));
  const gzipped = files.reduce((sum, f) => sum + gzipSync(f.contents, { level: 9 }).length, 0);
  const minified = files.reduce((sum, f) => sum + f.contents.length, 0);
  const round = (bytes) => Number((bytes / 1024).toFixed(1));
  return {
    measure: "bundle",
    gzipped_kb: round(gzipped),
    minified_kb: round(minified),
    files: files.length,
  };
}
