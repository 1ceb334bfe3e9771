/** @file What is wrong with data that came from outside. In: nothing. Out: faults as plain data, and
 *  Result. Never throws. */
import type { RuntimeCode } from "./codes.ts";

export interface Fault {
  readonly code: RuntimeCode;
  /** One sentence, lower case, no full stop: "input `x` is [2, 3, 4]; [B, T, 5] is needed". */
  readonly message: string;
  /** Where in the data: "inputs.x", "programs.forward.stages[3]"; empty for the whole. */
  readonly path: string;
  /** A way out; null when there is none to name. */
  readonly help: string | null;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly Fault[] };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function fail(...faults: readonly Fault[]): Result<never> {
  return { ok: false, faults };
}

export function fault(
  code: RuntimeCode,
  path: string,
  message: string,
  help: string | null = null,
): Fault {
  return { code, message, path, help };
}
