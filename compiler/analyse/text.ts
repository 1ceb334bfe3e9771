/** @file Expressions on one line. In: a syntax tree. Out: the text that the formatter of specs gives it. */
import type { Expr } from "../../grammar/ast.ts";
import { layOut } from "../../grammar/layout.ts";
import { printExpr } from "../../grammar/print-expression.ts";

/** However long: for tables and JSON. */
export function textOf(e: Expr): string {
  return layOut(
    printExpr(e, () => []),
    Number.MAX_SAFE_INTEGER,
    0,
  );
}
