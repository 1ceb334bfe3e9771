/** @file Why no finite bound exists. In: bounds of a step's blocks. Out: the first block without one, and what in it has
 *  no bound, as text. Never a reason where all are finite. */
import type { NodeId } from "../ir/ir.ts";
import type { Blamed } from "./bound.ts";
import { tidy } from "./coefficients.ts";
import { expressionOf, refTo } from "./expression.ts";
import type { Loop } from "./loop.ts";
import { namesIn } from "./names.ts";
import type { Step } from "./paths.ts";
import type { RangeOf } from "./ranges.ts";
import { textOf } from "./text.ts";

/** ∂of[t]/∂to[t-lag] has a factor without a bound. */
export interface Reason {
  readonly of: string;
  readonly to: string;
  readonly lag: number;
  /** The equation whose derivative has the factor. */
  readonly equation: string;
  readonly coefficient: string;
  /** What in the coefficient is unbounded: equations, states and inputs, as the spec writes them. */
  readonly unbounded: readonly string[];
}

export function reasonOf(
  loop: Loop,
  step: Step,
  range: RangeOf,
  cells: readonly (readonly Blamed[])[],
): Reason | null {
  const names = namesIn(loop, step);
  for (const [i, row] of cells.entries()) {
    for (const [j, cell] of row.entries()) {
      if (cell.unbounded === null) continue;
      const coefficient = tidy(step.c, cell.unbounded);
      const isOpen = (id: NodeId): boolean =>
        !Number.isFinite(range(id).lo) || !Number.isFinite(range(id).hi);
      const equation = cell.of === null ? null : names.refOf(cell.of);
      return {
        of: step.slots[i]!.state,
        to: step.slots[j]!.state,
        lag: step.slots[j]!.lag,
        equation: equation?.name ?? step.slots[i]!.state,
        coefficient: textOf(expressionOf(names, coefficient)),
        unbounded: opaqueIn(step, coefficient)
          .filter(isOpen)
          .flatMap((id) => names.refOf(id) ?? [])
          .map((ref) => textOf(refTo(ref.name, ref.lag))),
      };
    }
  }
  return null;
}

/** The reason as a sentence. */
export function reasonText({ of, to, lag, equation, coefficient, unbounded }: Reason): string {
  const block = `d${of}[t]/d${to}[t-${lag}]`;
  const open = unbounded.filter((u) => u !== coefficient);
  const because = open.length === 0 ? "" : `: none is of ${open.join(", ")}`;
  return `${block} has the factor ${coefficient} in the derivative of ${equation}, for which no bound is known${because}`;
}

/** What has a name in an expression, once each. */
function opaqueIn(step: Step, id: NodeId): readonly NodeId[] {
  const { c } = step;
  const found = new Set<NodeId>();
  const visit = (at: NodeId): void => {
    const node = c.b.node(at);
    if (c.isOpaque(at)) found.add(at);
    else if (node.kind === "apply") node.args.forEach(visit);
  };
  visit(id);
  return [...found];
}
