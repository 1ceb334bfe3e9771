/** @file What a kernel costs. In: a kernel, sizes. Out: multiplications, roughly. Never decides: `plan.ts`
 *  does. */
import { elements, extentOf, shapeOf } from "../../artifact/extent.ts";
import type { Expr, Extent, Kernel, Program } from "../../artifact/kernel.ts";
import type { Sizes } from "../device.ts";
import { dependenceOf } from "./nest.ts";
import { MATH } from "./nodes.ts";
import { walk } from "./terms.ts";

/** Of a call of a function such as exp, beside a multiplication. */
const DEAR = 20;
/** Of a number that comes from memory for a single value: 25 GB/s. Those of a reduction are used again and again. */
const FAR = 8;

/** Σ over what is computed of how often, a reduction once for each value that it may have. */
export function workOf({ axes, reductions, value }: Kernel, sizes: Sizes): number {
  const count = (extents: readonly Extent[]): number =>
    extents.reduce<number>((product, e) => product * extentOf(e, sizes), 1);
  const depends = dependenceOf(
    reductions.map((r) => ({ of: r.of, loops: r.vars.map((v) => ({ v })) })),
  );
  return reductions.reduce((sum, { of, extents }, i) => {
    const outer = axes.filter((_, v) => depends[i]!.has(v));
    return sum + count([...outer, ...extents]) * costOf(of, 1);
  }, count(axes) * costOf(value, FAR));
}

/** Of parameters that are packed, when they have changed: at most all of them. */
export function packingOf({ inputs, buffers }: Program, sizes: Sizes): number {
  return inputs.reduce(
    (sum, { name, buffer }) =>
      name.startsWith("param:")
        ? sum + 2 * FAR * elements(shapeOf(buffers[buffer]!.shape, sizes))
        : sum,
    0,
  );
}

/** `load`: of a number that it reads, and of the one that it gives. */
function costOf(expr: Expr, load: number): number {
  let cost = load;
  walk(expr, (part) => {
    if ("call" in part) cost += MATH.has(part.call) ? DEAR : 1;
    if ("load" in part) cost += load;
  });
  return cost;
}
