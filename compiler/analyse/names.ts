/** @file What the spec calls the nodes of a step. In: a loop. Out: names for expressions. Never a name that the spec
 *  does not have. */
import type { NodeId } from "../ir/ir.ts";
import type { Names } from "./expression.ts";
import type { Loop } from "./loop.ts";
import type { Step } from "./paths.ts";

/** `f[t]` for an equation, `h[t-1]` for a state, `x[t]` for an input, `U_f` for what holds for all steps. */
export function namesIn(loop: Loop, step: Step): Names {
  const { b } = step.c;
  const lags = new Map(step.slots.map((s) => [s.arg, s]));
  const leaves = new Map<NodeId, number | null>();
  for (const s of loop.scan.slices) leaves.set(s.arg, 0);
  for (const s of loop.scan.consts) leaves.set(s.arg, null);
  return {
    c: step.c,
    refOf(id) {
      const slot = lags.get(id);
      if (slot !== undefined) return { name: slot.state, lag: slot.lag };
      const node = b.node(id);
      const name = node.name?.startsWith(loop.prefix)
        ? node.name.slice(loop.prefix.length)
        : node.name;
      if (node.kind === "leaf") return { name: name ?? "input", lag: leaves.get(id) ?? null };
      return step.isEquation(id) && name !== undefined ? { name, lag: 0 } : null;
    },
  };
}
