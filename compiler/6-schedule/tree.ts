/** @file Sizes of expressions as the trees they are in an artifact. In: an expression whose equal parts
 *  are one object. Out: how large it is written out. Never looks at values. */
import type { Expr } from "../../runtime/artifact/kernel.ts";

/** What an expression is made of. */
export function inner(e: Expr): readonly Expr[] {
  return "load" in e ? e.at : "call" in e ? e.args : [];
}

/** Nodes of the tree, and its levels. */
export function treeOf(e: Expr): { readonly size: number; readonly depth: number } {
  const sizes = new Map<Expr, number>();
  const depths = new Map<Expr, number>();
  const visit = (x: Expr): void => {
    if (sizes.has(x)) return;
    let size = 1;
    let depth = 0;
    for (const part of inner(x)) {
      visit(part);
      size += sizes.get(part)!;
      depth = Math.max(depth, depths.get(part)!);
    }
    sizes.set(x, size);
    depths.set(x, depth + 1);
  };
  visit(e);
  return { size: sizes.get(e)!, depth: depths.get(e)! };
}
