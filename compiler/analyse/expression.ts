/** @file Nodes as expressions of the language. In: a node, and what the spec calls values. Out: a syntax tree, so
 *  that the printer and the typesetter of specs set it. Never looks into what has a name. */
import type { Arg, BinaryOp, Expr } from "../../grammar/ast.ts";
import { NOWHERE } from "../ir/builder.ts";
import type { Apply, Node, NodeId } from "../ir/ir.ts";
import { nums, word } from "../ops/attrs.ts";
import { OPERATORS, OPS } from "../ops/table.ts";
import type { Coefficients } from "./coefficients.ts";
import { compoundOf } from "./compound.ts";

export interface Names {
  readonly c: Coefficients;
  /** The spec's word for a node: `f[t]`, `U_f`; null where it has none. */
  readonly refOf: (id: NodeId) => { readonly name: string; readonly lag: number | null } | null;
}

const BINARY: ReadonlyMap<string, BinaryOp> = new Map(
  Object.entries(OPERATORS).flatMap(([sign, op]) =>
    sign === "@" ? [] : [[op as string, sign as BinaryOp]],
  ),
);

export function expressionOf(names: Names, id: NodeId): Expr {
  const ref = names.refOf(id);
  if (ref !== null) return refTo(ref.name, ref.lag);
  const node = names.c.b.node(id);
  if (node.kind === "const") return number(node.value);
  const whole = compoundOf(names.c, id);
  if (whole !== null)
    return call(
      whole.call,
      whole.args.map((a) => expressionOf(names, a)),
    );
  if (node.kind !== "apply") return refTo(node.kind === "leaf" ? node.key : node.kind, null);
  switch (node.op) {
    case "mul":
      return productOf(names, id);
    case "add":
    case "sub":
    case "neg":
      return sumOf(names, id);
    case "contract":
      return contraction(names, node);
    default:
      return other(names, node);
  }
}

function other(names: Names, node: Apply): Expr {
  const args = node.args.map((a) => expressionOf(names, a));
  const sign = BINARY.get(node.op);
  if (sign !== undefined) return binary(sign, args[0]!, args[1]!);
  const def = OPS[node.op];
  switch (node.op) {
    case "expand":
    case "stop_gradient":
      return args[0]!;
    case "transpose":
      return call("transpose", args);
    case "sum":
      return call("sum", [
        ...args,
        ...(isLastAxis(names, node) ? [] : nums(node.attrs, "axes").map(number)),
      ]);
    case "part": {
      const { axis, from, size } = node.attrs;
      const last = axis === names.c.b.type(node.args[0]!).shape.length - 1;
      const name = last && axis === 0 ? "part" : axis === 0 ? "rows" : "columns";
      return call(name, [...args, number(Number(from)), number(Number(size))]);
    }
    default: {
      const given = def.params.map((p) => node.attrs[p.name]);
      const plain = def.params.every((p, i) => p.default === given[i]);
      const numbers = plain ? [] : given.map((x) => number(Number(x)));
      return call(def.spec?.call ?? node.op, [...args, ...numbers]);
    }
  }
}

function isLastAxis(names: Names, node: Apply): boolean {
  const axes = nums(node.attrs, "axes");
  return axes.length === 1 && axes[0] === names.c.b.type(node.args[0]!).shape.length - 1;
}

/** a b c, powers where a factor comes again; what divides stays at its place. */
function productOf(names: Names, id: NodeId): Expr {
  const counts = new Map<NodeId, number>();
  let known = 1;
  for (const f of flattened(names, id, "mul")) {
    const node = names.c.b.node(f);
    if (node.kind === "const") known *= node.value;
    else counts.set(f, (counts.get(f) ?? 0) + 1);
  }
  const powers = [...counts].map(([f, n]) => {
    const e = expressionOf(names, f);
    return n === 1 ? e : binary("^", e, number(n));
  });
  const factors = Math.abs(known) === 1 ? powers : [number(Math.abs(known)), ...powers];
  const product = factors.reduce((x, y) => binary("*", x, y));
  return known < 0 ? negative(product) : product;
}

function flattened(names: Names, id: NodeId, op: string): readonly NodeId[] {
  const node = names.c.b.node(id);
  if (node.kind !== "apply" || node.op !== op || names.refOf(id) !== null) return [id];
  return node.args.flatMap((a) => flattened(names, a, op));
}

/** Terms with their signs, the first of them positive where there is one. */
function sumOf(names: Names, id: NodeId): Expr {
  const terms: { readonly id: NodeId; readonly sign: 1 | -1 }[] = [];
  const visit = (at: NodeId, sign: 1 | -1): void => {
    const node: Node = names.c.b.node(at);
    const inner = node.kind === "apply" && names.refOf(at) === null ? node : null;
    const minus = sign === 1 ? -1 : 1;
    if (inner?.op === "add" || inner?.op === "sub") {
      visit(inner.args[0]!, sign);
      visit(inner.args[1]!, inner.op === "add" ? sign : minus);
    } else if (inner?.op === "neg") visit(inner.args[0]!, minus);
    else terms.push({ id: at, sign });
  };
  visit(id, 1);
  const first = Math.max(
    0,
    terms.findIndex((t) => t.sign === 1),
  );
  const order = [terms[first]!, ...terms.filter((_, i) => i !== first)];
  return order
    .map((t) => ({ e: expressionOf(names, t.id), sign: t.sign }))
    .reduce<Expr | null>(
      (sum, { e, sign }) =>
        sum === null ? (sign === 1 ? e : negative(e)) : binary(sign === 1 ? "+" : "-", sum, e),
      null,
    )!;
}

function contraction(names: Names, node: Apply): Expr {
  const [a, b, y] = [word(node.attrs, "a"), word(node.attrs, "b"), word(node.attrs, "y")];
  const [p, q] = node.args.map((id) => expressionOf(names, id)) as [Expr, Expr];
  const turned = (e: Expr): Expr => call("transpose", [e]);
  if (a.length === 1 && b.length === 1)
    return y === "" ? call("dot", [p, q]) : call("outer", y[0] === a ? [p, q] : [q, p]);
  if (a.length === 2 && b.length === 1) return binary("@", b === a[1] ? p : turned(p), q);
  if (a.length === 1 && b.length === 2) return binary("@", a === b[1] ? q : turned(q), p);
  if (a.length === 2 && b.length === 2 && y.length === 2) {
    const left = y[0] === a[0] ? p : turned(p);
    return binary("@", left, y[1] === b[1] ? q : turned(q));
  }
  return call("sum", [binary("*", p, q)]);
}

// ---- trees without a place

export function refTo(name: string, lag: number | null): Expr {
  return { kind: "ref", name, lag, span: NOWHERE };
}

export function number(value: number): Expr {
  if (value < 0) return negative(number(-value));
  const short = Number(value.toPrecision(6));
  return { kind: "number", value, text: String(short === value ? value : short), span: NOWHERE };
}

export function negative(operand: Expr): Expr {
  return { kind: "unary", op: "-", operand, span: NOWHERE };
}

export function binary(op: BinaryOp, left: Expr, right: Expr): Expr {
  return { kind: "binary", op, left, right, opSpan: NOWHERE, span: NOWHERE };
}

export function call(name: string, args: readonly Expr[]): Expr {
  const given = args.map((value): Arg => ({ kind: "positional", value, span: NOWHERE }));
  return {
    kind: "call",
    callee: { text: name, span: NOWHERE },
    dims: null,
    args: given,
    span: NOWHERE,
  };
}
