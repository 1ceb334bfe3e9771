/** @file Expressions of cells, fns and models. In: a proven expression, its scope. Out: IR nodes.
 *  Never meets a user's mistake, and never knows an op: the table does. */
import type { Arg, BinaryOp, Expr, FnDecl } from "../../grammar/ast.ts";
import { absurd, invariant } from "../ir/invariant.ts";
import type { Dim, NodeId } from "../ir/ir.ts";
import { CALLS, OPERATORS, OPS } from "../ops/table.ts";
import { bindDims, constantOf } from "./dims.ts";
import { reduceOver, zeroPast } from "./masking.ts";
import type { Scope } from "./scope.ts";

export function lowerExpr(scope: Scope, e: Expr): NodeId {
  const { b } = scope;
  if (scope.flow !== null) return scope.flow(e);
  switch (e.kind) {
    case "number":
      return b.lit(e.value);
    case "ref":
      return scope.value(e.name, e.lag, e.span);
    case "unary":
      return e.operand.kind === "number"
        ? b.lit(-e.operand.value)
        : b.neg(lowerExpr(scope, e.operand));
    case "binary":
      return lowerBinary(scope, e.op, lowerExpr(scope, e.left), lowerExpr(scope, e.right));
    case "call":
      return b.within(e.span, null, () => lowerCall(scope, e.callee.text, e.args, []));
    case "apply-dims":
    case "pipe":
    case "member":
    case "record":
      invariant(false, `${e.kind} outside a model`);
      break;
    default:
      return absurd(e);
  }
}

export function lowerBinary(scope: Scope, op: BinaryOp, left: NodeId, right: NodeId): NodeId {
  return op === "@" ? product(scope, left, right) : scope.b.apply(OPERATORS[op], [left, right]);
}

/** `name(...before, ...args)`: what a pipe feeds stands in `before`. */
export function lowerCall(
  scope: Scope,
  name: string,
  args: readonly Arg[],
  before: readonly NodeId[],
): NodeId {
  const fn = scope.build.checked.fns.get(name);
  if (fn !== undefined)
    return inline(scope, fn, [...before, ...positional(args).map((a) => lowerExpr(scope, a))]);
  const special = SPECIAL[name];
  if (special !== undefined) return special(scope, args, before);
  const op = CALLS.get(name);
  invariant(op !== undefined, `no op is called ${name}`);
  const def = OPS[op];
  const given = positional(args);
  const count = def.arity === null ? given.length : def.arity - before.length;
  const values = [...before, ...given.slice(0, count).map((a) => lowerExpr(scope, a))];
  const attrs: Record<string, number> = {};
  for (const [i, a] of given.slice(count).entries()) {
    const p = def.params[i];
    invariant(p !== undefined, `${name}: too many arguments`);
    attrs[p.name] = numberOf(scope, a);
  }
  for (const a of args) if (a.kind === "named") attrs[a.name.text] = numberOf(scope, a.value);
  const only = values.length === 1 ? values[0] : undefined;
  if (only !== undefined && typeof scope.b.type(only).shape.at(-1) === "string") {
    return reduceOver(scope, op, only, attrs);
  }
  return scope.b.apply(op, values, attrs);
}

/** A fn's body with its parameters replaced; its dims take the arguments' extents. */
function inline(scope: Scope, fn: FnDecl, args: readonly NodeId[]): NodeId {
  const values = new Map<string, NodeId>();
  let dims: Scope["dims"] = {};
  for (const [i, p] of fn.params.entries()) {
    const id = args[i];
    invariant(id !== undefined, `${fn.name.text}: too few arguments`);
    dims = bindDims(p.shape, scope.b.type(id).shape, dims);
    values.set(p.name.text, id);
  }
  return lowerExpr(
    {
      ...scope,
      dims,
      flow: null,
      number: (name) => numeric(dims[name]),
      value(name) {
        const id = values.get(name) ?? literal(scope, numeric(dims[name]));
        invariant(id !== null, `${fn.name.text}: nothing is called ${name}`);
        return id;
      },
    },
    fn.body,
  );
}

type Special = (scope: Scope, args: readonly Arg[], before: readonly NodeId[]) => NodeId;

/** Calls with arguments that are no values: positions, probabilities, words. */
const SPECIAL: Readonly<Record<string, Special>> = {
  dropout(scope, args, before) {
    const v = pipedValue(scope, args, before);
    const p = argument(scope, args, positional(args)[1 - before.length], "p");
    if (scope.build.options.mode === "inference" || p === 0) return v;
    const mask = scope.random(scope.b.type(v), 1 - p, perOf(args));
    return scope.b.mul(scope.b.mul(v, mask), scope.b.lit(1 / (1 - p)));
  },
  zoneout(scope, args, before) {
    const given = positional(args);
    const values = [
      ...before,
      ...given.slice(0, 2 - before.length).map((a) => lowerExpr(scope, a)),
    ];
    const [now, old] = values;
    invariant(now !== undefined && old !== undefined, "zoneout takes a new and an old value");
    const p = argument(scope, args, given[2 - before.length], "p");
    const { b } = scope;
    if (scope.build.options.mode === "inference") {
      return b.add(b.mul(b.lit(p), old), b.mul(b.lit(1 - p), now));
    }
    return b.apply("where", [scope.random(b.type(now), p, perOf(args)), old, now]);
  },
};

/** `@`, summing only what is inside the sample when the summed axis is a sequence. */
function product(scope: Scope, left: NodeId, right: NodeId): NodeId {
  const { b } = scope;
  const inner: Dim | undefined = b.type(left).shape.at(-1);
  const masked = typeof inner === "string" ? zeroPast(scope, left, inner) : left;
  return b.apply("matmul", [masked, right]);
}

function positional(args: readonly Arg[]): Expr[] {
  return args.flatMap((a) => (a.kind === "positional" ? [a.value] : []));
}

function pipedValue(scope: Scope, args: readonly Arg[], before: readonly NodeId[]): NodeId {
  const first = positional(args)[0];
  const v = before[0] ?? (first === undefined ? undefined : lowerExpr(scope, first));
  invariant(v !== undefined, "a call without a value");
  return v;
}

function argument(
  scope: Scope,
  args: readonly Arg[],
  given: Expr | undefined,
  name: string,
): number {
  const named = args.find((a) => a.kind === "named" && a.name.text === name);
  const e = named?.kind === "named" ? named.value : given;
  invariant(e !== undefined, `no ${name}`);
  return numberOf(scope, e);
}

function perOf(args: readonly Arg[]): "step" | "sequence" {
  const per = args.find((a) => a.kind === "named" && a.name.text === "per");
  return per?.kind === "named" && per.value.kind === "ref" && per.value.name === "sequence"
    ? "sequence"
    : "step";
}

export function numberOf(scope: Scope, e: Expr): number {
  const value = constantOf(e, scope.number);
  invariant(value !== null, "a number is needed here");
  return value;
}

export function numeric(d: Dim | undefined): number | null {
  return typeof d === "number" ? d : null;
}

function literal(scope: Scope, value: number | null): NodeId | null {
  return value === null ? null : scope.b.lit(value);
}
