/** @file Code of a nest: loops, tiles of rows and vectors, reductions with their sums in registers. In: a
 *  nest and its graph. Out: one function of the module. Never depends on sizes. */
import { type Code, createCode, type Local, OP } from "./code.ts";
import { I32, type ModuleBuilder, V128, type ValueType } from "./encoder.ts";
import type { Frame } from "./frame.ts";
import type { Library } from "./library.ts";
import { address, type Emitter, type Point, stepAlong } from "./loads.ts";
import { loop, type Part, withView } from "./loop-code.ts";
import type { Loop, Nest } from "./nest.ts";
import { type Graph, type Node, streamsOf } from "./nodes.ts";
import { numberOf, ONE, type Poly } from "./poly.ts";
import { createReducer, hoist, settle } from "./reduce-code.ts";
import { inside, wordsOf } from "./scope.ts";
import { type Plan, TILES, type TileSize } from "./tiles.ts";
import type { Stream } from "./terms.ts";
import { emit, inScope } from "./values.ts";

export interface KernelTarget {
  readonly module: ModuleBuilder;
  readonly library: Library;
  readonly frame: Frame;
  /** The engine has fused multiply-add of relaxed SIMD. */
  readonly fused: boolean;
  readonly tiles: TileSize;
  /** Functions of a kernel that are written out before calls take their place. */
  readonly inlines: number;
  /** Threads share the memory. */
  readonly shared: boolean;
  /** Whether there are fewer rows than a tile has; null where the code is for both. */
  readonly isFew: (rows: Poly) => boolean | null;
}

/** How the axes are walked: outermost first; tiles of `rows` × `lanes`. */
export interface Walk {
  readonly order: readonly Loop[];
  readonly row: number | null;
  readonly rows: readonly number[];
  readonly lanes: readonly number[];
}

/**
 * A function of the frame's address that computes the nest; where threads share the memory, of a part of
 * its rows and of its columns besides: (frame, from, to, left, right).
 */
export interface Piece {
  readonly index: number;
  readonly rows: Dealt;
  /** The last axis, where it is another than that of the rows. */
  readonly columns: Dealt | null;
}

/** A range that threads share in whole units. */
export interface Dealt {
  readonly extent: Poly;
  readonly unit: number;
}

/** What no thread has a part of: one has it all. */
export const WHOLE: Dealt = { extent: ONE, unit: 1 };

export const pieceParams = ({ shared }: KernelTarget): readonly ValueType[] =>
  shared ? [I32, I32, I32, I32, I32] : [I32];

/** `name` is for profilers. */
export function emitNest(nest: Nest, graph: Graph, target: KernelTarget, name: string): Piece {
  const params = pieceParams(target);
  const index = target.module.declare({ params, results: [] }, name);
  const code = createCode(params.length, target.fused);
  const plan = TILES.plan(nest, graph, target.tiles);
  const dealt = target.shared ? dealtOf(nest, plan) : [];
  createNestEmitter(nest, graph, target, code, plan, dealt).run();
  target.module.define(index, code.body());
  const [rows, columns] = dealt;
  return {
    index,
    rows: rows ?? WHOLE,
    columns: columns ?? null,
  };
}

/** Axes that threads share, the outermost first: the first of all and the lanes', where they are long. */
function dealtOf({ axes, lane }: Nest, plan: Plan): readonly (Dealt & { readonly v: number })[] {
  const walks = plan.few === null ? [plan.many] : [plan.few, plan.many];
  return axes.flatMap(({ v, extent }, i) => {
    if (i > 0 && v !== lane) return [];
    const steps = walks.map((w) => (v === w.row ? w.rows[0]! : v === lane ? w.lanes[0]! : 1));
    const unit = Math.max(...steps);
    const count = numberOf(extent);
    return count !== null && count < 2 * unit ? [] : [{ v, extent, unit }];
  });
}

function createNestEmitter(
  nest: Nest,
  graph: Graph,
  target: KernelTarget,
  code: Code,
  plan: Plan,
  dealt: readonly { readonly v: number }[],
) {
  const parts = new Map(
    dealt.map(({ v }, i): [number, Part] => [v, { from: 1 + 2 * i, to: 2 + 2 * i }]),
  );
  const streams = [
    ...streamsOf([...graph.values, ...graph.reductions]),
    ...nest.results.map((r) => r.out),
  ];
  const e: Emitter = {
    code,
    words: wordsOf(code, target.frame),
    library: target.library,
    scope: inside(null),
    view: { row: null, lane: nest.lane, alone: false },
    inlines: target.inlines,
    reduce: (index, point) => reduce(index, point, tile),
    push: (node, point) => emit(e, node, point),
  };
  /** Rows and vectors of the tile that is being emitted. */
  let tile: readonly Point[] = [{ row: 0, column: 0, valid: 1 }];

  const place = { nest, graph };
  const reduce = createReducer(e, place);

  /** The value of a result at a place, in a local. */
  const valueAt = (result: Node, point: Point): Local => {
    emit(e, result, point);
    const value = code.local(V128);
    code.set(value);
    return value;
  };
  const store = (out: Stream, point: Point, value: Local): void => {
    const isBeside = nest.lane !== null && stepAlong(out, nest.lane) === 1;
    const at = (lane: number): number => {
      const constant = address(e, out, point, lane);
      code.get(value);
      return constant;
    };
    const count = isBeside ? point.valid : 1;
    if (count === 4) code.store(at(0));
    else {
      if (count >= 2) code.storePair(at(0));
      if (count !== 2) code.storeLane(at(count - 1), count - 1);
    }
  };
  /** Of two vectors side by side, both are computed before one is stored: an engine may make one of them. */
  const storeAll = (): void => {
    for (let i = 0; i < tile.length; ) {
      const { row } = tile[i]!;
      const pair = tile.slice(i, i + 2).filter((p) => p.row === row);
      for (const [r, { out }] of nest.results.entries()) {
        const values = pair.map((point) => valueAt(graph.values[r]!, point));
        for (const [k, point] of pair.entries()) store(out, point, values[k]!);
      }
      i += pair.length;
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
      storeAll();
      return;
    }
    const steps = first.v === walk.row ? walk.rows : first.v === nest.lane ? walk.lanes : [1];
    const now = new Set(bound).add(first.v);
    const body = (step: number): void => {
      const next: Shape =
        first.v === walk.row
          ? { ...shape, rows: Array.from({ length: step }, (_, i) => i) }
          : first.v === nest.lane
            ? { ...shape, lanes: step }
            : shape;
      const before = tile;
      tile = pointsOf(next);
      for (const value of graph.values) {
        if (inner.length > 0) hoist(e, place, value, tile, (v) => now.has(v));
        else settle(e, value, tile);
      }
      axes(walk, inner, now, next);
      tile = before;
    };
    const part = parts.get(first.v) ?? null;
    loop(e, first, streams, shape.rows, steps, body, part);
  };

  const walkOf = (walk: Walk): void =>
    inScope(e, () =>
      withView(e, { row: walk.row }, () =>
        axes(walk, walk.order, new Set(), { rows: [0], lanes: 1 }),
      ),
    );

  return {
    run: (): void => {
      for (const value of graph.values) hoist(e, place, value, tile, () => false);
      const { few, many, rows } = plan;
      if (few === null || rows === null) {
        walkOf(many);
        return;
      }
      const isFew = target.isFew(rows);
      if (isFew !== null) {
        walkOf(isFew ? few : many);
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
