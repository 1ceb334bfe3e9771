/** @file Kernels the resident executor adds to a program's own. In: extents. Out: kernels over buffers
 *  numbered from 0, the output last. Never more than a kernel's worth of inputs. */
import { type Expr, type Kernel, MAX_INPUTS } from "../../artifact/kernel.ts";

export interface Synthetic {
  readonly kernel: Kernel;
  /** Extents of the inputs in order, then of the output. */
  readonly extents: readonly (readonly number[])[];
}

export const MAX_PARTS = MAX_INPUTS;

/** out = in. */
export function copy(extents: readonly number[]): Synthetic {
  return made(extents, [extents], load(0, variables(extents)));
}

/** out = in₀ + in₁. */
export function sum(extents: readonly number[]): Synthetic {
  const at = variables(extents);
  return made(extents, [extents, extents], call("add", load(0, at), load(1, at)));
}

/** Blocks of `heights` rows one under the other; at most MAX_PARTS of them. */
export function stack(heights: readonly number[], row: readonly number[]): Synthetic {
  const total = heights.reduce((a, b) => a + b, 0);
  const out = [total, ...row];
  const [first, ...rest] = variables(out);
  let end = total;
  let value: Expr | null = null;
  for (let part = heights.length - 1; part >= 0; part--) {
    const start: number = end - heights[part]!;
    const block = load(part, [call("sub", first!, { lit: start }), ...rest]);
    value = value === null ? block : call("select", call("lt", first!, { lit: end }), block, value);
    end = start;
  }
  return made(
    out,
    heights.map((height) => [height, ...row]),
    value!,
  );
}

function made(
  out: readonly number[],
  inputs: readonly (readonly number[])[],
  value: Expr,
): Synthetic {
  return {
    kernel: { out: inputs.length, axes: out, reductions: [], value, places: [] },
    extents: [...inputs, out],
  };
}

const variables = (extents: readonly number[]): readonly Expr[] =>
  extents.map((_, v) => ({ var: v }));
const load = (buffer: number, at: readonly Expr[]): Expr => ({ load: buffer, at });
const call = (fn: "add" | "sub" | "lt" | "select", ...args: readonly Expr[]): Expr => ({
  call: fn,
  args,
});
