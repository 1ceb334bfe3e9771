/** @file What must hold if the compiler is right. In: a condition. Out: nothing, or an error that is
 *  ours to mend. Never used for a user's mistake: those are diagnostics. */

/**
 * Throws where `condition` is false: a bug of the compiler, with `message` to find it by; a function
 * where it would be asked often, and its text costs.
 */
export function invariant(condition: boolean, message: string | (() => string)): asserts condition {
  if (condition) return;
  throw new Error(`invariant: ${typeof message === "string" ? message : message()}`);
}

/** The end of an exhaustive switch. */
export function absurd(x: never): never {
  throw new Error(`invariant: unexpected ${JSON.stringify(x)}`);
}
