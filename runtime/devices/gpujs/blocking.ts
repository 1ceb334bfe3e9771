/** @file Which rows a thread computes together. In: a kernel at its sizes. Out: the axis along which four
 *  neighbours share their costly loads, or null. Never changes what is computed or in which order. */
import { extentOf } from "../../artifact/extent.ts";
import type { Expr, Kernel } from "../../artifact/kernel.ts";
import type { Sizes } from "../device.ts";

export const LANES = 4;

export interface Blocking {
  readonly axis: number;
  /** Threads along the axis: ⌈rows / 4⌉. */
  readonly groups: number;
  readonly rows: number;
  /** The last group is not full: its last lanes repeat the last row. */
  readonly ragged: boolean;
}

/** Below this many terms a thread, a product is too short to be worth unpacking. */
const FEWEST_TERMS = 8;
const FEWEST_ROWS = 4;

/**
 * A load that moves with the last axis is gathered lane by lane; along an axis that none of those
 * depends on, one gather serves four rows. Of such axes, the longest.
 */
export function blocking(kernel: Kernel, axes: readonly number[], sizes: Sizes): Blocking | null {
  const wide = axes.findLastIndex((extent) => extent > 1);
  if (wide < 0) return null;
  const terms = kernel.reductions.reduce(
    (sum, red) => sum + red.extents.reduce((n: number, e) => n * extentOf(e, sizes), 1),
    0,
  );
  if (terms < FEWEST_TERMS) return null;
  const gathers = kernel.reductions
    .flatMap((red) => loads(red.of))
    .map((load) => variables(load, kernel))
    .filter((used) => used.has(wide));
  if (gathers.length === 0) return null;
  let best: number | null = null;
  for (const [axis, extent] of axes.entries()) {
    if (axis === wide || extent < FEWEST_ROWS) continue;
    if (gathers.some((used) => used.has(axis))) continue;
    if (best === null || extent > axes[best]!) best = axis;
  }
  if (best === null) return null;
  const rows = axes[best]!;
  return { axis: best, rows, groups: Math.ceil(rows / LANES), ragged: rows % LANES !== 0 };
}

function loads(expr: Expr): readonly Expr[] {
  if ("load" in expr) return [expr, ...expr.at.flatMap(loads)];
  return "call" in expr ? expr.args.flatMap(loads) : [];
}

/** The kernel's axes that an expression depends on, through reductions too. */
function variables(expr: Expr, kernel: Kernel): ReadonlySet<number> {
  const found = new Set<number>();
  const walk = (e: Expr): void => {
    if ("var" in e && e.var < kernel.axes.length) found.add(e.var);
    else if ("red" in e) walk(kernel.reductions[e.red]!.of);
    else if ("load" in e) for (const index of e.at) walk(index);
    else if ("call" in e) for (const arg of e.args) walk(arg);
  };
  walk(expr);
  return found;
}

/** Rows [.., group, .., x][lane] in the order of the output: `source` as gpu.js packs it. */
export function unpack(
  source: Float32Array,
  axes: readonly number[],
  { axis, groups, rows }: Blocking,
): Float32Array {
  const product = (extents: readonly number[]): number => extents.reduce((p, e) => p * e, 1);
  const outer = product(axes.slice(0, axis));
  const inner = product(axes.slice(axis + 1));
  const out = new Float32Array(outer * rows * inner);
  for (let o = 0; o < outer; o++) {
    for (let row = 0; row < rows; row++) {
      let to = (o * rows + row) * inner;
      let from = (o * groups + Math.floor(row / LANES)) * inner * LANES + (row % LANES);
      for (let i = 0; i < inner; i++, to++, from += LANES) out[to] = source[from]!;
    }
  }
  return out;
}
