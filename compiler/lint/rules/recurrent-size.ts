/** @file W305. Recurrent weights that start far too small, or far too large. */
import { type Diagnostic, warning } from "../../../grammar/diagnostic.ts";
import { type Loop, loopsOf } from "../loops.ts";
import { growthOf, productsOf, type Squashed } from "../products.ts";
import { placeOf, type Rule, show, sizesIn } from "../rule.ts";
import type { Subject } from "../subject.ts";
import { containing, type LeafTerm, type Term } from "../term.ts";

/** A gradient that falls, or grows, twofold a step is a thousandth, or thousandfold, after ten. */
const FACTOR = 2;

export const recurrentSize: Rule = {
  code: "W305",
  sized: true,
  find: (subject) => [
    ...tooLarge(subject),
    ...loopsOf(subject).flatMap((l) => tooSmall(l, subject)),
  ],
};

function tooLarge(subject: Subject): readonly Diagnostic[] {
  const worst = new Map<string, Squashed & { readonly growth: number }>();
  for (const s of productsOf(subject).squashed) {
    const growth = s.slope * growthOf(s.product, subject);
    const name = s.product.matrix.name;
    if (growth > FACTOR && growth > (worst.get(name)?.growth ?? 0))
      worst.set(name, { ...s, growth });
  }
  return [...worst].map(([name, { growth, slope }]) =>
    warning("W305", placeOf(subject, name), `recurrent weights \`${name}\` start far too large`, {
      label: `γ‖${name}‖ is about ${show(growth)}${at(subject, name)}, with a slope of ${show(slope)}: units start saturated, and a gradient that does pass grows ${show(growth)}-fold a step`,
      help: "start them near norm 1: `~ orthogonal`, or `~ glorot_uniform`",
    }),
  );
}

function tooSmall({ states, pasts, gain }: Loop, subject: Subject): readonly Diagnostic[] {
  if (!(gain < 1 / FACTOR)) return [];
  const weights = weightsOn(states, pasts, subject);
  const [name] = weights;
  if (name === undefined) return [];
  const all = states.map((s) => `\`${s}\``).join(", ");
  const left = gain === 0 ? "nothing" : `at most ${show(gain)}`;
  return [
    warning("W305", placeOf(subject, name), `the gradient through ${all} vanishes from the start`, {
      label: `as ${weights.map((w) => `\`${w}\``).join(", ")} start${weights.length === 1 ? "s" : ""}, a step leaves ${left} of it${at(subject, name)}`,
      help: "start near norm 1, `~ orthogonal`, under a function of slope 1 such as `tanh`; or keep the state by a gate, `f[t] * s[t-1] + …`",
    }),
  ];
}

function at(subject: Subject, param: string): string {
  const sizes = sizesIn(subject, param);
  return sizes === "" ? "" : ` at ${sizes}`;
}

/** Parameters that multiply what comes from the loop's states and goes back into them. */
function weightsOn(
  states: readonly string[],
  pasts: readonly LeafTerm[],
  { step }: Subject,
): readonly string[] {
  const moving = containing(step, (t) => pasts.some((p) => p === t));
  const roots = new Set<Term>(states.map((s) => step.values.get(s)!));
  const inside = new Set<Term>();
  const queue = [...roots];
  for (let t = queue.pop(); t !== undefined; t = queue.pop()) {
    if (inside.has(t) || !moving[t.id]) continue;
    inside.add(t);
    if (t.kind === "apply") queue.push(...t.args);
  }
  const weights = new Set<string>();
  for (const t of inside) {
    if (t.kind !== "apply" || (t.call !== "@" && t.call !== "*")) continue;
    for (const a of t.args) if (a.kind === "leaf" && a.of === "param") weights.add(a.name);
  }
  return [...weights];
}
