/** @file What names mean in a cell's equations, and where they may stand. In: its declarations. Out: a
 *  scope for each kind of place. Lag rules are here and nowhere else. */
import { type Diagnostic, error } from "../../grammar/diagnostic.ts";
import type { Declared, MergedCell } from "../1-resolve/flatten.ts";
import type { Library } from "../1-resolve/load.ts";
import { didYouMean, type Report } from "../1-resolve/report.ts";
import type { Interval } from "../ops/op.ts";
import { constantRange } from "./constants.ts";
import { wholeConst } from "./consts.ts";
import { type Dim, type DimValues, lengthOf } from "./dims.ts";
import { lengthAsNumber } from "./fn-scope.ts";
import { callable } from "./functions.ts";
import { dimRange } from "./ranges.ts";
import { type RefExpr, type Scope, textOf } from "./scope.ts";
import { SCALAR, showType, type Type } from "./types.ts";

/** A cell while it is being checked. */
export interface CellNames {
  readonly merged: MergedCell;
  readonly library: Library;
  readonly report: Report;
  /** "cell `LSTM`". */
  readonly where: string;
  readonly dims: DimValues;
  /** First dims of memories. */
  readonly lengths: ReadonlySet<string>;
  /** Types so far; null where a mistake was reported, absent where not yet known. */
  readonly types: Map<string, Type | null>;
  /** Bounds of consts. */
  readonly consts: (name: string) => Interval | null;
}

/** May a place read values of this step (`timed`), or only what holds for the whole sequence? */
export function cellScope(cell: CellNames, where: string, timed: boolean): Scope {
  const { merged, library, report, types } = cell;
  const dim = (name: string): Dim | null =>
    cell.dims.get(name) ??
    (cell.lengths.has(name) ? lengthOf(name) : wholeConst(cell.consts(name)));
  const name = (e: RefExpr): Type | null => {
    const declared = merged.declared.get(e.name);
    if (declared === undefined) return dimValue(e, cell, where);
    const mistake = isTimed(declared)
      ? timed
        ? lagMistake(e, declared, types.get(e.name) ?? null)
        : stepMistake(e, where)
      : e.lag === null
        ? null
        : noLag(e, declared);
    if (mistake !== null) {
      report(mistake);
      return null;
    }
    return types.get(e.name) ?? null;
  };
  const constants = {
    report,
    where,
    bounds: (n: string, e: RefExpr): Interval | null | undefined => {
      const kind = merged.declared.get(n)?.kind;
      if (kind === "const") return cell.consts(n) ?? undefined;
      if (kind !== undefined) return null;
      const value = cell.dims.get(n);
      if (value !== undefined) return dimRange(value);
      dimValue(e, cell, where);
      return undefined;
    },
  };
  return {
    report,
    library,
    where,
    inside: [],
    name,
    alternatives: (e) =>
      [...merged.declared.values()].flatMap((d) => {
        const type = types.get(d.name);
        const fits = isTimed(d)
          ? e.lag === 0 || (d.kind === "state" && e.lag !== null)
          : e.lag === null;
        if (type === undefined || type === null || !fits || (isTimed(d) && !timed)) return [];
        return [{ name: d.name, text: textOf({ ...e, name: d.name })!, type }];
      }),
    dims: cell.dims,
    dim,
    constant: (e) => constantRange(e, constants),
    instance: null,
    flow: null,
  };
}

/** Has it a value of its own at every step? */
export function isTimed(d: Declared): boolean {
  switch (d.kind) {
    case "input":
    case "state":
      return true;
    case "let":
      return d.equation.timed;
    case "memory":
    case "param":
    case "const":
      return false;
  }
}

const KINDS: Readonly<Record<Declared["kind"], string>> = {
  input: "an input",
  memory: "a memory",
  state: "a state",
  param: "a parameter",
  const: "a constant",
  let: "an equation",
};

export const kindOf = (d: Declared): string =>
  d.kind === "let" ? `a \`${d.equation.role}\`` : KINDS[d.kind];

function lagMistake(e: RefExpr, d: Declared, type: Type | null): Diagnostic | null {
  const { name } = e;
  if (e.lag === null) {
    const ways = d.kind === "state" ? `\`${name}[t-1]\` or \`${name}[t]\`` : `\`${name}[t]\``;
    return error("E211", e.span, `\`${name}\` varies from step to step`, {
      label: `is ${kindOf(d)}, and does not say of which step`,
      help: `write ${ways}`,
    });
  }
  if (e.lag === 0 || d.kind === "state") return null;
  const shape = type === null ? "[…]" : showType(type);
  return error("E213", e.span, `\`${textOf(e)}\` is not remembered`, {
    label: `is ${kindOf(d)}, and only states have earlier values`,
    help:
      d.kind === "let"
        ? `make it a state: \`state ${name}: ${shape}\` and \`${name}[t] = …\``
        : `make it a state: \`state ${name}_past: ${shape}\`, \`${name}_past[t] = ${name}[t]\`, and read \`${name}_past[t-${e.lag}]\``,
  });
}

const stepMistake = (e: RefExpr, where: string): Diagnostic =>
  error("E217", e.span, `${where} holds for the whole sequence`, {
    label: `\`${e.name}\` varies from step to step`,
    help: /^(let|gate)/.test(where)
      ? "write `[t]` on the left too, or read only parameters, constants and memories"
      : "read only parameters, constants and memories",
  });

const noLag = (e: RefExpr, d: Declared): Diagnostic =>
  error("E212", e.span, `\`${e.name}\` is the same at every step`, {
    label: `is ${kindOf(d)}, so it has no \`[t…]\``,
    help: `write \`${e.name}\``,
  });

/** A name that is not declared as a value: a dim's number, or a mistake. */
function dimValue(e: RefExpr, cell: CellNames, where: string): Type | null {
  const { merged, library, report } = cell;
  if (cell.dims.has(e.name)) {
    if (e.lag === null) return SCALAR;
    report(
      error("E212", e.span, `\`${e.name}\` is the same at every step`, {
        label: "is a dim, so it has no `[t…]`",
        help: `write \`${e.name}\``,
      }),
    );
    return null;
  }
  if (cell.lengths.has(e.name)) {
    report(lengthAsNumber(e));
    return null;
  }
  if (merged.incomplete) return null;
  const callableName =
    callable(e.name) !== undefined || library.visible(e.span.file, e.name)?.kind === "fn";
  const update = merged.updates.get(e.name);
  report(
    error("E201", e.span, `no \`${e.name}\` in ${where}`, {
      label: callableName ? "is a function, and here it is not called" : "is not declared",
      help:
        update !== undefined
          ? `declare it: \`state ${e.name}: […]\``
          : didYouMean(e.name, [...merged.declared.keys(), ...cell.dims.keys()]),
    }),
  );
  return null;
}
