/** @file WebGPU for Node, which has none of its own. In: nothing. Out: a `navigator.gpu` from the package `webgpu`
 *  (Dawn) that a program has installed, or why there is none. Never loads a version that does not work: the
 *  0.2.9 that gpu.js brings ends a Node 24 process, and refuses what gpu.js asks of it. */

/** Least version of the package: major, minor. */
const LEAST = [0, 6] as const;
const WAY_OUT = `npm install webgpu@${LEAST.join(".")}`;

interface Dawn {
  create(options: readonly string[]): unknown;
  readonly globals: Readonly<Record<string, unknown>>;
}

/** null where `navigator.gpu` is there, or is now. It stays: what else the process has may have taken it up. */
export async function provideWebgpu(): Promise<string | null> {
  if (globalThis.navigator !== undefined && "gpu" in globalThis.navigator) return null;
  const here = (globalThis as { process?: Partial<NodeJS.Process> }).process;
  const modules = here?.versions?.node === undefined ? undefined : here.getBuiltinModule;
  if (modules === undefined) return "this host has no navigator.gpu";
  const found = packageAt(modules("node:module").createRequire(import.meta.url));
  if (found === null) return `Node needs the package webgpu for it: ${WAY_OUT}`;
  const [major, minor] = found.version.split(".").map(Number);
  if (!(major! > LEAST[0] || (major === LEAST[0] && minor! >= LEAST[1])))
    return `the package webgpu is version ${found.version}, which does not work: ${WAY_OUT}`;
  const loaded = await load(modules("node:url").pathToFileURL(found.path).href);
  if (typeof loaded === "string")
    return `the package webgpu ${found.version} cannot be loaded: ${loaded}`;
  Object.assign(globalThis, loaded.globals);
  if (globalThis.navigator === undefined)
    Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  const value = loaded.create([]);
  Object.defineProperty(globalThis.navigator, "gpu", { value, configurable: true });
  return null;
}

/** Where the package is and which version, without running it. */
function packageAt(require: NodeJS.Require): { path: string; version: string } | null {
  try {
    const path = require.resolve("webgpu");
    const { version } = require("webgpu/package.json") as { readonly version: string };
    return { path, version };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return null;
    throw error;
  }
}

/** The package, or what is in the way: a library of the system that is too old, most often. */
async function load(url: string): Promise<Dawn | string> {
  try {
    return (await import(/* @vite-ignore */ url)) as Dawn;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
