/** @file W303. A state that can grow faster than any sum of inputs. */
import { type Diagnostic, warning } from "../../../grammar/diagnostic.ts";
import { directFactors, directly, mostFactors } from "../direct.ts";
import { drawer, uniformFrom } from "../draws.ts";
import { growthOf, productsOf } from "../products.ts";
import { placeOf, type Rule, show, sizesIn } from "../rule.ts";
import { spectralRadius } from "../spectral-radius.ts";
import { elementsOf } from "../starts.ts";
import type { Subject } from "../subject.ts";
import type { LeafTerm, Term } from "../term.ts";

const DRAWS = 64;
/** What rounding may make of a factor of 1. */
const ROUNDING = 1e-6;
/** By which a matrix may be off the circular law, at the sizes of use. */
const SLACK = 1.1;

export const unboundedState: Rule = {
  code: "W303",
  sized: true,
  find: (subject) => {
    const products = productsOf(subject);
    return subject.cell.states.flatMap((s): readonly Diagnostic[] => {
      const root = subject.step.values.get(s.name)!;
      const { lo, hi } = subject.ranges[root.id]!;
      const pasts = subject.pasts.filter((p) => p.name === s.name);
      if ((Number.isFinite(lo) && Number.isFinite(hi)) || pasts.length === 0) return [];
      const direct = new Map(pasts.map((p) => [p, directly(subject.step, p)]));
      const factor = largestFactor(direct, root, subject);
      if (factor > 1 + ROUNDING) {
        const label = `\`${s.name}[t-${pasts[0]!.lag}]\` can enter by a factor of ${show(factor)} or more, step after step`;
        return [report(s.name, label, subject)];
      }
      const grown = products.open[root.id]!.filter((p) =>
        [...direct.values()].some((d) => d[p.operand.id]),
      )
        .map((p) => ({ name: p.matrix.name, growth: growthOf(p, subject) }))
        .filter((p) => p.growth > SLACK);
      return grown.slice(0, 1).map(({ name, growth }) => {
        const sizes = sizesIn(subject, name);
        const label = `nothing bounds \`${name} @ …\`, which grows about ${show(growth)}-fold a step${sizes === "" ? "" : ` at ${sizes}`}`;
        return report(s.name, label, subject);
      });
    });
  },
};

function report(state: string, label: string, subject: Subject): Diagnostic {
  return warning("W303", placeOf(subject, state), `state \`${state}\` can grow without bound`, {
    label,
    help: "keep what multiplies it at 1 or below: a gate, a share such as `f / (f + i)`, weights that start `~ orthogonal`; or squash it",
  });
}

/**
 * The largest direct factor met over seeded draws: inputs, products and other states anything, parameters
 * as they start, the state itself large, since a bend near 0 does not let it grow. A bound of it where that is
 * 1 or less.
 */
function largestFactor(
  direct: ReadonlyMap<LeafTerm, readonly boolean[]>,
  root: Term,
  subject: Subject,
): number {
  const { step, ranges } = subject;
  const entering = [...direct].filter(([, passes]) => passes[root.id]);
  if (entering.length === 0) return 0;
  // Factors that cannot be more than 1 together, as gates are, need not be drawn.
  const bounds = entering.map(([p, passes]) => mostFactors(step, p, ranges, passes)[root.id]!);
  const bound = bounds.reduce((sum, b) => sum + b, 0);
  if (bound <= 1) return bound;
  const uniform = uniformFrom(1);
  let sign = 1;
  const draw = drawer(step, root, ranges, leafOf, uniform);
  let most = 0;
  for (let i = 0; i < DRAWS; i++) {
    sign = -sign;
    const values = draw();
    const growth = growthBy(
      entering.map(([p, passes]) => [p.lag, directFactors(step, p, values, passes)[root.id]!]),
    );
    if (Number.isFinite(growth)) most = Math.max(most, growth);
  }
  return most;

  function leafOf(leaf: LeafTerm): number | null {
    if (direct.has(leaf)) return sign * within(ranges[leaf.id]!, 1e3 * (1 + 9 * uniform()), sign);
    if (leaf.of === "dim") return subject.sizes[leaf.name] ?? null;
    const start = leaf.of === "param" ? subject.params.get(leaf.name) : undefined;
    if (start === undefined) return null;
    const { mean, std } = elementsOf(start.initialiser, start.shape);
    return mean + Math.sqrt(3) * std * (2 * uniform() - 1);
  }
}

/** More steps back than this are not followed. */
const MOST_LAGS = 16;

/** Growth per step of s_t = Σ_k a_k s_{t−k}: |a_1|, or the radius of the companion matrix. */
function growthBy(factors: readonly (readonly [lag: number, factor: number])[]): number {
  const lags = Math.max(...factors.map(([lag]) => lag));
  if (lags > MOST_LAGS) return 0;
  if (lags === 1) return Math.abs(factors[0]![1]);
  const first = Array.from(
    { length: lags },
    (_, k) => factors.find(([l]) => l === k + 1)?.[1] ?? 0,
  );
  const radius = spectralRadius([
    first,
    ...first.slice(1).map((_, i) => first.map((_x, j) => (i === j ? 1 : 0))),
  ]);
  // A double root at 1 grows as t, and the radius is found a little above it.
  return radius < 1.01 ? Math.min(radius, 1) : radius;
}

/** `size`, or as much of it as the bounds on that side leave. */
function within(range: { readonly lo: number; readonly hi: number }, size: number, sign: number) {
  return Math.min(size, Math.abs(sign > 0 ? range.hi : range.lo));
}
