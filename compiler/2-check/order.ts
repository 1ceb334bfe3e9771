/** @file The order of equations. In: named values and what each reads in the same step. Out: each after
 *  what it reads, as near to the given order as that allows, and the cycles that forbid it. */
import type { Expr } from "../../grammar/ast.ts";
import { expressions } from "../1-resolve/visit.ts";
import type { RefExpr } from "./scope.ts";

export interface Ordered {
  readonly names: readonly string[];
  /** Each a list of reads: the first name reads the second, …, the last reads the first. */
  readonly cycles: readonly (readonly Read[])[];
}

export interface Read {
  readonly from: string;
  readonly to: string;
  readonly at: Expr;
}

/** `reads(e)`: does this name, read there, need this step's value of it? */
export function order(values: ReadonlyMap<string, Expr>, reads: (e: RefExpr) => boolean): Ordered {
  const names: string[] = [];
  const cycles: Read[][] = [];
  const done = new Set<string>();
  const path: Read[] = [];
  const visit = (name: string): void => {
    if (done.has(name)) return;
    const start = path.findIndex((r) => r.from === name);
    if (start >= 0) {
      cycles.push(fromFirst(path.slice(start)));
      return;
    }
    for (const e of expressions(values.get(name)!)) {
      if (e.kind !== "ref" || !values.has(e.name) || !reads(e)) continue;
      path.push({ from: name, to: e.name, at: e });
      visit(e.name);
      path.pop();
    }
    if (!done.has(name)) names.push(name);
    done.add(name);
  };
  for (const name of values.keys()) visit(name);
  return { names, cycles: distinct(cycles) };
}

/** The same cycle, begun at the read that stands first in the text. */
function fromFirst(cycle: readonly Read[]): Read[] {
  const places = cycle.map((r) => r.at.span.start);
  const first = places.indexOf(Math.min(...places));
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}

function distinct(cycles: readonly (readonly Read[])[]): readonly (readonly Read[])[] {
  const seen = new Set<string>();
  return cycles.filter((c) => {
    const key = c.map((r) => r.from).join(" ");
    return !seen.has(key) && seen.add(key).size > 0;
  });
}
