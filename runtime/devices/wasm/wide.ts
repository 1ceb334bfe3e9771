/** @file Vectors of 256 bits. WebAssembly's have 128; V8 can make pairs of operations on neighbouring vectors one,
 *  but does so only behind a flag. In: nothing. Out: what compiles a module so, or why it cannot. Never leaves
 *  the flag set: no other module of the process is compiled with it. */
import type { Vectors } from "../device.ts";
import { features } from "./features.ts";
import { wideTest } from "./self-test.ts";

export interface Wide {
  /** Work of a program, as `work.ts` counts it, from which it is compiled so. */
  readonly worth: number;
  /** What this engine's code with such vectors gets wrong; null where it is right. Tested once, when first asked. */
  mistake(): string | null;
  /** Compiles all of the module at once, with the optimising compiler. */
  compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module;
}

/** Versions of V8 on which every spec of the library was computed so, with the same bits: Node 24, 25 and 26. */
const TESTED = ["13.6", "14.1", "14.6"];
/** The first that has it in the compiler it uses. */
const LEAST = 13;

/** About a millisecond of computing, since compiling takes 2 for a cell and up to 50 for a training program. */
const WORTH = 2 ** 26;

/** Each flag, and its opposite. V8 compiles a function lazily and first without optimising, and then with the flags of that moment. */
const FLAGS = [
  ["--experimental-wasm-revectorize", "--no-experimental-wasm-revectorize"],
  ["--no-liftoff", "--liftoff"],
  ["--no-wasm-lazy-compilation", "--wasm-lazy-compilation"],
] as const;

/** A custom section of no content: an engine that has compiled the same bytes otherwise would give that code. */
const MARK = [0, 5, 4, 0x77, 0x69, 0x64, 0x65];

let tested: string | null | undefined;

/** What `vectors` asks for: null for 128 bits; a string says why there are no others. */
export function wideFor(vectors: Vectors): Wide | string | null {
  if (vectors === 128) return null;
  const why = whyNot();
  if (why !== null) return why;
  if (vectors === "auto" && !TESTED.includes(versionOf(here()?.versions?.v8)))
    return "this version of V8 was not tested";
  return {
    worth: vectors === "auto" ? WORTH : 0,
    mistake: () => {
      if (tested === undefined) tested = wideTest(compile);
      return tested;
    },
    compile,
  };
}

type Process = Partial<NodeJS.Process>;

const here = (): Process | undefined => (globalThis as { process?: Process }).process;

/** "13.6" of "13.6.233.17-node.28". */
const versionOf = (v8 = ""): string => v8.split(".").slice(0, 2).join(".");

function whyNot(): string | null {
  const process = here();
  const versions: NodeJS.Dict<string> = process?.versions ?? {};
  const { v8, electron, bun, deno } = versions;
  if (process?.getBuiltinModule === undefined || v8 === undefined || electron || bun || deno)
    return "only Node compiles with them";
  if (process.arch !== "x64") return `a processor ${process.arch} has none`;
  if (Number.parseInt(v8, 10) < LEAST) return `V8 ${versionOf(v8)} has none; Node 24 does`;
  if (!features().fused) return "the engine has no relaxed SIMD";
  return null;
}

function compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  const process = here();
  const v8 = process?.getBuiltinModule?.("node:v8");
  const given = process?.execArgv ?? [];
  const marked = new Uint8Array(bytes.length + MARK.length);
  marked.set(bytes);
  marked.set(MARK, bytes.length);
  for (const [flag] of FLAGS) v8?.setFlagsFromString(flag);
  try {
    return new WebAssembly.Module(marked);
  } finally {
    for (const [flag, back] of FLAGS) if (!given.includes(flag)) v8?.setFlagsFromString(back);
  }
}
