/** @file Simpler forms of one call. In: a function and simplified, shared arguments. Out: an equal
 *  call, or null where it is simplest. Exact in IEEE arithmetic but for the sign of a zero, and
 *  0·x = 0. Indices come out as var, var + number or a number wherever they are that. */
import type { BinaryFn, Expr, Extent, ScalarFn, UnaryFn } from "../../runtime/artifact/kernel.ts";

/** Arguments that are equal must be one object. `extents[v]` bounds variable v. */
export function simplestCall(
  fn: ScalarFn,
  args: readonly Expr[],
  extents: readonly Extent[],
): Expr | null {
  const [a, b, c] = args;
  if (a === undefined) return null;
  if (fn === "select") return b === undefined || c === undefined ? null : select(a, b, c);
  if (b === undefined) return unary(fn as UnaryFn, a);
  return binary(fn as BinaryFn, a, b, extents);
}

const lit = (value: number): Expr => ({ lit: value });
const call = (fn: ScalarFn, ...args: readonly Expr[]): Expr => ({ call: fn, args });
const literal = (e: Expr): number | null => ("lit" in e ? e.lit : null);
const argOf = (e: Expr, fn: ScalarFn): Expr | null =>
  "call" in e && e.call === fn ? (e.args[0] ?? null) : null;

function select(c: Expr, a: Expr, b: Expr): Expr | null {
  if (a === b) return a;
  const known = literal(c);
  return known === null ? null : known !== 0 ? a : b;
}

function unary(fn: UnaryFn, a: Expr): Expr | null {
  const x = literal(a);
  if (x !== null) {
    const y = unaryValue(fn, x);
    return Number.isFinite(y) ? lit(y) : null;
  }
  return fn === "neg" ? argOf(a, "neg") : null;
}

function binary(fn: BinaryFn, a: Expr, b: Expr, extents: readonly Extent[]): Expr | null {
  const x = literal(a);
  const y = literal(b);
  if (x !== null && y !== null) {
    const z = binaryValue(fn, x, y);
    if (Number.isFinite(z)) return lit(z);
  }
  switch (fn) {
    case "add":
      return sum(a, b, x, y);
    case "sub":
      return difference(a, b, x, y);
    case "mul":
      return product(a, b, x, y);
    case "div":
      return y === 1 ? a : null;
    case "pow":
      return y === 1 ? a : null;
    case "max":
    case "min":
      return a === b ? a : null;
    default:
      return comparison(fn, a, b, x, y, extents);
  }
}

function sum(a: Expr, b: Expr, x: number | null, y: number | null): Expr | null {
  if (x === 0) return b;
  if (y === 0) return a;
  if (x !== null) return call("add", b, a);
  if (y !== null) {
    const [base, offset] = split(a);
    return offset === 0 ? null : call("add", base, lit(offset + y));
  }
  if (isIndex(a) && isIndex(b)) {
    const [p, i] = split(a);
    const [q, j] = split(b);
    if (i !== 0 || j !== 0) return call("add", call("add", p, q), lit(i + j));
  }
  const minus = argOf(b, "neg");
  if (minus !== null) return call("sub", a, minus);
  const other = argOf(a, "neg");
  return other === null ? null : call("sub", b, other);
}

function difference(a: Expr, b: Expr, x: number | null, y: number | null): Expr | null {
  if (y !== null) return call("add", a, lit(-y));
  if (x === 0) return call("neg", b);
  if (isIndex(a) && isIndex(b)) {
    if (a === b) return lit(0);
    const [p, i] = split(a);
    const [q, j] = split(b);
    if (p === q) return lit(i - j);
    if (j !== 0) return call("add", call("sub", a, q), lit(-j));
    if (i !== 0) return call("add", call("sub", p, b), lit(i));
  }
  const minus = argOf(b, "neg");
  return minus === null ? null : call("add", a, minus);
}

function product(a: Expr, b: Expr, x: number | null, y: number | null): Expr | null {
  if (x === 0 || y === 0) return lit(0);
  if (x === 1) return b;
  if (y === 1) return a;
  if (x !== null) return call("mul", b, a);
  return y === -1 ? call("neg", a) : null;
}

const MIRRORED = { lt: "gt", le: "ge", gt: "lt", ge: "le", eq: "eq", ne: "ne" } as const;

function comparison(
  fn: keyof typeof MIRRORED,
  a: Expr,
  b: Expr,
  x: number | null,
  y: number | null,
  extents: readonly Extent[],
): Expr | null {
  if (!isIndex(a) || !isIndex(b)) return null;
  const known = decided(fn, a, b, extents);
  if (known !== null) return lit(known ? 1 : 0);
  if (x !== null) return call(MIRRORED[fn], b, a);
  if (y === null) return null;
  // Whole numbers: le n is lt n+1, gt n is ge n+1.
  if (fn === "le") return call("lt", a, lit(y + 1));
  if (fn === "gt") return call("ge", a, lit(y + 1));
  const [base, offset] = split(a);
  return offset === 0 ? null : call(fn, base, lit(y - offset));
}

/** Whether the comparison of two indices holds everywhere (true), nowhere (false), or it depends. */
function decided(
  fn: keyof typeof MIRRORED,
  a: Expr,
  b: Expr,
  extents: readonly Extent[],
): boolean | null {
  const p = bounds(a, extents);
  const q = bounds(b, extents);
  const below = p.hi < q.lo || isLastBelow(a, b, extents);
  const above = p.lo > q.hi;
  switch (fn) {
    case "lt":
      return below ? true : p.lo >= q.hi ? false : null;
    case "ge":
      return below ? false : p.lo >= q.hi ? true : null;
    case "gt":
      return above ? true : p.hi <= q.lo || below ? false : null;
    case "le":
      return above ? false : p.hi <= q.lo || below ? true : null;
    case "eq":
      return below || above ? false : a === b ? true : null;
    case "ne":
      return below || above ? true : a === b ? false : null;
  }
}

/** A variable is below the symbol that is its extent. */
function isLastBelow(a: Expr, b: Expr, extents: readonly Extent[]): boolean {
  return "var" in a && "size" in b && extents[a.var] === b.size;
}

/** Least and greatest value of an index; symbols may be anything from 0 up. */
export function bounds(e: Expr, extents: readonly Extent[]): { lo: number; hi: number } {
  const any = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };
  if ("lit" in e) return { lo: e.lit, hi: e.lit };
  if ("size" in e) return { lo: 0, hi: any.hi };
  if ("var" in e) {
    const extent = extents[e.var];
    return { lo: 0, hi: typeof extent === "number" ? extent - 1 : any.hi };
  }
  if (!("call" in e)) return any;
  const [a, b] = e.args;
  if (a === undefined || b === undefined) return any;
  const p = bounds(a, extents);
  const q = bounds(b, extents);
  if (e.call === "add") return { lo: p.lo + q.lo, hi: p.hi + q.hi };
  if (e.call === "sub") return { lo: p.lo - q.hi, hi: p.hi - q.lo };
  return any;
}

/** e as base + number. */
function split(e: Expr): readonly [Expr, number] {
  if (!isIndex(e) || !("call" in e) || e.call !== "add") return [e, 0];
  const [base, offset] = e.args;
  const by = offset === undefined ? null : literal(offset);
  return base === undefined || by === null ? [e, 0] : [base, by];
}

/** Made of variables, sizes and whole numbers alone, by adding and subtracting: exact to reorder. */
export function isIndex(e: Expr): boolean {
  if ("var" in e || "size" in e) return true;
  if ("lit" in e) return Number.isInteger(e.lit);
  return "call" in e && (e.call === "add" || e.call === "sub") && e.args.every(isIndex);
}

function unaryValue(fn: UnaryFn, x: number): number {
  switch (fn) {
    case "neg":
      return -x;
    case "sigmoid":
      return 1 / (1 + Math.exp(-x));
    case "abs":
    case "sign":
    case "floor":
    case "exp":
    case "expm1":
    case "log":
    case "log1p":
    case "sqrt":
    case "tanh":
      return Math[fn](x);
  }
}

function binaryValue(fn: BinaryFn, x: number, y: number): number {
  switch (fn) {
    case "add":
      return x + y;
    case "sub":
      return x - y;
    case "mul":
      return x * y;
    case "div":
      return x / y;
    case "max":
      return Math.max(x, y);
    case "min":
      return Math.min(x, y);
    case "pow":
      return x ** y;
    case "lt":
      return Number(x < y);
    case "le":
      return Number(x <= y);
    case "gt":
      return Number(x > y);
    case "ge":
      return Number(x >= y);
    case "eq":
      return Number(x === y);
    case "ne":
      return Number(x !== y);
  }
}
