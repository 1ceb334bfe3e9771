/** @file Where two equations differ. In: two expressions. Out: their parts that the other does not have.
 *  Never a part that both have in the same place. */
import type { Arg, Expr } from "../../grammar/ast.ts";
import { written } from "./text.ts";

export interface Difference {
  readonly left: ReadonlySet<Expr>;
  readonly right: ReadonlySet<Expr>;
}

const NONE: Difference = { left: new Set(), right: new Set() };

/** Terms of sums and factors of products are matched whatever their order. */
export function difference(a: Expr, b: Expr): Difference {
  if (written(a) === written(b)) return NONE;
  const whole = { left: new Set([a]), right: new Set([b]) };
  for (const op of ["+", "*"] as const) {
    if (!isChain(a, op) || !isChain(b, op)) continue;
    return ofLists(partsOf(a, op), partsOf(b, op));
  }
  if (a.kind === "call" && b.kind === "call" && a.callee.text === b.callee.text)
    return a.args.length === b.args.length ? paired(values(a.args), values(b.args)) : whole;
  if (a.kind === "binary" && b.kind === "binary" && a.op === b.op)
    return paired([a.left, a.right], [b.left, b.right]);
  if (a.kind === "unary" && b.kind === "unary") return difference(a.operand, b.operand);
  return whole;
}

/** What is on one side only; where that is one part on each, where these differ. */
function ofLists(a: readonly Part[], b: readonly Part[]): Difference {
  const left = without(a, b);
  const right = without(b, a);
  const [x, y] = [left[0], right[0]];
  if (left.length === 1 && right.length === 1 && x!.sign === y!.sign) return difference(x!.e, y!.e);
  return { left: new Set(left.map((p) => p.e)), right: new Set(right.map((p) => p.e)) };
}

function paired(a: readonly Expr[], b: readonly Expr[]): Difference {
  const parts = a.map((x, i) => difference(x, b[i]!));
  return {
    left: new Set(parts.flatMap((p) => [...p.left])),
    right: new Set(parts.flatMap((p) => [...p.right])),
  };
}

interface Part {
  readonly e: Expr;
  readonly sign: "+" | "-";
}

/** Parts of `a` that `b` has not, each as often as it is there. */
function without(a: readonly Part[], b: readonly Part[]): readonly Part[] {
  const rest = b.map(text);
  return a.filter((p) => {
    const at = rest.indexOf(text(p));
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

const text = ({ e, sign }: Part): string => `${sign}${written(e)}`;

const values = (args: readonly Arg[]): readonly Expr[] =>
  args.flatMap((a) => (a.kind === "target" ? [] : [a.value]));

function isChain(e: Expr, op: "+" | "*"): boolean {
  return e.kind === "binary" && (op === "*" ? e.op === "*" : e.op === "+" || e.op === "-");
}

function partsOf(e: Expr, op: "+" | "*", sign: Part["sign"] = "+"): readonly Part[] {
  if (e.kind !== "binary" || !isChain(e, op)) return [{ e, sign }];
  const other = sign === "+" ? "-" : "+";
  return [...partsOf(e.left, op, sign), ...partsOf(e.right, op, e.op === "-" ? other : sign)];
}
