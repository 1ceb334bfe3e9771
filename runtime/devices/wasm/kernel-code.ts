/** @file Code of a nest: loops, tiles of rows and vectors, reductions with their sums in registers. In: a
 *  nest and its graph. Out: one function of the module. Never depends on sizes. */
import { type Code, createCode, OP } from "./code.ts";
import { I32, type ModuleBuilder, V128 } from "./encoder.ts";
import type { Frame } from "./frame.ts";
import type { Library } from "./library.ts";
import { address, type Emitter, type Point, stepAlong } from "./loads.ts";
import { loop, withView } from "./loop-code.ts";
import type { Loop, Nest } from "./nest.ts";
import { type Graph, streamsOf } from "./nodes.ts";
import { createReducer, hoist } from "./reduce-code.ts";
import { inside, wordsOf } from "./scope.ts";
import { TILES } from "./tiles.ts";
import { emit, inScope } from "./values.ts";

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

/** A function of the frame's address, called `name`, that computes the nest. */
export function emitNest(nest: Nest, graph: Graph, target: KernelTarget, name: string): number {
  const index = target.module.declare({ params: [I32], results: [] }, name);
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
    view: { row: null, lane: nest.lane, alone: false },
    inlined: 0,
    reduce: (index, point) => reduce(index, point, tile),
    push: (node, point) => emit(e, node, point),
  };
  /** Rows and vectors of the tile that is being emitted. */
  let tile: readonly Point[] = [{ row: 0, column: 0, valid: 1 }];

  const place = { nest, graph };
  const reduce = createReducer(e, place, target.fused);

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
    loop(e, first, [...streams, nest.out], shape.rows, steps, (step) => {
      const next: Shape =
        first.v === walk.row
          ? { ...shape, rows: Array.from({ length: step }, (_, i) => i) }
          : first.v === nest.lane
            ? { ...shape, lanes: step }
            : shape;
      const before = tile;
      tile = pointsOf(next);
      hoist(e, place, graph.value, tile, (v) => now.has(v));
      axes(walk, inner, now, next);
      tile = before;
    });
  };

  const walkOf = (walk: Walk): void =>
    inScope(e, () =>
      withView(e, { row: walk.row }, () =>
        axes(walk, walk.order, new Set(), { rows: [0], lanes: 1 }),
      ),
    );

  return {
    run: (): void => {
      hoist(e, place, graph.value, tile, () => false);
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
