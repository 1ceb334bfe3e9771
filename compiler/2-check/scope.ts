/** @file What an expression stands in. In: nothing. Out: the interface through which expressions ask
 *  what names mean; cells, fns and models each make one. Never knows which of them it serves. */
import type { CellDecl, Expr } from "../../grammar/ast.ts";
import { type Diagnostic, error } from "../../grammar/diagnostic.ts";
import type { Span } from "../../grammar/span.ts";
import type { Interval } from "../ops/op.ts";
import type { Library } from "../1-resolve/load.ts";
import type { Report } from "../1-resolve/report.ts";
import type { Dim, DimValues } from "./dims.ts";
import type { Type } from "./types.ts";

export type RefExpr = Extract<Expr, { kind: "ref" }>;
export type CallExpr = Extract<Expr, { kind: "call" }>;
/** What only models may write. */
export type FlowExpr = Extract<Expr, { kind: "pipe" | "member" | "record" }>;

export interface Scope {
  readonly report: Report;
  readonly library: Library;
  /** For messages: "gate `f`". */
  readonly where: string;
  /** The fns whose bodies enclose the place, outermost first. */
  readonly inside: readonly string[];
  /** What a name is; null where a mistake was reported, or before. */
  readonly name: (e: RefExpr) => Type | null;
  /** Names that could stand where `e` does, as they would be written there. */
  readonly alternatives: (
    e: RefExpr,
  ) => readonly { readonly name: string; readonly text: string; readonly type: Type }[];
  /** Dims that `<…>` may name. */
  readonly dims: DimValues;
  /** The name as a dim, where it is one. */
  readonly dim: (name: string) => Dim | null;
  /** Bounds of a constant expression; null where a mistake was reported. */
  readonly constant: (e: Expr) => Interval | null;
  /** Checks a cell at the sizes it has here; null where sizes are not known. */
  readonly instance: ((cell: CellDecl, sizes: DimValues) => void) | null;
  /** Types what only models have; null elsewhere. */
  readonly flow: ((e: FlowExpr) => Type | null) | null;
}

/** A value given to a call: its type, and where it is written. */
export interface Given {
  readonly type: Type;
  readonly expr: Expr;
}

/** Outputs are numbers. */
export const tokensOut = (name: string, at: Span): Diagnostic =>
  error("E229", at, `tokens cannot be an output`, {
    label: `\`${name}\` says which token, not how much`,
    help: "put out what is computed from them",
  });

/** `h[t-1]`; null for what is no name. */
export function textOf(e: Expr): string | null {
  if (e.kind === "number") return e.text;
  if (e.kind !== "ref") return null;
  return e.lag === null ? e.name : e.lag === 0 ? `${e.name}[t]` : `${e.name}[t-${e.lag}]`;
}
