/** @file Vectors of 256 bits. WebAssembly's have 128; V8 makes two operations on neighbouring vectors one where its
 *  flag --experimental-wasm-revectorize is set. In: nothing. Out: whether it is, why it cannot be. The flag is the
 *  process's: never set unless it is asked for, never taken back, since V8 optimises later than it compiles. */
import { features } from "./features.ts";

const FLAG = "--experimental-wasm-revectorize";
/** The first version of V8 that has it in the compiler it uses. */
const LEAST = 13;
/** Versions on which every spec of the library gave the same bits with it: Node 24, 25 and 26. */
const TESTED = ["13.6", "14.1", "14.6"];

type Process = Partial<NodeJS.Process>;

const here = (): Process | undefined => (globalThis as { process?: Process }).process;

/** "13.6" of "13.6.233.17-node.28". */
const version = (v8: string): string => v8.split(".").slice(0, 2).join(".");

/** Why the engine cannot compute with them; null where it can. */
export function whyNotWide(): string | null {
  const versions: NodeJS.Dict<string> = here()?.versions ?? {};
  const { v8, electron, bun, deno } = versions;
  if (here()?.getBuiltinModule === undefined || v8 === undefined || electron || bun || deno)
    return "only Node has them";
  if (here()?.arch !== "x64") return `Node has none on ${here()?.arch} processors`;
  if (Number.parseInt(v8, 10) < LEAST) return `V8 ${version(v8)} has none; Node 24 does`;
  return features().fused ? null : "the engine has no relaxed SIMD";
}

/** Whether this very engine was tested with them. */
export const isTested = (): boolean =>
  whyNotWide() === null && TESTED.includes(version(here()?.versions?.v8 ?? ""));

let on: boolean | null = null;

/** Whether the flag is set: on the command line, or by `widen`. */
export function isWide(): boolean {
  on ??= whyNotWide() === null && (here()?.execArgv ?? []).includes(FLAG);
  return on;
}

/** Sets the flag, where `whyNotWide` has no objection: what is compiled from now on, in all of the process. */
export function widen(): void {
  here()?.getBuiltinModule?.("node:v8").setFlagsFromString(FLAG);
  on = true;
}
