/** @file W310. Two equations that compute the same from the same parameters. */
import type { Equation } from "../../../grammar/ast.ts";
import { type Diagnostic, warning } from "../../../grammar/diagnostic.ts";
import type { Rule } from "../rule.ts";
import { type Term, within } from "../term.ts";

/** Draws of their own at each call. */
const DRAWN: ReadonlySet<string> = new Set(["dropout", "zoneout"]);

export const repeatedEquation: Rule = {
  code: "W310",
  find: ({ cell, lines }) => {
    const before = new Map<string, Equation>();
    const trained = new Set(
      cell.states.flatMap((s) => (lines.initial.has(s.name) ? [] : [s.name])),
    );
    const asWritten = cell.equations.toSorted((a, b) => a.span.start - b.span.start);
    return asWritten.flatMap((e): readonly Diagnostic[] => {
      const term = lines.values.get(e.name.text)!;
      if (term.kind !== "apply" || isDrawn(term) || trained.has(e.name.text)) return [];
      const initial = lines.initial.get(e.name.text)?.id ?? "";
      const key = `${e.role === "state"} ${e.timed} ${term.id} ${initial}`;
      const twin = before.get(key);
      before.set(key, twin ?? e);
      if (twin === undefined) return [];
      return [
        warning("W310", e.name.span, `\`${e.name.text}\` is \`${twin.name.text}\` again`, {
          label: "has the same equation, with the same parameters",
          help: `give it parameters of its own, or read \`${twin.name.text}\` in its place`,
          related: [{ span: twin.name.span, message: `\`${twin.name.text}\` is here` }],
        }),
      ];
    });
  },
};

const isDrawn = (term: Term): boolean =>
  [...within(term)].some((t) => t.kind === "apply" && DRAWN.has(t.call));
