/** @file What names mean in the body of a `fn`. In: its parameters' types, its dims' values. Out: the
 *  scope of the body. Used for the fn itself, its dims standing for themselves, and for a call. */
import type { FnDecl } from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import type { Library } from "../1-resolve/load.ts";
import { didYouMean, type Report } from "../1-resolve/report.ts";
import { constantRange } from "./constants.ts";
import { type DimValues, hasLength } from "./dims.ts";
import { dimRange } from "./ranges.ts";
import type { RefExpr, Scope } from "./scope.ts";
import { SCALAR, type Type } from "./types.ts";

export function fnScope(
  fn: FnDecl,
  params: ReadonlyMap<string, Type | null>,
  dims: DimValues,
  library: Library,
  report: Report,
  inside: readonly string[] = [],
): Scope {
  const where = `fn \`${fn.name.text}\``;
  const name = (e: RefExpr): Type | null => {
    const type = params.get(e.name);
    const dim = dims.get(e.name);
    if (type === undefined && dim === undefined) {
      report(
        error("E201", e.span, `no \`${e.name}\` in ${where}`, {
          label: "is neither a parameter nor a dim of one",
          help: didYouMean(e.name, [...params.keys(), ...dims.keys()]),
        }),
      );
      return null;
    }
    if (e.lag !== null) {
      report(
        error("E212", e.span, `\`${e.name}\` has no steps`, {
          label: "a `fn` sees the values of one step",
          help: `write \`${e.name}\`, and the lag where the fn is called`,
        }),
      );
      return null;
    }
    if (dim !== undefined && hasLength(dim)) {
      report(lengthAsNumber(e));
      return null;
    }
    return type === undefined ? SCALAR : type;
  };
  const constants = {
    report,
    where,
    bounds: (n: string) => {
      const dim = dims.get(n);
      if (dim !== undefined) return dimRange(dim);
      return params.has(n) ? null : undefined;
    },
  };
  return {
    report,
    library,
    where,
    inside: [...inside, fn.name.text],
    name,
    alternatives: (e) =>
      [...params].flatMap(([n, type]) =>
        e.lag !== null || type === null ? [] : [{ name: n, text: n, type }],
      ),
    dims,
    dim: (n) => dims.get(n) ?? null,
    constant: (e) => constantRange(e, constants),
    instance: null,
    flow: null,
  };
}

export const lengthAsNumber = (e: RefExpr) =>
  error("E223", e.span, `\`${e.name}\` is not a constant`, {
    label: "is the length of a sequence, known only in a run",
    help: "`mean(v)` and `softmax(v)` go by each sample's own length",
  });
