/** @file W307. An equation that reads what its own arithmetic takes out again. */
import { warning } from "../../../grammar/diagnostic.ts";
import { expressions } from "../../1-resolve/visit.ts";
import { textOf } from "../../2-check/scope.ts";
import { remaining } from "../polynomial.ts";
import type { Rule } from "../rule.ts";
import { within } from "../term.ts";

export const cancelled: Rule = {
  code: "W307",
  find: ({ cell, lines }) => {
    const left = remaining(lines);
    return cell.equations.flatMap((e) => {
      const root = lines.values.get(e.name.text)!;
      const gone = [...within(root)].filter(
        (t) => t.kind === "leaf" && t.of !== "dim" && !left[root.id]!.has(t),
      );
      if (gone.length === 0) return [];
      const places = [...expressions(e.value)].filter((x) => {
        const term = lines.termOf(x);
        return x.kind === "ref" && term !== undefined && gone.includes(term);
      });
      const [first] = places;
      const names = [...new Set(places.map((p) => `\`${textOf(p)}\``))];
      return [
        warning(
          "W307",
          first?.span ?? e.name.span,
          `${names.join(", ")} cancel${names.length > 1 ? "" : "s"} in \`${e.name.text}\``,
          {
            label: "written out, the equation does not depend on it",
            help: "correct a sign or a name, or leave it out",
          },
        ),
      ];
    });
  },
};
