/** @file What must hold if the compiler is right. In: a condition. Out: nothing, or an error that is
 *  ours to mend. Never used for a user's mistake: those are diagnostics. */

/** Throws where `condition` is false: a bug of the compiler, with `message` to find it by. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) broken(message);
}

/** The bug itself, where a message is worth making only then: `known.get(id) ?? broken(`no ${id}`)`. */
export function broken(message: string): never {
  throw new Error(`invariant: ${message}`);
}

/** The end of an exhaustive switch. */
export function absurd(x: never): never {
  throw new Error(`invariant: unexpected ${JSON.stringify(x)}`);
}
