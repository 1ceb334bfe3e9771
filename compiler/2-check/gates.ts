/** @file Are gates what they claim? In: a cell's equations in order. Out: a warning for each gate whose
 *  values are not proven to lie in [0, 1]. Never a warning for one that is. */
import type { Equation } from "../../grammar/ast.ts";
import { warning } from "../../grammar/diagnostic.ts";
import type { Declared } from "../1-resolve/flatten.ts";
import { ANY } from "../ops/interval.ts";
import type { Interval } from "../ops/op.ts";
import { fillOf } from "./cell-declarations.ts";
import type { CellNames } from "./cell-scope.ts";
import { DIM, rangeOf } from "./ranges.ts";
import type { RefExpr } from "./scope.ts";
import { type StateBounds, settle } from "./settle.ts";

export function checkGates(cell: CellNames, equations: readonly Equation[]): void {
  let past: StateBounds = new Map();
  const now = new Map<string, Interval>();
  const name = (e: RefExpr): Interval => {
    const d = cell.merged.declared.get(e.name);
    if (d === undefined) return DIM;
    if (d.kind === "const") return cell.consts(e.name) ?? ANY;
    return (d.kind === "state" && e.lag !== 0 ? past : now).get(e.name) ?? ANY;
  };
  const bounds = {
    name,
    fn: (e: {
      readonly callee: { readonly text: string; readonly span: { readonly file: string } };
    }) => {
      const decl = cell.library.visible(e.callee.span.file, e.callee.text);
      return decl?.kind === "fn" ? decl : undefined;
    },
  };
  const states = [...cell.merged.declared.values()].filter((d) => d.kind === "state");
  const step = (before: StateBounds): StateBounds => {
    past = before;
    for (const e of equations) now.set(e.name.text, rangeOf(e.value, bounds));
    return now;
  };
  step(settle(new Map(states.map((s) => [s.name, initialRange(s)])), step));
  for (const e of equations) {
    const range = now.get(e.name.text) ?? ANY;
    if (e.role !== "gate" || (range.lo >= 0 && range.hi <= 1)) continue;
    cell.report(
      warning("W203", e.name.span, `gate \`${e.name.text}\` is not proven to stay in [0, 1]`, {
        label: `all that is known is ${showInterval(range)}`,
        help: "end in `sigmoid(…)`, `clamp(…, 0, 1)` or `1 - gate[t]`; or call it `let`",
      }),
    );
  }

  function initialRange(d: Extract<Declared, { kind: "state" }>): Interval {
    if (d.init === null) return { lo: 0, hi: 0 };
    if (d.init.kind === "learn") return ANY;
    const fill = fillOf(d.init.expr);
    return fill === null ? rangeOf(d.init.expr, bounds) : { lo: fill, hi: fill };
  }
}

function showInterval({ lo, hi }: Interval): string {
  const left = lo === Number.NEGATIVE_INFINITY ? "(-∞" : `[${lo}`;
  const right = hi === Number.POSITIVE_INFINITY ? "∞)" : `${hi}]`;
  return `${left}, ${right}`;
}
