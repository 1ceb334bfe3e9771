/** @file Dims and constants as numbers. In: dim expressions, values of dim names. Out: numbers, or the
 *  symbol of a sequence. Never guesses: the checker has proven that they exist. */
import type { DimExpr, Expr, ShapeExpr } from "../../grammar/ast.ts";
import { absurd, invariant } from "../ir/invariant.ts";
import type { Dim } from "../ir/ir.ts";

/** Values of dim names; a sequence's symbol stands for itself. */
export type Dims = Readonly<Record<string, Dim>>;

export function evalDim(e: DimExpr, dims: Dims): Dim {
  switch (e.kind) {
    case "dim-number":
      return e.value;
    case "dim-name":
      return dims[e.name] ?? e.name;
    case "dim-binary": {
      const l = evalDim(e.left, dims);
      const r = evalDim(e.right, dims);
      invariant(
        typeof l === "number" && typeof r === "number",
        "arithmetic on a sequence's length",
      );
      return arithmetic(e.op, l, r);
    }
    default:
      return absurd(e);
  }
}

export function evalShape(shape: ShapeExpr, dims: Dims): Dim[] {
  return shape.dims.map((d) => evalDim(d, dims));
}

/** A shape without symbols. */
export function numbers(shape: readonly Dim[]): number[] {
  return shape.map((d) => {
    invariant(typeof d === "number", `the dim ${d} has no number`);
    return d;
  });
}

/** The value of an expression of numbers, consts and dims, or null where it is none. */
export function constantOf(e: Expr, named: (name: string) => number | null): number | null {
  switch (e.kind) {
    case "number":
      return e.value;
    case "ref":
      return e.lag === null ? named(e.name) : null;
    case "unary": {
      const x = constantOf(e.operand, named);
      return x === null ? null : -x;
    }
    case "binary": {
      const l = constantOf(e.left, named);
      const r = constantOf(e.right, named);
      if (l === null || r === null) return null;
      if (e.op === "^") return l ** r;
      return e.op === "+" || e.op === "-" || e.op === "*" || e.op === "/"
        ? arithmetic(e.op, l, r)
        : null;
    }
    case "call": {
      const only = e.args.length === 1 ? e.args[0] : undefined;
      const x = only?.kind === "positional" ? constantOf(only.value, named) : null;
      if (x === null) return null;
      if (e.callee.text === "sqrt") return Math.sqrt(x);
      if (e.callee.text === "log") return Math.log(x);
      return e.callee.text === "exp" ? Math.exp(x) : null;
    }
    default:
      return null;
  }
}

/**
 * Values of the dims named in `shape` such that it equals `actual`; `known` ones stay as they are.
 * Dims inside arithmetic (`4 * H`) bind nothing: the checker has proven them.
 */
export function bindDims(shape: ShapeExpr, actual: readonly Dim[], known: Dims): Dims {
  const out: Record<string, Dim> = { ...known };
  for (const [i, d] of shape.dims.entries()) {
    const value = actual[i];
    if (d.kind === "dim-name" && value !== undefined) out[d.name] ??= value;
  }
  return out;
}

function arithmetic(op: "+" | "-" | "*" | "/", l: number, r: number): number {
  switch (op) {
    case "+":
      return l + r;
    case "-":
      return l - r;
    case "*":
      return l * r;
    case "/":
      return l / r;
    default:
      return absurd(op);
  }
}
