/** @file What a kernel's expressions need. In: a kernel. Out: which reductions run always, which share their
 *  loops, what is harmless to evaluate. Never makes text. */
import type { Expr, Kernel } from "../../artifact/kernel.ts";

/** Reductions that the value reads whatever its selects choose. */
export function unconditional(kernel: Kernel): ReadonlySet<number> {
  const found = new Set<number>();
  const walk = (expr: Expr): void => {
    if ("red" in expr) {
      if (!found.has(expr.red)) walk(kernel.reductions[expr.red]!.of);
      found.add(expr.red);
    } else if ("load" in expr) for (const index of expr.at) walk(index);
    else if ("call" in expr)
      for (const arg of expr.call === "select" ? expr.args.slice(0, 1) : expr.args) walk(arg);
  };
  walk(kernel.value);
  return found;
}

/** Neighbours over the same extents, none of which reads another of its group, share their loops. */
export function alike(
  reds: readonly number[],
  kernel: Kernel,
  extentsOf: (red: number) => readonly number[],
): readonly (readonly number[])[] {
  const groups: number[][] = [];
  for (const red of reds) {
    const group = groups.at(-1);
    const joins =
      group !== undefined &&
      extentsOf(group[0]!).join() === extentsOf(red).join() &&
      !group.some((other) => readsReduction(kernel.reductions[red]!.of, other));
    if (joins) group.push(red);
    else groups.push([red]);
  }
  return groups;
}

function readsReduction(expr: Expr, red: number): boolean {
  if ("red" in expr) return expr.red === red;
  const inner = "load" in expr ? expr.at : "call" in expr ? expr.args : [];
  return inner.some((e) => readsReduction(e, red));
}

/** Cheap and harmless to evaluate where it is not chosen. */
export function isLight(expr: Expr): boolean {
  if ("load" in expr || "red" in expr) return false;
  return !("call" in expr) || (expr.args.length < 3 && expr.args.every(isLight));
}
