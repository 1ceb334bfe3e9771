/** @file Pieces of a spec as text. In: syntax. Out: one line, as `cellc fmt` would write it. */
import type { Expr, Initialiser, StateInit } from "../../grammar/ast.ts";
import { layOut } from "../../grammar/layout.ts";
import { printExpr, printInitialiser, type TakeComments } from "../../grammar/print-expression.ts";

const noComments: TakeComments = () => [];

export const written = (e: Expr): string =>
  layOut(printExpr(e, noComments), Number.POSITIVE_INFINITY, 0);

export const initialiserText = (i: Initialiser): string =>
  layOut(printInitialiser(i, noComments), Number.POSITIVE_INFINITY, 0);

/** What a state starts from: `0`, `learn(zeros)`. */
export function initialText(init: StateInit | null): string {
  if (init === null) return "0";
  return init.kind === "value" ? written(init.expr) : `learn(${initialiserText(init.initialiser)})`;
}
