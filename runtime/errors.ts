/** @file The one error that the runtime's functions throw for a caller's mistake. In: faults. Out: an
 *  Error that carries them. Never wraps a bug of ours. */
import type { Fault } from "./artifact/fault.ts";

/** A fault of the runtime, or of its data and training: they differ in their codes. */
export type AnyFault = Omit<Fault, "code"> & { readonly code: string };

/** All that was wrong with one call; `faults` is not empty. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  readonly faults: readonly AnyFault[];

  constructor(faults: readonly AnyFault[]) {
    super(faults.map(printFault).join("\n"));
    this.faults = faults;
  }
}

/** "R203 inputs.x: input `x` is …; … is needed (way out)". */
export function printFault({ code, message, path, help }: AnyFault): string {
  return `${code} ${path === "" ? "" : `${path}: `}${message}${help === null ? "" : ` (${help})`}`;
}

/** The value of a Result; throws its faults. */
export function unwrap<T>(
  result:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly faults: readonly AnyFault[] },
): T {
  if (!result.ok) throw new RuntimeError(result.faults);
  return result.value;
}
