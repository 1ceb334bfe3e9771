/** @file W302. A gate that cannot open, or cannot shut, whatever is learned. */
import { warning } from "../../../grammar/diagnostic.ts";
import type { Rule } from "../rule.ts";
import { show } from "../rule.ts";

/** A gate at 0.99 halves in 69 steps. */
const NEAR = 0.01;

export const shortRange: Rule = {
  code: "W302",
  find: ({ cell, step, ranges }) =>
    cell.equations.flatMap((e) => {
      const range = ranges[step.values.get(e.name.text)!.id]!;
      const isProven = range.lo >= 0 && range.hi <= 1 && range.lo < range.hi;
      if (e.role !== "gate" || !isProven) return [];
      const shuts = range.lo <= NEAR;
      const opens = range.hi >= 1 - NEAR;
      if (shuts && opens) return [];
      const never = [...(shuts ? [] : ["shuts"]), ...(opens ? [] : ["opens"])].join(", and never ");
      return [
        warning("W302", e.name.span, `gate \`${e.name.text}\` never ${never}`, {
          label: `stays within [${show(range.lo)}, ${show(range.hi)}], whatever is learned`,
          help: "let a `sigmoid` of a sum of products be the gate; scale what it multiplies",
        }),
      ];
    }),
};
