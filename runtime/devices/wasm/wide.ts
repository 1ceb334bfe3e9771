/** @file Vectors of 256 bits. WebAssembly's have 128; V8 makes two operations on neighbouring vectors one where its
 *  flag --experimental-wasm-revectorize is set. In: nothing. Out: whether it is, why it cannot be. The flag is the
 *  process's: never set unless it is asked for, never taken back, since V8 optimises later than it compiles. */
import { hasFlag, nodesV8, processor, setFlag } from "./engine.ts";
import { features } from "./features.ts";

const FLAG = "--experimental-wasm-revectorize";
/** The first version of V8 that has it in the compiler it uses. */
const LEAST = 13;
/** Versions on which every spec of the library gave the same bits with it: Node 24, 25 and 26. */
const TESTED = ["13.6", "14.1", "14.6"];

/** Why the engine cannot compute with them; null where it can. */
export function whyNotWide(): string | null {
  const v8 = nodesV8();
  if (v8 === null) return "only Node has them";
  if (processor() !== "x64") return `Node has none on ${processor()} processors`;
  if (Number.parseInt(v8, 10) < LEAST) return `V8 ${v8} has none; Node 24 does`;
  return features().fused ? null : "the engine has no relaxed SIMD";
}

/** Whether this very engine was tested with them. */
export const isTested = (): boolean => whyNotWide() === null && TESTED.includes(nodesV8() ?? "");

let on: boolean | null = null;

/** Whether the flag is set: on the command line, or by `widen`. */
export function isWide(): boolean {
  on ??= whyNotWide() === null && hasFlag(FLAG);
  return on;
}

/** Sets the flag, where `whyNotWide` has no objection: what is compiled from now on, in all of the process. */
export function widen(): void {
  setFlag(FLAG);
  on = true;
}
