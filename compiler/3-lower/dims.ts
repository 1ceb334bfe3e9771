/** @file Dims and constants as numbers. In: dim expressions, values of dim names. Out: numbers, or the
 *  symbol of a sequence. Never guesses: the checker has proven that they exist. */
import type { DimExpr, Expr, ShapeExpr } from "../../grammar/ast.ts";
import { absurd, invariant } from "../ir/invariant.ts";
import type { Attrs, Dim } from "../ir/ir.ts";
import { CALLS, OPERATORS, type OpName, OPS } from "../ops/table.ts";
import { withDefaults } from "../ops/typing.ts";

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
      return l === null || r === null ? null : applied(OPERATORS[e.op], [l, r], {});
    }
    case "call": {
      const op = CALLS.get(e.callee.text);
      if (op === undefined) return null;
      const { params, arity } = OPS[op];
      const given = e.args.map((a) => (a.kind === "target" ? null : constantOf(a.value, named)));
      if (given.some((x) => x === null)) return null;
      const numbersGiven = given.map((x) => x ?? 0);
      const attrs = Object.fromEntries(
        e.args.flatMap((a, i) => {
          const name = a.kind === "named" ? a.name.text : params[i - (arity ?? 0)]?.name;
          return name === undefined ? [] : [[name, numbersGiven[i] ?? 0]];
        }),
      );
      return applied(op, numbersGiven.slice(0, arity ?? 0), attrs);
    }
    default:
      return null;
  }
}

/**
 * Values of the dims named in `shape` such that it equals `actual`; `known` ones stay as they are.
 * An extent with one unknown name is linear in it (`2 * N`, `H + 1`) and is solved for it.
 */
export function bindDims(shape: ShapeExpr, actual: readonly Dim[], known: Dims): Dims {
  const out: Record<string, Dim> = { ...known };
  for (const [i, d] of shape.dims.entries()) {
    const value = actual[i];
    if (d.kind === "dim-name" && value !== undefined) out[d.name] ??= value;
  }
  for (const [i, d] of shape.dims.entries()) {
    const value = actual[i];
    const unknown = [...new Set(namesIn(d))].filter((name) => out[name] === undefined);
    const [name] = unknown;
    if (name === undefined || unknown.length > 1 || typeof value !== "number") continue;
    const at = (n: number): number => Number(evalDim(d, { ...out, [name]: n }));
    const slope = at(2) - at(1);
    if (slope !== 0) out[name] = (value - at(0)) / slope;
  }
  return out;
}

function namesIn(d: DimExpr): readonly string[] {
  switch (d.kind) {
    case "dim-number":
      return [];
    case "dim-name":
      return [d.name];
    case "dim-binary":
      return [...namesIn(d.left), ...namesIn(d.right)];
    default:
      return absurd(d);
  }
}

/** The value of an elementwise op at numbers; null for other ops. */
function applied(op: OpName, x: readonly number[], attrs: Attrs): number | null {
  const def = OPS[op];
  return def.form === "map" ? def.value(x, withDefaults(def, attrs)) : null;
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
