/** @file What threads there may be. In: nothing. Out: cores, and what is in the way of sharing memory. Never
 *  starts one: `crew.ts` does, which a page loads when a run is worth it. */

/** Most threads of a session. */
export const MOST_THREADS = 32;

/** Why threads cannot share memory here; null where they can. */
export function whyAlone(): string | null {
  if (typeof SharedArrayBuffer === "undefined" || globalThis.crossOriginIsolated === false)
    return "SharedArrayBuffer is missing: the page is not cross-origin isolated";
  return null;
}

/** Cores of the machine. */
export function coresHere(): number {
  const here = (globalThis as { process?: Partial<NodeJS.Process> }).process;
  const os = here?.getBuiltinModule?.("node:os");
  return os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}
