/** @file What a choice of kernels costs. In: drafts of kernels. Out: one number to compare choices by;
 *  no unit, about one multiplication at nominal sizes. Never times anything: same graph, same choice. */
import type { Expr, Extent, Reduction, ScalarFn } from "../../runtime/artifact/kernel.ts";
import type { Attrs } from "../ir/ir.ts";
import type { MapOp } from "../ops/op.ts";
import type { Draft } from "./draft.ts";
import { inner } from "./tree.ts";

/**
 * cost = Σ over kernels of LAUNCH + elements · (STORE + work(value)) + Σ reductions elements · terms · work(term).
 * Starting a kernel is dear on every GPU and recomputing is cheap there; on a CPU it is the other
 * way round. LAUNCH is set so that fewer kernels win until a layer of some hundred units would
 * repeat several transcendentals an element. Changing these changes speed, never results.
 */
const LAUNCH = 100_000;
const STORE = 2;
export const LOAD = 1;
const ARITHMETIC = 1;
const DIVISION = 4;
const TRANSCENDENTAL = 10;
/** What several kernels may each compute for themselves: no more than a load and a store would cost. */
export const CHEAP = LOAD + STORE;
/** Sizes that are not known when compiling: samples, and the steps of any sequence. */
const NOMINAL_BATCH = 16;
const NOMINAL_STEPS = 32;
/** Kernels are JSON trees in the artifact: shared expressions are written out each time. */
export const MAX_TREE = 4_000;
/** How deep such a tree may nest: loading an artifact refuses one much deeper. */
export const MAX_DEPTH = 120;

export function cost(draft: Draft): number {
  const count = elements(draft.axes);
  const reductions = draft.reductions.reduce((sum, r) => sum + count * workOfReduction(r), 0);
  return LAUNCH + count * (STORE + work(draft.value, draft.axes)) + reductions;
}

/** For one element of the kernel. */
export function workOfReduction(r: Reduction): number {
  return elements(r.extents) * work(r.of, []);
}

/** What a kernel of these axes costs at least: its start and its stores. */
export function leastCost(axes: readonly Extent[]): number {
  return LAUNCH + elements(axes) * STORE;
}

/** Work of an elementwise op, for one element, its arguments given. */
export function workOfMap(op: MapOp, attrs: Attrs): number {
  const given = Array.from({ length: op.arity }, (_, i) => ({ load: i, at: [] }));
  return expected(op.emit(given, attrs), [], { load: 0, call: weightOf });
}

/** What storing a number saves that is computed `times` times: all but its loads, for one more kernel. */
export function savedByNumber(draft: Draft, times: number): number {
  const own = expected(draft.value, draft.axes, { load: 0, call: weightOf });
  return times * (own - LOAD) - cost(draft);
}

/** Number of elements at nominal sizes. */
export function elements(extents: readonly Extent[]): number {
  const at = (e: Extent) => (typeof e === "number" ? e : e === "B" ? NOMINAL_BATCH : NOMINAL_STEPS);
  return extents.reduce((n: number, e) => n * at(e), 1);
}

/** Work of the expression itself, its parts given. */
export function workOfOne(e: Expr): number {
  if ("load" in e) return LOAD;
  return "call" in e && !isAddress(e) ? weightOf(e.call) : 0;
}

/** Work of evaluating `e` once, in multiplications. */
export function work(e: Expr, axes: readonly Extent[]): number {
  return expected(e, axes, { load: LOAD, call: weightOf });
}

/**
 * Weights summed over what one evaluation of `e` does; what is shared is done once, an index costs
 * nothing, and a select on an index does each side as often as `axes` (extents by variable) say.
 */
export function expected(
  e: Expr,
  axes: readonly Extent[],
  weights: { readonly load: number; readonly call: (fn: ScalarFn) => number },
): number {
  let total = 0;
  for (const [x, w] of weigh(e, axes)) {
    if ("load" in x) total += w * weights.load;
    else if ("call" in x) total += w * weights.call(x.call);
  }
  return total;
}

/** How often one evaluation of `e` computes each expression in it that is no index: at most once. */
export function weigh(e: Expr, axes: readonly Extent[]): ReadonlyMap<Expr, number> {
  const order: Expr[] = [];
  collect(e, order, new Set());
  const weight = new Map<Expr, number>([[e, 1]]);
  const from = new Map<Expr, number>();
  const found = new Map<Expr, number>();
  const give = (to: Expr, w: number) => weight.set(to, Math.min(1, (weight.get(to) ?? 0) + w));
  for (let place = order.length - 1; place >= 0; place--) {
    const x = order[place]!;
    const w = weight.get(x) ?? 0;
    if ("load" in x) {
      found.set(x, w);
      for (let i = 0; i < x.at.length; i++) give(x.at[i]!, w);
    }
    if (!("call" in x) || isAddress(x)) continue;
    found.set(x, w);
    const { args } = x;
    const split = x.call === "select" ? boundary(args[0], axes) : null;
    if (split === null) {
      for (let i = 0; i < args.length; i++) give(args[i]!, w);
      continue;
    }
    const [, a, b] = args as readonly [Expr, Expr, Expr];
    const low = from.get(x) ?? 0;
    const p = Math.min(1, Math.max(0, (split.at - low) / Math.max(1, split.extent - low)));
    give(a, w * p);
    give(b, w * (1 - p));
    if ("call" in b && b.call === "select") from.set(b, split.at);
  }
  return found;
}

/** `lt(var, number)` of a numeric extent: where a concat goes over to its next piece. */
function boundary(
  c: Expr | undefined,
  axes: readonly Extent[],
): { at: number; extent: number } | null {
  if (c === undefined || !("call" in c) || c.call !== "lt") return null;
  const [v, at] = c.args;
  if (v === undefined || at === undefined || !("var" in v) || !("lit" in at)) return null;
  const extent = axes[v.var];
  return typeof extent === "number" ? { at: at.lit, extent } : null;
}

/** Arithmetic on indices alone costs nothing beside a load. */
function isAddress(e: Expr): boolean {
  if ("load" in e || "red" in e) return false;
  return "call" in e ? e.args.every(isAddress) : true;
}

/** Arguments before what reads them. */
export function collect(e: Expr, into: Expr[], seen: Set<Expr>): void {
  if (seen.has(e)) return;
  seen.add(e);
  const parts = inner(e);
  for (let i = 0; i < parts.length; i++) collect(parts[i]!, into, seen);
  into.push(e);
}

function weightOf(fn: ScalarFn): number {
  switch (fn) {
    case "exp":
    case "expm1":
    case "log":
    case "log1p":
    case "tanh":
    case "sigmoid":
    case "pow":
      return TRANSCENDENTAL;
    case "div":
    case "sqrt":
      return DIVISION;
    case "neg":
    case "abs":
    case "sign":
    case "floor":
    case "add":
    case "sub":
    case "mul":
    case "max":
    case "min":
    case "lt":
    case "le":
    case "gt":
    case "ge":
    case "eq":
    case "ne":
    case "select":
      return ARITHMETIC;
  }
}
