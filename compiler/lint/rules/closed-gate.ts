/** @file W301. A gate that lets nothing of the state through before anything is learned. */
import { type Diagnostic, warning } from "../../../grammar/diagnostic.ts";
import { squashes } from "../calls.ts";
import { directFactors, factorsOn } from "../direct.ts";
import { equationOf, placeOf, type Rule, show } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { type LeafTerm, type Term, within } from "../term.ts";
import { at } from "../values.ts";

/**
 * Less than this of a state is left after one step, and a hundredth after two: what a gradient could teach
 * about the step before last is lost in the noise. A bias of 0 gives 0.5.
 */
const CLOSED = 0.1;

export const closedGate: Rule = {
  code: "W301",
  find: (subject) => subject.cell.states.flatMap((s) => ofState(s.name, subject)),
};

function ofState(state: string, subject: Subject): readonly Diagnostic[] {
  const { step, start, pasts } = subject;
  const root = step.values.get(state);
  const own = pasts.filter((p) => p.name === state);
  if (root === undefined || own.length === 0) return [];
  const kept = own.map((past) => directFactors(step, past, start)[root.id]!);
  const total = kept.reduce((sum, k) => sum + Math.abs(k), 0);
  if (!(total < CLOSED)) return [];
  return own.flatMap((past) =>
    [...factorsOn(step, past, root)]
      .filter((f) => at(start, f) < CLOSED && isTrainedGate(f, subject))
      .map((factor) => report(state, past, factor, subject)),
  );
}

/** Within [0, 1] always, by a squashing function of something that a parameter decides. */
function isTrainedGate(term: Term, { ranges }: Subject): boolean {
  const { lo, hi } = ranges[term.id]!;
  return lo >= 0 && hi <= 1 && hi > lo && [...within(term)].some(isTrainedSquash);
}

const isTrainedSquash = (t: Term): boolean =>
  t.kind === "apply" &&
  squashes(t) &&
  [...within(t)].some((leaf) => leaf.kind === "leaf" && leaf.of === "param");

function report(state: string, past: LeafTerm, factor: Term, subject: Subject): Diagnostic {
  const direct = equationOf(subject, factor);
  const [first, second] = factor.kind === "apply" ? factor.args : [];
  const rest =
    factor.kind === "apply" &&
    factor.call === "-" &&
    first?.kind === "number" &&
    second !== undefined
      ? equationOf(subject, second)
      : undefined;
  const gate = direct ?? rest;
  const value = show(at(subject.start, factor));
  const now = gate?.timed ? "[t]" : "";
  const what =
    gate === undefined
      ? "the factor"
      : direct !== undefined
        ? `\`${gate.name.text}\``
        : `\`1 - ${gate.name.text}${now}\``;
  return warning(
    "W301",
    gate?.name.span ?? placeOf(subject, state),
    `the gate on \`${state}[t-${past.lag}]\` starts closed`,
    {
      label: `${what} starts near ${value}: two steps leave ${show(at(subject.start, factor) ** 2)} of the state, and of its gradient`,
      help:
        direct === undefined && rest !== undefined
          ? "start its bias lower, at 0 or below"
          : "start its bias at 0 or above: `~ zeros`, `~ ones`, `~ chrono(T_max = 100)`",
    },
  );
}
