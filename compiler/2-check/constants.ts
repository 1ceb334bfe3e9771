/** @file Constant expressions: numbers, dims, consts, and elementwise functions of them. In: an
 *  expression and which names are constant. Out: its bounds (equal where it needs no dim). */
import type { Expr } from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import type { Report } from "../1-resolve/report.ts";
import type { Interval } from "../ops/op.ts";
import { callable } from "./functions.ts";
import { rangeOf } from "./ranges.ts";
import type { RefExpr } from "./scope.ts";

export interface Constants {
  readonly report: Report;
  /** For messages: "const `beta`". */
  readonly where: string;
  /** Bounds of a const or dim; null where the name is neither; undefined where it was reported. */
  readonly bounds: (name: string, e: RefExpr) => Interval | null | undefined;
}

/** Null where a mistake was reported. */
export function constantRange(e: Expr, constants: Constants): Interval | null {
  if (!isConstant(e, constants)) return null;
  const name = (ref: RefExpr) => constants.bounds(ref.name, ref) ?? EVERYTHING;
  return rangeOf(e, { name, fn: () => undefined });
}

const EVERYTHING: Interval = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };

function isConstant(e: Expr, constants: Constants): boolean {
  const refuse = (label: string): false => {
    constants.report(
      error("E223", e.span, `not a constant in ${constants.where}`, {
        label,
        help: "a constant is made of numbers, dims and consts by operators and elementwise functions",
      }),
    );
    return false;
  };
  const all = (parts: readonly Expr[]): boolean =>
    parts.map((p) => isConstant(p, constants)).every((sound) => sound);
  switch (e.kind) {
    case "number":
      return true;
    case "ref": {
      if (e.lag !== null) return refuse("varies from step to step");
      const bounds = constants.bounds(e.name, e);
      return bounds === null ? refuse("is not known before the run") : bounds !== undefined;
    }
    case "unary":
      return all([e.operand]);
    case "binary":
      return e.op === "@" ? refuse("`@` is a product of vectors") : all([e.left, e.right]);
    case "call": {
      const f = callable(e.callee.text);
      if (f?.elementwise !== true) return refuse("is not an elementwise function");
      return all(e.args.flatMap((a) => (a.kind === "target" ? [] : [a.value])));
    }
    default:
      return refuse("is not a number");
  }
}
