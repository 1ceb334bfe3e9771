/** @file The engine of a Node process: its version, its flags. In: nothing. Out: what `features.ts` and `wide.ts` ask
 *  before they rely on it. Elsewhere there is nothing to ask. */

type Process = Partial<NodeJS.Process>;

const here = (): Process | undefined => (globalThis as { process?: Process }).process;

/** "13.6", where this is Node and nothing that is made of it. */
export function nodesV8(): string | null {
  const versions: NodeJS.Dict<string> = here()?.versions ?? {};
  const { v8, electron, bun, deno } = versions;
  if (here()?.getBuiltinModule === undefined || v8 === undefined || electron || bun || deno)
    return null;
  return v8.split(".").slice(0, 2).join(".");
}

export const processor = (): string | undefined => here()?.arch;

/** Whether Node was started with the flag. */
export const hasFlag = (flag: string): boolean => (here()?.execArgv ?? []).includes(flag);

/** Sets the flag for all of the process, from now on. */
export const setFlag = (flag: string): void =>
  here()?.getBuiltinModule?.("node:v8").setFlagsFromString(flag);
