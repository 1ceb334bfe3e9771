/** @file Interval analysis. In: an expression and bounds of what it names. Out: bounds of its value,
 *  the ops' own. Never narrower than the truth; what is not known is (−∞, ∞). */
import type { Expr, FnDecl } from "../../grammar/ast.ts";
import { ANY } from "../ops/interval.ts";
import type { Interval } from "../ops/op.ts";
import { OPERATORS, OPS } from "../ops/table.ts";
import { constantOf, type Dim } from "./dims.ts";
import { type Callable, callable } from "./functions.ts";
import type { CallExpr, RefExpr } from "./scope.ts";

export interface Bounds {
  readonly name: (e: RefExpr) => Interval;
  /** The fn that a call means, or undefined. */
  readonly fn: (e: CallExpr) => FnDecl | undefined;
}

/** Never throws on an expression that checked; on any other the bounds are (−∞, ∞) or right. */
export function rangeOf(e: Expr, bounds: Bounds, depth = 0): Interval {
  const again = (x: Expr) => rangeOf(x, bounds, depth);
  switch (e.kind) {
    case "number":
      return { lo: e.value, hi: e.value };
    case "ref":
      return bounds.name(e);
    case "unary":
      return sound(OPS.neg.range([again(e.operand)], {}));
    case "binary": {
      const sides = [again(e.left), again(e.right)] as const;
      // A square is no product of two strangers.
      const square = e.op === "*" && sameName(e.left, e.right);
      return square
        ? sound(OPS.pow.range([sides[0], { lo: 2, hi: 2 }], {}))
        : sound(OPS[OPERATORS[e.op]].range(sides, {}));
    }
    case "call": {
      const f = callable(e.callee.text);
      return f === undefined ? fnRange(e, bounds, depth) : callRange(f, e, bounds, depth);
    }
    default:
      return ANY;
  }
}

/** Bodies are followed this deep: a chain of fns that call each other twice doubles at each. */
const DEEPEST = 12;

function fnRange(e: CallExpr, bounds: Bounds, depth: number): Interval {
  const fn = bounds.fn(e);
  if (fn === undefined || depth === DEEPEST) return ANY;
  const given = positional(e).map((x) => rangeOf(x, bounds, depth));
  const names = fn.params.map((p) => p.name.text);
  const name = (ref: RefExpr): Interval => given[names.indexOf(ref.name)] ?? DIM;
  return rangeOf(fn.body, { name, fn: bounds.fn }, depth + 1);
}

/** What is known of a dim: there is at least one element. */
export const DIM: Interval = { lo: 1, hi: Number.POSITIVE_INFINITY };

export function dimRange(d: Dim): Interval {
  const value = constantOf(d);
  return value === null ? DIM : { lo: value, hi: value };
}

function callRange(f: Callable, e: CallExpr, bounds: Bounds, depth: number): Interval {
  const given = positional(e);
  const arity = f.arity ?? given.length;
  const attrs: Record<string, number> = {};
  for (const [i, setting] of f.settings.entries()) {
    if (setting.kind !== "number") continue;
    const named = e.args.find((a) => a.kind === "named" && a.name.text === setting.name);
    const value = named?.kind === "named" ? named.value : given[arity + i];
    const range = value === undefined ? null : rangeOf(value, bounds, depth);
    const known = range === null ? setting.default : range.lo === range.hi ? range.lo : null;
    if (known === null) return ANY;
    attrs[setting.name] = known;
  }
  const values = given.slice(0, arity).map((x) => rangeOf(x, bounds, depth));
  return values.length < arity || arity === 0 ? ANY : sound(f.range(values, attrs));
}

const sound = (range: Interval): Interval =>
  Number.isNaN(range.lo) || Number.isNaN(range.hi) ? ANY : range;

const positional = (e: CallExpr): readonly Expr[] =>
  e.args.flatMap((a) => (a.kind === "positional" ? [a.value] : []));

const sameName = (a: Expr, b: Expr): boolean =>
  a.kind === "ref" && b.kind === "ref" && a.name === b.name && a.lag === b.lag;
