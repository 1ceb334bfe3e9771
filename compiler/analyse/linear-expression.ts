/** @file Linear maps as expressions. In: a map. Out: a syntax tree of matrices: diag, products, sums. Beyond
 *  vectors, maps have names of their own: see docs/analyze.md. */
import type { Expr } from "../../grammar/ast.ts";
import type { NodeId } from "../ir/ir.ts";
import { tidy } from "./coefficients.ts";
import { binary, call, expressionOf, type Names, negative, number, refTo } from "./expression.ts";
import { factorsOf, isScalar, type Linear } from "./linear.ts";

export function linearExpression(names: Names, l: Linear): Expr {
  if (l.kind === "sum") return sumExpression(names, l);
  return productExpression(names, factorsOf(l));
}

function sumExpression(names: Names, l: Extract<Linear, { kind: "sum" }>): Expr {
  return l.terms
    .map((t) => linearExpression(names, t))
    .reduce<Expr>(
      (all, e) =>
        all.kind === "number" && all.value === 0
          ? e
          : e.kind === "unary"
            ? binary("-", all, e.operand)
            : binary("+", all, e),
      number(0),
    );
}

/** Scalars first, then the matrices; a column before a row is an outer product. */
function productExpression(names: Names, factors: readonly Linear[]): Expr {
  const parts: Expr[] = [];
  let scalar: Expr | null = null;
  for (const [i, f] of factors.entries()) {
    const next = factors[i + 1];
    const before = factors[i - 1];
    if (f.kind === "row" && before?.kind === "column") continue;
    if (f.kind === "column" && next?.kind === "row") {
      parts.push(call("outer", [vector(names, f.of), vector(names, next.of)]));
    } else if (f.kind === "scale" && isScalar(names.c.b, f.by)) {
      const by = coefficient(names, f.by);
      scalar = scalar === null ? by : binary("*", scalar, by);
      if (factors.length === 1 && f.rows.length > 0)
        return isOne(by) ? refTo("I", null) : signed(by, (e) => binary("*", e, refTo("I", null)));
    } else parts.push(factor(names, f));
  }
  const matrices = parts.length === 0 ? null : parts.reduce((x, y) => binary("@", x, y));
  if (matrices === null) return scalar ?? number(1);
  if (scalar === null) return matrices;
  return signed(scalar, (e) => (isOne(e) ? matrices : binary("*", e, matrices)));
}

/** A sign comes before all else. */
function signed(e: Expr, whole: (positive: Expr) => Expr): Expr {
  return e.kind === "unary" ? negative(whole(e.operand)) : whole(e);
}

const isOne = (e: Expr): boolean => e.kind === "number" && e.value === 1;

function factor(names: Names, l: Linear): Expr {
  switch (l.kind) {
    case "scale": {
      const by = coefficient(names, l.by);
      return l.rows.length === 0 ? by : call("diag", [by]);
    }
    case "matrix": {
      const of = coefficient(names, l.of);
      return l.transposed ? call("transpose", [of]) : of;
    }
    case "column":
      return vector(names, l.of);
    case "row":
      return call("transpose", [vector(names, l.of)]);
    case "part":
      return call("select", [number(l.from), number(Number(l.rows[l.axis]))]);
    case "pad":
      return call("place", [number(l.before), number(Number(l.rows[l.axis]))]);
    case "permute":
      return call("permute", l.perm.map(number));
    case "repeat":
      return call("repeat", l.axes.map(number));
    case "add":
      return call("add", l.axes.map(number));
    case "contract":
      return contractExpression(names, l);
    case "sum":
    case "product":
      return linearExpression(names, l);
  }
}

/** Maps of matrices by a factor: X ↦ A X, X ↦ X A, v ↦ v aᵀ. */
function contractExpression(names: Names, l: Extract<Linear, { kind: "contract" }>): Expr {
  const of = coefficient(names, l.of);
  const [first, second] = [l.arg[0], l.arg[1]];
  if (l.arg.length === 2 && second !== undefined && l.out.startsWith(first!) && l.by[0] === second)
    return call("times_right", [of]);
  if (l.arg.length === 2 && l.out.endsWith(second!) && l.by.endsWith(first!))
    return call("times_left", [of]);
  if (l.arg.length === 1 && l.by.length === 1 && l.out === l.arg + l.by)
    return call("outer_with", [of]);
  return call("contract", [of]);
}

function vector(names: Names, id: NodeId): Expr {
  const e = coefficient(names, id);
  if (!isScalar(names.c.b, id)) return e;
  return isOne(e) ? refTo("ones", null) : binary("*", e, refTo("ones", null));
}

function coefficient(names: Names, id: NodeId): Expr {
  return expressionOf(names, tidy(names.c, id));
}
