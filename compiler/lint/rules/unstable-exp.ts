/** @file W304. An exponential of something that has no upper bound. */
import type { Expr } from "../../../grammar/ast.ts";
import { warning } from "../../../grammar/diagnostic.ts";
import { expressions } from "../../1-resolve/visit.ts";
import { isFunction, valueAt } from "../calls.ts";
import type { Rule } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { type ApplyTerm, containing, isTimed, type Term, within } from "../term.ts";

/** e^88.7 is the largest that float32 holds. */
const LARGEST = 88;

export const unstableExp: Rule = {
  code: "W304",
  find: (subject) => {
    const timed = containing(subject.step, isTimed);
    const isUnstable = (t: Term): boolean => {
      const exponent = exponentOf(t);
      if (exponent === null || !timed[exponent.id]) return false;
      return subject.ranges[exponent.id]!.hi > LARGEST && !isStabilised(exponent, subject);
    };
    return subject.cell.equations.flatMap((eq) =>
      [...expressions(eq.value)]
        .filter((e) => brings(e, isUnstable, subject))
        .map((e) =>
          warning("W304", e.span, `an exponential without a bound in \`${eq.name.text}\``, {
            label: "overflows float32 once its exponent is above 88",
            help: "subtract a running maximum from the exponent, `exp(a[t] - m[t])` with `m[t] = maximum(…)`; or take `softplus(a[t])`, or `exp(minimum(a[t], 20))`",
          }),
        ),
    );
  },
};

/** Is `e` a call that makes such an exponential, itself or in its `fn`, of arguments that hold none? */
function brings(e: Expr, isUnstable: (t: Term) => boolean, { step }: Subject): boolean {
  const term = e.kind === "call" || e.kind === "binary" ? step.termOf(e) : undefined;
  if (term === undefined) return false;
  if (e.kind === "binary") return e.op === "^" && isUnstable(term);
  const given = new Set(
    (e.kind === "call" ? e.args : []).flatMap((a) => {
      const t = a.kind === "target" ? undefined : step.termOf(a.value);
      return t === undefined ? [] : [...within(t)];
    }),
  );
  return [...within(term)].some((t) => !given.has(t) && isUnstable(t));
}

/** What stands in the exponent, or null: functions that are beyond 1e30 at 100, and powers. */
function exponentOf(t: Term): Term | null {
  if (t.kind !== "apply") return null;
  if (t.call === "^") return t.args[1]!.kind === "number" ? null : t.args[1]!;
  return isFunction(t) && valueAt(t, [100]) > 1e30 ? t.args[0]! : null;
}

/** Is a maximum subtracted in the sum that `exponent` is? */
function isStabilised(exponent: Term, { step }: Subject): boolean {
  const queue: { readonly term: Term; readonly minus: boolean }[] = [
    { term: exponent, minus: false },
  ];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { term, minus } = next;
    if (minus && isMaximum(term, step.values)) return true;
    if (term.kind !== "apply") continue;
    const [a, b] = term.args;
    if (term.call === "+") queue.push({ term: a!, minus }, { term: b!, minus });
    if (term.call === "-") queue.push({ term: a!, minus }, { term: b!, minus: !minus });
    if (term.call === "neg") queue.push({ term: a!, minus: !minus });
  }
  return false;
}

const MAXIMA: ReadonlySet<string> = new Set(["maximum", "max", "logsumexp"]);

/** A maximum of this step, or a state that is one. */
function isMaximum(term: Term, values: ReadonlyMap<string, Term>): boolean {
  const of = term.kind === "leaf" && term.of === "past" ? values.get(term.name) : term;
  return of?.kind === "apply" && MAXIMA.has((of satisfies ApplyTerm).call);
}
