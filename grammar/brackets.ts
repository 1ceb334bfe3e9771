/** @file Which brackets are open. In: tokens one by one, and a stack of the caller's. Out: the stack,
 *  as right as mistakes allow: a closer closes what was forgotten inside its own pair. */
import type { IToken } from "chevrotain";
import { PAIRS } from "./tokens.ts";

/** Pushes an opener, pops at a closer; false where a closer has no partner. */
export function follow(stack: IToken[], token: IToken): boolean {
  if (PAIRS.has(token.tokenType)) {
    stack.push(token);
    return true;
  }
  if (!CLOSERS.has(token.tokenType)) return true;
  const partner = stack.findLastIndex((open) => PAIRS.get(open.tokenType) === token.tokenType);
  if (partner >= 0) stack.length = partner;
  return partner >= 0;
}

export const CLOSERS = new Set(PAIRS.values());
