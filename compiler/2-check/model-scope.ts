/** @file What names mean in a model. In: its declarations, typed as far as they are. Out: the scope of
 *  its expressions, pipes included. */
import type { ModelDecl } from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import type { Library } from "../1-resolve/load.ts";
import { didYouMean, type Report } from "../1-resolve/report.ts";
import type { Interval } from "../ops/op.ts";
import { type Constants, constantRange } from "./constants.ts";
import { wholeConst } from "./consts.ts";
import type { DimValues } from "./dims.ts";
import { flowOf } from "./flow.ts";
import { lengthAsNumber } from "./fn-scope.ts";
import { callable } from "./functions.ts";
import { isLayer } from "./layers.ts";
import { dimRange } from "./ranges.ts";
import type { CellTypes } from "./cell-use.ts";
import type { RefExpr, Scope } from "./scope.ts";
import { SCALAR, type Type } from "./types.ts";

/** A model while it is being checked. */
export interface ModelNames {
  readonly where: string;
  readonly declared: ReadonlyMap<string, ModelDecl["members"][number]>;
  /** Null where a mistake was reported, absent where not yet known. */
  readonly types: Map<string, Type | null>;
  readonly dims: DimValues;
  readonly sequences: ReadonlySet<string>;
  readonly library: Library;
  readonly report: Report;
  readonly cells: CellTypes;
  readonly instance: Scope["instance"];
  /** Bounds of consts. */
  readonly consts: (name: string) => Interval | null;
}

export function modelScope(model: ModelNames, where: string): Scope {
  const { declared, types, report, library } = model;
  const name = (e: RefExpr): Type | null => {
    if (e.lag !== null) {
      report(
        error("E231", e.span, "models have no `[t]`", {
          label: "a name in a model is a whole sequence",
          help: `write \`${e.name}\`, or \`${e.name} | shift\` for the step before`,
        }),
      );
      return null;
    }
    if (declared.has(e.name)) return types.get(e.name) ?? null;
    if (model.dims.has(e.name)) return SCALAR;
    report(unknown(e));
    return null;
  };
  const unknown = (e: RefExpr) => {
    if (model.sequences.has(e.name)) return lengthAsNumber(e);
    const isFunction =
      isLayer(e.name) ||
      callable(e.name) !== undefined ||
      library.visible(e.span.file, e.name) !== undefined;
    return error("E201", e.span, `no value \`${e.name}\` in ${where}`, {
      label: isFunction ? "is not a value" : "is not declared",
      help: didYouMean(e.name, [...declared.keys(), ...model.dims.keys()]),
    });
  };
  const constants: Constants = {
    report,
    where,
    bounds: (n, e) => {
      const m = declared.get(n);
      if (m?.kind === "const") return model.consts(n) ?? undefined;
      if (m !== undefined) return null;
      const dim = model.dims.get(n);
      if (dim !== undefined) return dimRange(dim);
      report(unknown(e));
      return undefined;
    },
  };
  const scope: Scope = {
    report,
    library,
    where,
    inside: [],
    name,
    alternatives: () =>
      [...types].flatMap(([n, type]) => (type === null ? [] : [{ name: n, text: n, type }])),
    dims: model.dims,
    dim: (n) => model.dims.get(n) ?? wholeConst(model.consts(n)),
    constant: (e) => constantRange(e, constants),
    instance: model.instance,
    flow: (e) => flowOf(e, scope, model.cells),
  };
  return scope;
}
