/** @file Values of consts. In: the consts of a cell or model. Out: bounds of each, found when asked for.
 *  Each mistake is reported once, consts in a circle too. */
import type { ConstDecl } from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import { didYouMean, type Report } from "../1-resolve/report.ts";
import type { Interval } from "../ops/op.ts";
import { constantRange } from "./constants.ts";
import { type Dim, type DimValues, number } from "./dims.ts";
import { dimRange } from "./ranges.ts";

export interface ConstNames {
  readonly consts: ReadonlyMap<string, ConstDecl>;
  readonly dims: DimValues;
  /** Is the name declared as something else? */
  readonly other: (name: string) => boolean;
  readonly report: Report;
}

/** Null for what is no const, or a const whose mistake was reported. */
export function constBounds(names: ConstNames): (name: string) => Interval | null {
  const values = new Map<string, Interval | null>();
  const open: string[] = [];
  const boundsOf = (name: string): Interval | null => {
    const known = values.get(name);
    if (known !== undefined) return known;
    const decl = names.consts.get(name);
    if (decl === undefined) return null;
    if (open.includes(name)) {
      const circle = [...open.slice(open.indexOf(name)), name].map((n) => `\`${n}\``);
      names.report(
        error("E216", decl.name.span, `\`${name}\` needs itself`, { label: circle.join(" → ") }),
      );
      return null;
    }
    open.push(name);
    const value = constantRange(decl.value, {
      report: names.report,
      where: `const \`${name}\``,
      bounds: (n, e) => {
        if (names.consts.has(n)) return boundsOf(n) ?? undefined;
        const dim = names.dims.get(n);
        if (dim !== undefined) return dimRange(dim);
        if (names.other(n)) return null;
        names.report(
          error("E201", e.span, `no const \`${n}\``, {
            label: "is not declared",
            help: didYouMean(
              n,
              [...names.consts.keys(), ...names.dims.keys()].filter((other) => other !== name),
            ),
          }),
        );
        return undefined;
      },
    });
    open.pop();
    values.set(name, value);
    return value;
  };
  return boundsOf;
}

/** A const that is a whole number for all sizes, as a dim. */
export function wholeConst(range: Interval | null): Dim | null {
  return range !== null && range.lo === range.hi && Number.isSafeInteger(range.lo)
    ? number(range.lo)
    : null;
}
