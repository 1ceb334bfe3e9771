/** @file What a kernel costs. In: a kernel, sizes. Out: multiplications, roughly. Never decides: `plan.ts`
 *  does. */
import { extentOf } from "../../artifact/extent.ts";
import type { Expr, Extent, Kernel } from "../../artifact/kernel.ts";
import type { Sizes } from "../device.ts";
import { dependenceOf } from "./nest.ts";
import { MATH } from "./nodes.ts";
import { walk } from "./terms.ts";

/** Of a call of a function such as exp, beside a multiplication. */
const DEAR = 20;

/** Σ over what is computed of how often, a reduction once for each value that it may have. */
export function workOf({ axes, reductions, value }: Kernel, sizes: Sizes): number {
  const count = (extents: readonly Extent[]): number =>
    extents.reduce<number>((product, e) => product * extentOf(e, sizes), 1);
  const depends = dependenceOf(
    reductions.map((r) => ({ of: r.of, loops: r.vars.map((v) => ({ v })) })),
  );
  return reductions.reduce((sum, { of, extents }, i) => {
    const outer = axes.filter((_, v) => depends[i]!.has(v));
    return sum + count([...outer, ...extents]) * costOf(of);
  }, count(axes) * costOf(value));
}

function costOf(expr: Expr): number {
  let cost = 1;
  walk(expr, (part) => {
    if ("call" in part) cost += MATH.has(part.call) ? DEAR : 1;
    if ("load" in part) cost += 1;
  });
  return cost;
}
