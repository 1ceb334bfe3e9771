/** @file The values of a nest as a graph: equal parts once, addresses resolved, selects that must be
 *  branches told from those that may be masks. In: a nest. Out: nodes. Never emits. */
import { type Known, given } from "../../artifact/in-range.ts";
import type { Buffer, Expr, ScalarFn } from "../../artifact/kernel.ts";
import { type Nest, streamKey } from "./nest.ts";
import { keyOf, type Poly } from "./poly.ts";
import { addressOf, offsetOf, type Stream, wholeAffine } from "./terms.ts";

interface Common {
  readonly id: number;
  /** Variables it depends on, through reductions too. */
  readonly vars: ReadonlySet<number>;
  /** Holds a load that is in range only where the branch it stands in is taken. */
  readonly guarded: boolean;
  /** Rough cost of evaluating it, in multiplications. */
  readonly work: number;
}

export type Node = Common &
  (
    | { readonly kind: "literal"; readonly value: number }
    /** base + Σ by · variable, a whole number. */
    | { readonly kind: "whole"; readonly base: Poly; readonly by: ReadonlyMap<number, Poly> }
    | { readonly kind: "reduction"; readonly index: number }
    | { readonly kind: "load"; readonly stream: Stream; readonly loose: readonly Loose[] }
    | { readonly kind: "call"; readonly fn: ScalarFn; readonly args: readonly Node[] }
    /** Of `then` and `otherwise` only one is evaluated; the condition is the same in all lanes. */
    | {
        readonly kind: "branch";
        readonly condition: Node;
        readonly then: Node;
        readonly otherwise: Node;
      }
  );

/** An index that is clamped to [0, extent). */
export interface Loose {
  readonly index: Node;
  readonly extent: Poly;
  readonly stride: Poly;
}

export interface Graph {
  /** Of each result of the nest. */
  readonly values: readonly Node[];
  /** What each reduction reduces. */
  readonly reductions: readonly Node[];
}

/** Work above which a side of a select is worth a branch. */
const BRANCH_WORK = 12;

/** A packed copy of what a reduction loads along its lanes, or the stream itself. */
export type Pack = (stream: Stream, nest: Nest, reduction: number) => Stream;

export function graphOf(nest: Nest, buffers: readonly Buffer[], pack: Pack): Graph {
  const live = new Set([...nest.axes, ...nest.reductions.flatMap((r) => r.loops)].map((l) => l.v));
  const nodes = new Map<string, Node>();
  const reductions: Node[] = [];
  const known: Known = { extents: nest.extents, facts: [], opaque: false };
  const intern = (key: string, make: (id: number) => Node): Node => {
    const old = nodes.get(key);
    if (old !== undefined) return old;
    const node = make(nodes.size);
    nodes.set(key, node);
    return node;
  };

  /** The reduction whose terms are being built. */
  let current: number | null = null;
  const build = (expr: Expr, facts: Known, lane: number | null): Node => {
    const form = "lit" in expr || "red" in expr || "load" in expr ? null : wholeAffine(expr);
    if (form !== null) return whole(form.vars, offsetOf(form));
    if ("lit" in expr) return literal(expr.lit);
    if ("red" in expr) return reduction(expr.red);
    if ("load" in expr) return load(expr, facts, lane);
    if (!("call" in expr)) throw new Error("a variable or size is a whole number");
    if (expr.call === "select") return select(expr.args, facts, lane);
    const args = expr.args.map((arg) => build(arg, facts, lane));
    return call(expr.call, args);
  };
  const literal = (value: number): Node =>
    intern(`lit ${Object.is(value, -0) ? "-0" : value}`, (id) => ({
      ...{ id, kind: "literal", value, vars: NONE, guarded: false, work: 0 },
    }));
  const whole = (vars: ReadonlyMap<number, number>, base: Poly): Node => {
    const by = new Map([...vars].map(([v, c]): [number, Poly] => [v, new Map([["", c]])]));
    const key = [...vars].map(([v, c]) => `${v}:${c}`).sort();
    return intern(`whole ${keyOf(base)} ${key.join(" ")}`, (id) => ({
      ...{ id, kind: "whole", base, by, vars: new Set(vars.keys()), guarded: false, work: 1 },
    }));
  };
  const reduction = (index: number): Node =>
    intern(`red ${index}`, (id) => {
      const { loops } = nest.reductions[index]!;
      const vars = new Set(reductions[index]!.vars);
      for (const { v } of loops) vars.delete(v);
      return { id, kind: "reduction", index, vars, guarded: false, work: 1000 };
    });
  const load = (
    expr: Extract<Expr, { readonly load: number }>,
    facts: Known,
    lane: number | null,
  ): Node => {
    const free = addressOf(expr, buffers, known);
    const address = free.loose.length === 0 ? free : addressOf(expr, buffers, facts);
    const loose = address.loose.map((l) => ({ ...l, index: build(l.index, facts, lane) }));
    const guarded = address.loose.length < free.loose.length || loose.some((l) => l.index.guarded);
    const keys = loose.map((l) => `${l.index.id} ${keyOf(l.stride)}`);
    const plain = { ...address.stream, by: kept(address.stream.by, live) };
    const packable = current !== null && nest.reductions[current]!.perLane && loose.length === 0;
    const stream = packable && current !== null ? pack(plain, nest, current) : plain;
    return intern(`load ${streamKey(stream)} / ${keys.join(" / ")} ${guarded}`, (id) => ({
      id,
      kind: "load",
      stream,
      loose,
      vars: union([new Set(stream.by.keys()), ...loose.map((l) => l.index.vars)]),
      guarded,
      work: loose.length === 0 ? 1 : 20,
    }));
  };
  const call = (fn: ScalarFn, args: readonly Node[]): Node =>
    intern(`${fn} ${args.map((a) => a.id).join(" ")}`, (id) => ({
      id,
      kind: "call",
      fn,
      args,
      vars: union(args.map((a) => a.vars)),
      guarded: args.some((a) => a.guarded),
      work: args.reduce((w, a) => w + a.work, MATH.has(fn) ? 20 : 1),
    }));
  const select = (args: readonly Expr[], facts: Known, lane: number | null): Node => {
    const [c, a, b] = args;
    const condition = build(c!, facts, lane);
    if (lane !== null && condition.vars.has(lane))
      return call("select", [condition, build(a!, facts, lane), build(b!, facts, lane)]);
    const then = build(a!, given(c!, true, facts), lane);
    const otherwise = build(b!, given(c!, false, facts), lane);
    const eager = !then.guarded && !otherwise.guarded && then.work + otherwise.work < BRANCH_WORK;
    if (eager) return call("select", [condition, then, otherwise]);
    return intern(`branch ${condition.id} ${then.id} ${otherwise.id}`, (id) => ({
      id,
      kind: "branch",
      condition,
      then,
      otherwise,
      vars: union([condition.vars, then.vars, otherwise.vars]),
      guarded: condition.guarded,
      work: condition.work + Math.max(then.work, otherwise.work),
    }));
  };

  for (const [i, { of, lane }] of nest.reductions.entries()) {
    current = i;
    reductions.push(build(of, known, lane));
  }
  current = null;
  return { reductions, values: nest.results.map((r) => build(r.value, known, nest.lane)) };
}

const NONE: ReadonlySet<number> = new Set<number>();
export const MATH: ReadonlySet<ScalarFn> = new Set<ScalarFn>([
  "exp",
  "expm1",
  "log",
  "log1p",
  "tanh",
  "sigmoid",
  "pow",
  "div",
  "sqrt",
]);

function union(sets: readonly ReadonlySet<number>[]): ReadonlySet<number> {
  return new Set(sets.flatMap((s) => [...s]));
}

/** Without the variables of loops that were joined to others. */
function kept(by: ReadonlyMap<number, Poly>, live: ReadonlySet<number>): ReadonlyMap<number, Poly> {
  return new Map([...by].filter(([v]) => live.has(v)));
}

/** Calls `see` once with every node below `roots`, but not inside reductions. */
export function collect(roots: readonly Node[], see: (node: Node) => void): void {
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    see(node);
    if (node.kind === "call") node.args.forEach(visit);
    if (node.kind === "load") for (const l of node.loose) visit(l.index);
    if (node.kind === "branch") [node.condition, node.then, node.otherwise].forEach(visit);
  };
  roots.forEach(visit);
}

/** The streams of all loads below `roots`. */
export function streamsOf(roots: readonly Node[]): readonly Stream[] {
  const found: Stream[] = [];
  collect(roots, (node) => {
    if (node.kind === "load") found.push(node.stream);
  });
  return found;
}
