/** @file One kernel as a function. In: a Kernel, its buffers, sizes. Out: `() => void` that fills the
 *  output. A reduction is evaluated when first asked for and kept until an axis it depends on moves,
 *  so one under the untaken side of a select never runs. Never allocates while it runs. */
import { extentOf } from "../../artifact/extent.ts";
import type { Expr, Kernel } from "../../artifact/kernel.ts";
import type { Sizes } from "../device.ts";
import { type Scope, type Tensor, type Thunk, evaluate } from "./evaluate.ts";
import { reduction } from "./reduce.ts";

export function compileKernel(
  kernel: Kernel,
  buffers: readonly Tensor[],
  sizes: Sizes,
): () => void {
  const axes = kernel.axes.map((e) => extentOf(e, sizes));
  const rank = axes.length;
  const limits = [...axes];
  const slots = axes.map((_, v) => v);
  const reductionSlots = kernel.reductions.map((red) => {
    const inside = [...slots];
    for (const [i, v] of red.vars.entries())
      inside[v] = limits.push(extentOf(red.extents[i]!, sizes)) - 1;
    return inside;
  });
  const vars = limits.map(() => 0);
  const fresh = kernel.reductions.map(() => false);
  const values = kernel.reductions.map(() => 0);
  const reds: Thunk[] = [];
  const levels: number[] = [];
  const scope: Scope = { buffers, vars, slots, limits, sizes, reds };
  for (const [i, red] of kernel.reductions.entries()) {
    const compute = reduction(red, { ...scope, slots: reductionSlots[i]! });
    levels.push(deepest(red.of, rank, levels));
    reds.push(() => {
      if (!fresh[i]) {
        values[i] = compute();
        fresh[i] = true;
      }
      return values[i]!;
    });
  }
  const value = evaluate(kernel.value, scope);
  const out = buffers[kernel.out]!.data;
  const count = axes.reduce((p, e) => p * e, 1);
  return () => {
    vars.fill(0);
    fresh.fill(false);
    for (let at = 0; at < count; at++) {
      out[at] = value();
      let axis = rank - 1;
      while (axis >= 0) {
        vars[axis]! += 1;
        if (vars[axis]! < axes[axis]!) break;
        vars[axis] = 0;
        axis -= 1;
      }
      for (let i = 0; i < fresh.length; i++) if (levels[i]! >= axis) fresh[i] = false;
    }
  };
}

/** The last kernel axis that `expr` depends on, itself or through reductions; -1 for none. */
function deepest(expr: Expr, rank: number, levels: readonly number[]): number {
  if ("var" in expr) return expr.var < rank ? expr.var : -1;
  if ("red" in expr) return levels[expr.red]!;
  const inner = "load" in expr ? expr.at : "call" in expr ? expr.args : [];
  return inner.reduce((max, e) => Math.max(max, deepest(e, rank, levels)), -1);
}
