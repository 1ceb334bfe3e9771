/** @file Code of a nest: loops, tiles of rows and vectors, reductions with their sums in registers. In: a
 *  nest and its graph. Out: one function of the module. Never depends on sizes. */
import type { Reduction } from "../../artifact/kernel.ts";
import { type Code, createCode, type Local, OP, SIMD } from "./code.ts";
import { I32, type ModuleBuilder, V128 } from "./encoder.ts";
import type { Frame } from "./frame.ts";
import type { Library } from "./library.ts";
import type { Loop, Nest } from "./nest.ts";
import type { Graph, Node } from "./nodes.ts";
import { numberOf, type Poly } from "./poly.ts";
import { along, find, inside, wordsOf } from "./scope.ts";
import type { Stream } from "./terms.ts";
import { TILES } from "./tiles.ts";
import {
  address,
  emit,
  type Emitter,
  inScope,
  type Point,
  pointer,
  rowKey,
  stepAlong,
  valueKey,
  type View,
} from "./values.ts";

export interface KernelTarget {
  readonly module: ModuleBuilder;
  readonly library: Library;
  readonly frame: Frame;
  /** The engine has fused multiply-add of relaxed SIMD. */
  readonly fused: boolean;
}

/** How the axes are walked: outermost first; tiles of `rows` × `lanes`. */
export interface Walk {
  readonly order: readonly Loop[];
  readonly row: number | null;
  readonly rows: readonly number[];
  readonly lanes: readonly number[];
}

/** A function of the frame's address that computes the nest. */
export function emitNest(nest: Nest, graph: Graph, target: KernelTarget): number {
  const index = target.module.declare({ params: [I32], results: [] });
  const code = createCode(1);
  const emitter = createNestEmitter(nest, graph, target, code);
  emitter.run();
  target.module.define(index, code.body());
  return index;
}

function createNestEmitter(nest: Nest, graph: Graph, target: KernelTarget, code: Code) {
  const streams = streamsOf([graph.value, ...graph.reductions]);
  const e: Emitter = {
    code,
    words: wordsOf(code, target.frame),
    library: target.library,
    scope: inside(null),
    view: { row: null, lane: nest.lane, unrolled: null, at: 0, alone: false },
    reduce: (i, point) => reduce(i, point),
  };
  /** Rows and vectors of the tile that is being emitted. */
  let tile: readonly Point[] = [{ row: 0, column: 0, valid: 1 }];

  const withView = (view: Partial<View>, body: () => void): void => {
    const before = e.view;
    e.view = { ...before, ...view };
    body();
    e.view = before;
  };

  /**
   * Runs `body` over all values of `v`, `steps[i]` at a time and the last of `steps` for what is left;
   * extents that are numbers leave their remainder to one more step.
   */
  const loop = (
    { v, extent }: Loop,
    moving: readonly Stream[],
    rows: readonly number[],
    steps: readonly number[],
    body: (step: number) => void,
  ): void => {
    const outer = e.scope;
    const scope = inside(outer);
    const counter = code.local(I32);
    code.i32(0);
    code.set(counter);
    const cursors: { readonly local: Local; readonly step: Poly }[] = [];
    for (const [key, stream] of along(moving, v)) {
      for (const row of rows) {
        const { local: from, offset } = pointer(e, stream, row);
        if (row > 0 && (offset > 0 || from === pointer(e, stream, 0).local)) continue;
        const local = code.local(I32);
        code.get(from);
        code.set(local);
        scope.pointers.set(row === 0 ? key : rowKey(key, row), local);
        cursors.push({ local, step: stream.by.get(v)! });
      }
    }
    scope.counters.set(v, counter);
    e.scope = scope;
    const advance = (step: number): void => {
      for (const { local, step: by } of cursors) {
        code.get(local);
        e.words.multiple(by, 4 * step);
        code.op(OP.i32Add);
        code.set(local);
      }
      code.get(counter);
      code.i32(step);
      code.op(OP.i32Add);
      code.set(counter);
    };
    const once = (step: number): void => inScope(e, () => body(step));
    const count = numberOf(extent);
    if (count === null) {
      for (const step of steps) {
        code.block(() => {
          e.words.number(extent);
          code.i32(step);
          code.op(OP.i32Sub);
          const last = code.local(I32);
          code.tee(last);
          code.get(counter);
          code.op(OP.i32LtS);
          code.branchIf(0);
          code.loop(() => {
            once(step);
            advance(step);
            code.get(counter);
            code.get(last);
            code.op(OP.i32LeS);
            code.branchIf(0);
          });
        });
      }
    } else {
      let done = 0;
      for (const step of fitting(count, steps)) {
        const times = Math.floor((count - done) / step);
        if (times === 0) continue;
        done += times * step;
        if (times === 1) {
          once(step);
          if (done < count) advance(step);
          continue;
        }
        code.loop(() => {
          once(step);
          advance(step);
          code.get(counter);
          code.i32(done);
          code.op(OP.i32LtS);
          code.branchIf(0);
        });
      }
    }
    e.scope = outer;
  };

  /** Parts of a node that do not change in the loops still to come, computed before them. */
  const hoist = (root: Node, points: readonly Point[], bound: (v: number) => boolean): void => {
    const seen = new Set<Node>();
    const visit = (node: Node): void => {
      if (seen.has(node)) return;
      seen.add(node);
      const ready = !node.guarded && [...node.vars].every(bound);
      if (ready && (node.kind === "call" || node.kind === "load" || node.kind === "reduction")) {
        for (const point of points) {
          if (find(e.scope, (s) => s.values, valueKey(e, node, point)) !== undefined) continue;
          emit(e, node, point);
          code.op(OP.drop);
        }
        return;
      }
      if (node.kind === "call") for (const arg of node.args) visit(arg);
      if (node.kind === "branch") visit(node.condition);
      if (node.kind === "reduction" && nest.reductions[node.index]!.perLane)
        visit(graph.reductions[node.index]!);
    };
    visit(root);
  };

  const combine = (kind: Reduction["kind"], acc: Local, value: Node, point: Point): void => {
    if (kind === "sum" && target.fused && value.kind === "call" && value.fn === "mul") {
      for (const arg of value.args) emit(e, arg, point);
      code.get(acc);
      code.simd(SIMD.madd);
    } else {
      code.get(acc);
      emit(e, value, point);
      code.simd(COMBINE[kind]);
    }
    code.set(acc);
  };

  const accumulator = (kind: Reduction["kind"]): Local => {
    const local = code.local(V128);
    code.splat(IDENTITY[kind]);
    code.set(local);
    return local;
  };

  const loops = (
    list: readonly Loop[],
    moving: readonly Stream[],
    rows: readonly number[],
    body: () => void,
  ): void => {
    const [first, ...rest] = list;
    if (first === undefined) body();
    else loop(first, moving, rows, [1], () => loops(rest, moving, rows, body));
  };

  /** A reduction whose result differs along the lanes, or that no loads run along: a sum a place. */
  const reducePlaces = (index: number, points: readonly Point[]): void => {
    const { kind, loops: own } = nest.reductions[index]!;
    const of = graph.reductions[index]!;
    const moving = streamsOf([of]);
    const rows = [...new Set([0, ...points.map((p) => p.row)])];
    const inner = own[own.length - 1];
    const flat = moving.every((s) => inner === undefined || isUp(s.by.get(inner.v)));
    const full = points.length >= TILES.sums;
    const unroll = flat && !full && of.work < 40 ? TILES.unroll : 1;
    const parts =
      unroll > 1 ? Math.max(1, Math.min(unroll, Math.floor(TILES.sums / points.length))) : 1;
    const sums = points.map(() => Array.from({ length: parts }, () => accumulator(kind)));
    const step = (at: number): void =>
      inScope(e, () => {
        for (const [i, point] of points.entries()) combine(kind, sums[i]![at % parts]!, of, point);
      });
    if (inner === undefined) step(0);
    else
      loops(own.slice(0, -1), moving, rows, () =>
        loop(inner, moving, rows, unroll > 1 ? [unroll, 1] : [1], (count) => {
          for (let at = 0; at < count; at++) withView({ unrolled: inner.v, at }, () => step(at));
        }),
      );
    for (const [i, point] of points.entries()) {
      const [first, ...rest] = sums[i]!;
      for (const part of rest) merge(kind, first!, part);
      results.get(index)!(point, first!);
    }
  };

  /** A reduction along its own variable's lanes: the result is the same in every lane. */
  const reduceLanes = (index: number, points: readonly Point[], v: number): void => {
    const { kind, loops: own } = nest.reductions[index]!;
    const of = graph.reductions[index]!;
    const moving = streamsOf([of]);
    const rows = [...new Set([0, ...points.map((p) => p.row)])];
    const inner = own.find((l) => l.v === v)!;
    const wide = of.work < 60 ? 4 * TILES.own : 4;
    for (const point of points) {
      const sums = Array.from({ length: wide / 4 }, () => accumulator(kind));
      loops(
        own.filter((l) => l.v !== v),
        moving,
        rows,
        () =>
          withView({ lane: v }, () =>
            loop(inner, moving, rows, [...new Set([wide, 4, 1])], (step) => {
              for (let c = 0; 4 * c < step; c++) {
                const valid = Math.min(4, step - 4 * c);
                const here = { row: point.row, column: c, valid };
                if (valid === 4) combine(kind, sums[c]!, of, here);
                else {
                  code.get(sums[c]!);
                  emit(e, of, here);
                  code.splat(IDENTITY[kind]);
                  code.lanes(maskOf(valid));
                  code.simd(SIMD.bitselect);
                  code.simd(COMBINE[kind]);
                  code.set(sums[c]!);
                }
              }
            }),
          ),
      );
      const [first, ...rest] = sums;
      for (const part of rest) merge(kind, first!, part);
      for (const lanes of [
        [2, 3, 0, 1],
        [1, 0, 3, 2],
      ] as const) {
        code.get(first!);
        code.get(first!);
        code.get(first!);
        code.shuffle(lanes);
        code.simd(COMBINE[kind]);
        code.set(first!);
      }
      results.get(index)!(point, first!);
    }
  };

  const merge = (kind: Reduction["kind"], into: Local, from: Local): void => {
    code.get(into);
    code.get(from);
    code.simd(COMBINE[kind]);
    code.set(into);
  };

  /** By reduction: makes its value known at a point, in the scope where it was asked for. */
  const results = new Map<number, (point: Point, value: Local) => void>();
  const reductionNodes = new Map<number, Node>();
  collect([graph.value, ...graph.reductions], (node) => {
    if (node.kind === "reduction") reductionNodes.set(node.index, node);
  });

  const reduce = (index: number, asked: Point): void => {
    const node = reductionNodes.get(index)!;
    const { scope, view } = e;
    const seen = new Set<string>();
    const points = (view.alone ? [asked] : tile).filter((p) => {
      const key = valueKey(e, node, p);
      if (seen.has(key) || find(scope, (s) => s.values, key) !== undefined) return false;
      seen.add(key);
      return true;
    });
    results.set(index, (point, value) => {
      const before = e.view;
      e.view = view;
      scope.values.set(valueKey(e, node, point), value);
      e.view = before;
    });
    const { lane, perLane } = nest.reductions[index]!;
    const loops = new Set(nest.reductions[index]!.loops.map((l) => l.v));
    hoist(graph.reductions[index]!, points, (v) => !loops.has(v));
    const own = !perLane && lane !== null;
    if (own) reduceLanes(index, points, lane);
    else withView({ lane: perLane ? nest.lane : null }, () => reducePlaces(index, points));
  };

  const store = (): void => {
    for (const point of tile) {
      const wide = nest.lane !== null && stepAlong(nest.out, nest.lane) === 1;
      emit(e, graph.value, point);
      const value = code.local(V128);
      code.set(value);
      const at = (lane: number): number => {
        const constant = address(e, nest.out, point, lane);
        code.get(value);
        return constant;
      };
      const count = wide ? point.valid : 1;
      if (count === 4) code.store(at(0));
      else {
        if (count >= 2) code.storePair(at(0));
        if (count !== 2) code.storeLane(at(count - 1), count - 1);
      }
    }
  };

  const axes = (
    walk: Walk,
    rest: readonly Loop[],
    bound: ReadonlySet<number>,
    shape: Shape,
  ): void => {
    const [first, ...inner] = rest;
    if (first === undefined) {
      store();
      return;
    }
    const steps = first.v === walk.row ? walk.rows : first.v === nest.lane ? walk.lanes : [1];
    const now = new Set(bound).add(first.v);
    loop(first, [...streams, nest.out], shape.rows, steps, (step) => {
      const next: Shape =
        first.v === walk.row
          ? { ...shape, rows: Array.from({ length: step }, (_, i) => i) }
          : first.v === nest.lane
            ? { ...shape, lanes: step }
            : shape;
      const before = tile;
      tile = pointsOf(next);
      hoist(graph.value, tile, (v) => now.has(v));
      axes(walk, inner, now, next);
      tile = before;
    });
  };

  const walkOf = (walk: Walk): void =>
    inScope(e, () =>
      withView({ row: walk.row }, () => axes(walk, walk.order, new Set(), { rows: [0], lanes: 1 })),
    );

  return {
    run: (): void => {
      hoist(graph.value, tile, () => false);
      const plan = TILES.plan(nest, graph);
      const { few, many, rows } = plan;
      if (few === null || rows === null) {
        walkOf(many);
        return;
      }
      e.words.number(rows);
      code.i32(TILES.rows);
      code.op(OP.i32LtS);
      code.choose(
        null,
        () => walkOf(few),
        () => walkOf(many),
      );
    },
  };
}

interface Shape {
  readonly rows: readonly number[];
  readonly lanes: number;
}

function pointsOf({ rows, lanes }: Shape): readonly Point[] {
  const columns = Math.ceil(lanes / 4);
  return rows.flatMap((row) =>
    Array.from({ length: columns }, (_, column) => ({
      row,
      column,
      valid: Math.min(4, lanes - 4 * column),
    })),
  );
}

/** The steps that cover `count`: the last takes what is left. */
function fitting(count: number, steps: readonly number[]): readonly number[] {
  const [first = 1, second] = steps;
  const rest = count % first;
  if (rest === 0) return [first];
  if (second === undefined) return [first, rest];
  return first <= 16 ? [first, rest] : [first, ...fitting(rest, steps.slice(1))];
}

function isUp(step: Poly | undefined): boolean {
  if (step === undefined) return true;
  const known = numberOf(step);
  return known !== null && known >= 0;
}

const IDENTITY = {
  sum: 0,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
} as const;
const COMBINE = { sum: SIMD.add, max: SIMD.max, min: SIMD.min } as const;

function maskOf(valid: number): readonly [number, number, number, number] {
  const lane = (l: number): number => (l < valid ? -1 : 0);
  return [lane(0), lane(1), lane(2), lane(3)];
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

function streamsOf(roots: readonly Node[]): readonly Stream[] {
  const found: Stream[] = [];
  collect(roots, (node) => {
    if (node.kind === "load") found.push(node.stream);
  });
  return found;
}
