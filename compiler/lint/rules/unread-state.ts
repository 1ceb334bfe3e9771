/** @file W309. A state whose memory nothing uses. */
import { type Diagnostic, warning } from "../../../grammar/diagnostic.ts";
import { expressions, expressionsOf } from "../../1-resolve/visit.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { type LeafTerm, type Term, within } from "../term.ts";

export const unreadState: Rule = {
  code: "W309",
  find: (subject) => {
    const { cell, lines } = subject;
    const own = cell.lineage[0]!.span;
    const finals = finalsRead(subject);
    const live = liveNames(subject);
    const pasts = new Set(
      [...live].flatMap((name) =>
        leaves(lines.values.get(name)).flatMap((l) => (l.of === "past" ? [l.name] : [])),
      ),
    );
    return cell.states.flatMap((s): readonly Diagnostic[] => {
      // What a cell inherits it cannot be rid of.
      const isOwn = s.span.file === own.file && s.span.start >= own.start && s.span.end <= own.end;
      if (!isOwn || finals.has(s.name) || (live.has(s.name) && pasts.has(s.name))) return [];
      return [
        warning("W309", s.span, `state \`${s.name}\` is remembered for nothing`, {
          label: live.has(s.name)
            ? "is read at its own step only, never at a later one"
            : "reaches no output, by no way",
          help: live.has(s.name)
            ? `write \`let ${s.name}[t] = …\` in place of the state`
            : "put it out, let an equation of the output read it, or remove it",
        }),
      ];
    });
  },
};

/** Names that some output needs, over any number of steps. */
function liveNames({ cell, lines }: Subject): ReadonlySet<string> {
  const live = new Set<string>();
  const queue = cell.outputs.map((o) => o.name);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (live.has(name)) continue;
    live.add(name);
    for (const leaf of leaves(lines.values.get(name))) {
      if (leaf.of === "past" || leaf.of === "name") queue.push(leaf.name);
    }
  }
  return live;
}

function leaves(term: Term | undefined): readonly LeafTerm[] {
  if (term === undefined) return [];
  return [...within(term)].flatMap((t) => (t.kind === "leaf" ? [t] : []));
}

/** `x.final.NAME` of the models: the last value of a state is read there. */
const finalsRead = ({ checked }: Subject): ReadonlySet<string> =>
  new Set(
    [...checked.models.values()]
      .flatMap(expressionsOf)
      .flatMap((e) => [...expressions(e)])
      .flatMap((e) => (e.kind === "member" ? [e.name.text] : [])),
  );
