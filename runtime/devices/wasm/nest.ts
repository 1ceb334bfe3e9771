/** @file A kernel as loops: ranges split, unit axes gone, axes joined, the axis of the lanes chosen. In:
 *  a kernel. Out: a nest for each range, or for ranges that share what they read. Never looks at how code is made. */
import type { Buffer, Expr, Extent, Kernel, Reduction } from "../../artifact/kernel.ts";
import { keyOf, numberOf, ONE, type Poly, plus, polyOf, samePoly, times, ZERO } from "./poly.ts";
import {
  type Address,
  addressOf,
  difference,
  type Extents,
  prune,
  type Stream,
  substitute,
  walk,
} from "./terms.ts";

/** A loop: its variable and how often it runs. */
export interface Loop {
  readonly v: number;
  readonly extent: Poly;
}

/** What is computed at every place of a nest's axes, and where it goes. */
export interface Result {
  readonly out: Stream;
  readonly value: Expr;
}

export interface Nest {
  /** One for each range of the kernel that it is of. */
  readonly results: readonly Result[];
  /** Outermost first; the lane's axis is last where there is one. */
  readonly axes: readonly Loop[];
  /** The axis that runs along the four lanes. */
  readonly lane: number | null;
  readonly reductions: readonly NestReduction[];
  /** Extents of all variables, as they were before axes were joined. */
  readonly extents: Extents;
}

export interface NestReduction {
  readonly kind: Reduction["kind"];
  readonly loops: readonly Loop[];
  readonly of: Expr;
  /** Runs along the lanes inside the reduction: the nest's axis, one of its own variables, or none. */
  readonly lane: number | null;
  /** The result differs from lane to lane of the nest. */
  readonly perLane: boolean;
}

/** Most pieces that a kernel is split in, along its last axis that has any. */
const MAX_RANGES = 40;

export function nestsOf(kernel: Kernel, buffers: readonly Buffer[]): readonly Nest[] {
  const extents = extentsOf(kernel);
  const exprs = [kernel.value, ...kernel.reductions.map((r) => r.of)].map((e) => prune(e, extents));
  for (let v = kernel.axes.length - 1; v >= 0; v--) {
    const points = cutPoints(exprs, v, kernel.axes[v]!);
    if (points.length <= 2 || points.length - 1 > MAX_RANGES) continue;
    const ranges = points.slice(1).map((to, i) => ({ v, from: points[i]!, to }));
    return stacked(kernel, buffers, ranges);
  }
  return [nestOf(kernel, buffers, [])];
}

/**
 * Ranges that are computed side by side: those of one length that load the same, such as the gates' gradients, which
 * begin alike. What they share is computed once, where each would do so for itself. Not those of sums: a tile of sums
 * fills the registers.
 */
function stacked(
  kernel: Kernel,
  buffers: readonly Buffer[],
  ranges: readonly Range[],
): readonly Nest[] {
  const nests = ranges.map((range) => nestOf(kernel, buffers, [range]));
  if (kernel.reductions.length > 0) return nests;
  const stacks: {
    readonly length: number;
    readonly ranges: Range[];
    readonly nest: Nest;
    readonly loads: Set<string>;
  }[] = [];
  for (const [i, range] of ranges.entries()) {
    const length = range.to - range.from;
    const nest = nests[i]!;
    const loads = loadsOf(nest, buffers);
    const stack = stacks.find((s) => s.length === length && loads.some((l) => s.loads.has(l)));
    if (stack === undefined) stacks.push({ length, ranges: [range], nest, loads: new Set(loads) });
    else {
      stack.ranges.push(range);
      for (const load of loads) stack.loads.add(load);
    }
  }
  return stacks.map((s) => (s.ranges.length === 1 ? s.nest : nestOf(kernel, buffers, s.ranges)));
}

/** Numbers that differ from lane to lane, by where they are. */
function loadsOf({ results, lane, extents }: Nest, buffers: readonly Buffer[]): readonly string[] {
  const streams = results.flatMap(({ value }) => streamsOf(value, extents, buffers));
  return streams.filter((s) => lane !== null && s.by.has(lane)).map(streamKey);
}

/** Where pieces of an axis begin and end: comparisons of `v` with numbers do not change inside. */
function cutPoints(exprs: readonly Expr[], v: number, extent: Extent): readonly number[] {
  if (typeof extent !== "number") return [];
  const cuts = new Set<number>([0, extent]);
  const see = (part: Expr): void => {
    if (!("call" in part)) return;
    for (const cut of cutsOf(part, v)) if (cut > 0 && cut < extent) cuts.add(cut);
  };
  for (const e of exprs) walk(e, see);
  return [...cuts].sort((a, b) => a - b);
}

/** Values of `v` where a comparison of it with a number changes. */
function cutsOf(part: Extract<Expr, { readonly call: string }>, v: number): readonly number[] {
  const [a, b] = part.args;
  if (a === undefined || b === undefined || part.args.length !== 2) return [];
  const up = { lt: [0], ge: [0], le: [1], gt: [1], eq: [0, 1], ne: [0, 1] } as const;
  if (!Object.hasOwn(up, part.call)) return [];
  const form = difference(a, b);
  if (form === null || form.sizes.size > 0 || form.vars.size !== 1) return [];
  const by = form.vars.get(v);
  if (by !== 1 && by !== -1) return [];
  const zero = -form.constant * by;
  const steps = up[part.call as keyof typeof up];
  return steps.map((s) => zero + (by === 1 || steps.length === 2 ? s : 1 - s));
}

interface Range {
  readonly v: number;
  readonly from: number;
  readonly to: number;
}

function extentsOf({ axes, reductions }: Kernel): Map<number, Extent> {
  const extents = new Map(axes.map((extent, v): [number, Extent] => [v, extent]));
  for (const { vars, extents: own } of reductions)
    for (const [i, v] of vars.entries()) extents.set(v, own[i]!);
  return extents;
}

/** The nest of all of the kernel, or of ranges of one length along one axis. */
function nestOf(kernel: Kernel, buffers: readonly Buffer[], ranges: readonly Range[]): Nest {
  const extents = extentsOf(kernel);
  const unit = new Map<number, Expr>();
  for (const [v, extent] of extents) if (extent === 1) unit.set(v, { lit: 0 });
  const [first] = ranges;
  if (first !== undefined) extents.set(first.v, first.to - first.from);
  const clean = (expr: Expr, range: Range | null): Expr =>
    prune(substitute(expr, new Map([...unit, ...moved(range)])), extents);
  const results = (first === undefined ? [null] : ranges).map((range) => ({
    out: outStream(kernel, range),
    value: clean(kernel.value, range),
  }));
  const reductions = kernel.reductions.map((r) => ({ ...r, of: clean(r.of, first ?? null) }));
  const alive = (v: number): boolean => extents.get(v) !== 1;
  const loopsOf = (vars: readonly number[]): Loop[] =>
    vars.filter(alive).map((v) => ({ v, extent: polyOf(extents.get(v)!) }));
  const exprs = [...results.map((r) => r.value), ...reductions.map((r) => r.of)];
  const uses = usesOf(exprs, extents, buffers);
  const streams = [...results.map((r) => r.out), ...uses.addresses.map((a) => a.stream)];
  const axes = join(loopsOf(kernel.axes.map((_, v) => v)), streams, uses.bare);
  const summed = reductions.map((r) => ({
    ...r,
    loops: join(loopsOf(r.vars), streams, uses.bare),
  }));
  const live = new Set(axes.map((a) => a.v));
  const lane = laneOf(axes, summed, buffers, extents);
  const dependence = dependenceOf(summed);
  return {
    results: results.map(({ out, value }) => ({
      out: { ...out, by: new Map([...out.by].filter(([v]) => live.has(v))) },
      value,
    })),
    axes,
    lane,
    extents,
    reductions: summed.map((r, i) => {
      const perLane = lane !== null && dependence[i]!.has(lane);
      return {
        kind: r.kind,
        loops: r.loops,
        of: r.of,
        perLane,
        lane: perLane ? lane : ownLane(r.of, r.loops, buffers, extents),
      };
    }),
  };
}

/** The range's variable, counted from its begin: a number, where it has one value. */
function moved(range: Range | null): readonly (readonly [number, Expr])[] {
  if (range === null) return [];
  const from: Expr = { lit: range.from };
  if (range.to - range.from === 1) return [[range.v, from]];
  return range.from === 0 ? [] : [[range.v, { call: "add", args: [{ var: range.v }, from] }]];
}

function outStream(kernel: Kernel, range: Range | null): Stream {
  const by = new Map<number, Poly>();
  let stride: Poly = ONE;
  let base: Poly = ZERO;
  for (let v = kernel.axes.length - 1; v >= 0; v--) {
    by.set(v, stride);
    if (range?.v === v) base = plus(base, times(stride, polyOf(range.from)));
    stride = times(stride, polyOf(kernel.axes[v]!));
  }
  return { buffer: kernel.out, base, by, panel: null };
}

interface Uses {
  readonly addresses: readonly Address[];
  /** Variables whose value matters apart from addresses. */
  readonly bare: ReadonlySet<number>;
}

function usesOf(exprs: readonly Expr[], extents: Extents, buffers: readonly Buffer[]): Uses {
  const addresses: Address[] = [];
  const bare = new Set<number>();
  const known = { extents, facts: [], opaque: false };
  const mark = (expr: Expr): void =>
    walk(expr, (part) => {
      if ("var" in part) bare.add(part.var);
    });
  const visit = (expr: Expr): void => {
    if ("var" in expr) bare.add(expr.var);
    else if ("load" in expr) {
      const address = addressOf(expr, buffers, known);
      addresses.push(address);
      for (const { index } of address.loose) {
        mark(index);
        visit(index);
      }
    } else if ("call" in expr) for (const arg of expr.args) visit(arg);
  };
  for (const expr of exprs) visit(expr);
  return { addresses, bare };
}

/** Loops over neighbouring axes as one, where every address allows: the inner variable stays. */
function join(
  loops: readonly Loop[],
  streams: readonly Stream[],
  bare: ReadonlySet<number>,
): readonly Loop[] {
  const joined: Loop[] = [];
  for (const loop of [...loops].reverse()) {
    const inner = joined[0];
    if (inner !== undefined && fits(loop, inner, streams, bare))
      joined[0] = { v: inner.v, extent: times(loop.extent, inner.extent) };
    else joined.unshift(loop);
  }
  return joined;
}

function fits(
  outer: Loop,
  inner: Loop,
  streams: readonly Stream[],
  bare: ReadonlySet<number>,
): boolean {
  if (bare.has(outer.v) || bare.has(inner.v)) return false;
  return streams.every(({ by }) =>
    samePoly(by.get(outer.v) ?? ZERO, times(by.get(inner.v) ?? ZERO, inner.extent)),
  );
}

type Summed = Reduction & { readonly loops: readonly Loop[] };

/** The last axis, unless loads of sums would jump along it that run along a sum's own variable. */
function laneOf(
  axes: readonly Loop[],
  reductions: readonly Summed[],
  buffers: readonly Buffer[],
  extents: Extents,
): number | null {
  const last = axes[axes.length - 1];
  if (last === undefined) return null;
  const count = numberOf(last.extent);
  if (count !== null && count < 4) return null;
  const others = axes.slice(0, -1);
  for (const { of, loops } of reductions) {
    for (const stream of streamsOf(of, extents, buffers)) {
      const step = strideOf(stream, last.v);
      if (step === 0 || step === 1) continue;
      const alone = others.every((axis) => !stream.by.has(axis.v));
      const runs = loops.some((k) => strideOf(stream, k.v) === 1);
      if (runs && !(alone && count !== null)) return null;
    }
  }
  return last.v;
}

/** The variable of a reduction that runs along the lanes, where its loads allow. */
function ownLane(
  of: Expr,
  loops: readonly Loop[],
  buffers: readonly Buffer[],
  extents: Extents,
): number | null {
  const streams = streamsOf(of, extents, buffers);
  for (const { v, extent } of [...loops].reverse()) {
    const count = numberOf(extent);
    if (count !== null && count < 4) continue;
    if (streams.every((s) => [0, 1].includes(strideOf(s, v) ?? 2))) return v;
  }
  return null;
}

function streamsOf(of: Expr, extents: Extents, buffers: readonly Buffer[]): readonly Stream[] {
  return usesOf([of], extents, buffers).addresses.map((a) => a.stream);
}

/** Elements from one value of `v` to the next; null where it depends on sizes. */
export function strideOf(stream: Stream, v: number): number | null {
  return numberOf(stream.by.get(v) ?? ZERO);
}

/** The variables that each reduction's value depends on. */
export function dependenceOf(
  reductions: readonly { readonly of: Expr; readonly loops: readonly Pick<Loop, "v">[] }[],
): readonly ReadonlySet<number>[] {
  const found: Set<number>[] = [];
  for (const { of, loops } of reductions) {
    const vars = new Set<number>();
    walk(of, (part) => {
      if ("var" in part) vars.add(part.var);
      if ("red" in part) for (const v of found[part.red] ?? []) vars.add(v);
    });
    for (const { v } of loops) vars.delete(v);
    found.push(vars);
  }
  return found;
}

const streamKeys = new WeakMap<Stream, string>();

/** A name for a stream: equal streams have equal names. */
export function streamKey(stream: Stream): string {
  const known = streamKeys.get(stream) ?? keyOfStream(stream);
  streamKeys.set(stream, known);
  return known;
}

function keyOfStream({ buffer, base, by, panel }: Stream): string {
  const steps = [...by].map(([v, c]) => `${v}:${keyOf(c)}`).sort();
  return `${buffer} ${keyOf(base)} ${steps.join(" ")} ${panel === null ? "" : `${panel.v}/${panel.width}`}`;
}
