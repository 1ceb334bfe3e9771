/** @file Expressions of one kernel, simplified and shared. In: expressions as ops emit them. Out: the
 *  same values, equal ones as one object. Never looks at data; never moves a load out of its select. */
import type { Expr, Extent } from "../../runtime/artifact/kernel.ts";
import { simplestCall } from "./simplify.ts";

export interface Pool {
  /** The simplest known form of e; equal forms are one object. Idempotent. */
  shared(e: Expr): Expr;
  /** A number that says which shared expression this is. */
  idOf(e: Expr): number;
}

/** `extents[v]` is the extent of variable v; it may grow while the pool is in use. */
export function createPool(extents: readonly Extent[]): Pool {
  const ids = new Map<Expr, number>();
  const byKey = new Map<string, Expr>();
  const known = new Map<Expr, Expr>();

  const idOf = (e: Expr): number => ids.get(e) ?? ids.get(shared(e)) ?? -1;
  const numberOf = (x: Expr): number => ids.get(x) ?? -1;
  const intern = (e: Expr): Expr => {
    const key = keyOf(e, numberOf);
    const found = byKey.get(key);
    if (found !== undefined) return found;
    byKey.set(key, e);
    ids.set(e, ids.size);
    return e;
  };
  const shared = (e: Expr): Expr => {
    if (ids.has(e)) return e;
    const before = known.get(e);
    if (before !== undefined) return before;
    const made = simplest(e);
    known.set(e, made);
    return made;
  };
  const simplest = (e: Expr): Expr => {
    if ("load" in e) return intern({ load: e.load, at: e.at.map(shared) });
    if ("lit" in e) return intern({ lit: e.lit === 0 ? 0 : e.lit });
    if (!("call" in e)) return intern(e);
    const args = e.args.map(shared);
    const simpler = simplestCall(e.call, args, extents);
    return simpler === null ? intern({ call: e.call, args }) : shared(simpler);
  };
  return { shared, idOf };
}

function keyOf(e: Expr, id: (x: Expr) => number): string {
  if ("lit" in e) return `l${e.lit}`;
  if ("var" in e) return `v${e.var}`;
  if ("size" in e) return `s${e.size}`;
  if ("red" in e) return `r${e.red}`;
  let key = "load" in e ? `b${e.load}` : e.call;
  for (const x of "load" in e ? e.at : e.args) key += ` ${id(x)}`;
  return key;
}
