/** @file Kernels that a scan need not wait for: of a sequence that it reads step by step, one thread computes
 *  steps while another takes them. In: a program. Out: which stages, and rows a step. Never decides: `plan.ts` does. */
import type { Kernel, Program, ScanStage } from "../../artifact/kernel.ts";
import { nestsOf } from "./nest.ts";
import { over, type Poly } from "./poly.ts";
import { walk } from "./terms.ts";

/** Rows of the kernel's outermost loop that a step of the scan takes. */
export interface Ahead {
  readonly each: Poly;
  readonly reverse: boolean;
}

/**
 * Of the kernel at `stage`, where the stage after it is a scan that reads what it computes as steps, and not
 * otherwise: then steps may be computed from the scan's first on. Null where that is not so.
 */
export function aheadOf({ stages, buffers }: Program, stage: number): Ahead | null {
  const [first, then] = [stages[stage], stages[stage + 1]];
  if (first?.kind !== "kernel" || then?.kind !== "scan") return null;
  const { kernel } = first;
  if (!readsAsSteps(then, kernel)) return null;
  const [nest, ...others] = nestsOf(kernel, buffers);
  const rows = nest?.axes[0];
  const each = rows === undefined || others.length > 0 ? null : over(rows.extent, then.over);
  return each === null ? null : { each, reverse: then.reverse };
}

function readsAsSteps({ over: steps, slices, carries, kernels }: ScanStage, { out, axes }: Kernel) {
  if (axes[0] !== steps || !slices.some((s) => s.of === out)) return false;
  let isWhole = carries.some((c) => c.init === out);
  for (const { reductions, value } of kernels)
    for (const expr of [value, ...reductions.map((r) => r.of)])
      walk(expr, (part) => {
        isWhole ||= "load" in part && part.load === out;
      });
  return !isWhole;
}
