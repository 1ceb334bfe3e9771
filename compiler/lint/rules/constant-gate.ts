/** @file W308. A gate that is the same at every step. */
import { warning } from "../../../grammar/diagnostic.ts";
import type { Rule } from "../rule.ts";
import { containing, isTimed } from "../term.ts";

export const constantGate: Rule = {
  code: "W308",
  find: ({ cell, step, ranges }) => {
    const timed = containing(step, isTimed);
    const trained = containing(step, (t) => t.kind === "leaf" && t.of !== "dim");
    return cell.equations.flatMap((e) => {
      const term = step.values.get(e.name.text)!;
      const { lo, hi } = ranges[term.id]!;
      const isNumber = lo === hi || !trained[term.id];
      const isConstant = isNumber || (e.timed && !timed[term.id]);
      // An inherited gate goes by a number in its place: the equations that read it stay.
      const replaces = cell.lineage
        .slice(1)
        .some((c) => c.members.some((m) => m.kind === "equation" && m.name.text === e.name.text));
      if (e.role !== "gate" || !isConstant || replaces) return [];
      return [
        warning("W308", e.name.span, `gate \`${e.name.text}\` never moves`, {
          label: isNumber
            ? "is one number at every step, whatever is learned"
            : "reads no input and no state, so it is the same at every step",
          help: isNumber
            ? `write the number as a \`const\`, or let the gate read \`[t]\` of an input or state`
            : `leave out the \`[t]\`: \`gate ${e.name.text} = …\` is computed once for the sequence`,
        }),
      ];
    });
  },
};
