/** @file Sizes of expressions as the trees they are in an artifact. In: an expression whose equal parts
 *  are one object. Out: how large it is written out. Never looks at values. */
import type { Expr } from "../../runtime/artifact/kernel.ts";

/** What an expression is made of. */
export function inner(e: Expr): readonly Expr[] {
  return "load" in e ? e.at : "call" in e ? e.args : [];
}

/** Nodes of the tree. */
export function treeSize(e: Expr): number {
  return fold(e, (parts) => parts.reduce((sum, n) => sum + n, 1));
}

/** Levels of the tree. */
export function depthOf(e: Expr): number {
  return fold(e, (parts) => parts.reduce((most, n) => Math.max(most, n), 0) + 1);
}

function fold(e: Expr, f: (parts: readonly number[]) => number): number {
  const known = new Map<Expr, number>();
  const visit = (x: Expr): number => {
    const there = known.get(x) ?? f(inner(x).map(visit));
    known.set(x, there);
    return there;
  };
  return visit(e);
}
