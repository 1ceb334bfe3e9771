/** @file Code of reductions: sums in registers, a place of the tile each or along their own lanes. In: a
 *  nest's reductions. Out: their values, known in the scope that asked. Never stores a partial sum. */
import type { Reduction } from "../../artifact/kernel.ts";
import { type Local, OP, SIMD } from "./code.ts";
import { V128 } from "./encoder.ts";
import type { Emitter, Point } from "./loads.ts";
import { loop, loops, withView } from "./loop-code.ts";
import type { Nest } from "./nest.ts";
import { collect, type Graph, MATH, type Node, streamsOf } from "./nodes.ts";
import { find } from "./scope.ts";
import { TILES } from "./tiles.ts";
import { emit, valueKey } from "./values.ts";

export interface Place {
  readonly nest: Nest;
  readonly graph: Graph;
}

/** Gives what makes a reduction known at the places of a tile, or at one where the view says so. */
export function createReducer(
  e: Emitter,
  place: Place,
): (index: number, asked: Point, tile: readonly Point[]) => void {
  const { code } = e;
  const { nest, graph } = place;
  const combine = (kind: Reduction["kind"], acc: Local, value: Node, point: Point): void => {
    if (kind === "sum" && code.fused && value.kind === "call" && value.fn === "mul") {
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

  /** A reduction whose result differs along the lanes, or that no loads run along: a sum a place. */
  const reducePlaces = (index: number, points: readonly Point[]): void => {
    const { kind, loops: own } = nest.reductions[index]!;
    const of = graph.reductions[index]!;
    const moving = streamsOf([of]);
    const rows = [...new Set([0, ...points.map((p) => p.row)])];
    const sums = points.map(() => accumulator(kind));
    loops(e, own, moving, rows, () => {
      for (const [i, point] of points.entries()) combine(kind, sums[i]!, of, point);
    });
    for (const [i, point] of points.entries()) results.get(index)!(point, sums[i]!);
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
        e,
        own.filter((l) => l.v !== v),
        moving,
        rows,
        () =>
          withView(e, { lane: v }, () =>
            loop(e, inner, moving, rows, [...new Set([wide, 4, 1])], (step) => {
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
  collect([...graph.values, ...graph.reductions], (node) => {
    if (node.kind === "reduction") reductionNodes.set(node.index, node);
  });

  const reduce = (index: number, asked: Point, tile: readonly Point[]): void => {
    const node = reductionNodes.get(index)!;
    const { scope, view } = e;
    const seen = new Set<number>();
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
    const inner = new Set(nest.reductions[index]!.loops.map((l) => l.v));
    hoist(e, place, graph.reductions[index]!, points, (v) => !inner.has(v));
    const own = !perLane && lane !== null;
    if (own) reduceLanes(index, points, lane);
    else withView(e, { lane: perLane ? nest.lane : null }, () => reducePlaces(index, points));
  };
  return reduce;
}

/** Parts of a node that do not change in the loops still to come, computed before them. */
export function hoist(
  e: Emitter,
  { nest, graph }: Place,
  root: Node,
  points: readonly Point[],
  bound: (v: number) => boolean,
): void {
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    const ready = !node.guarded && [...node.vars].every(bound);
    if (ready && (node.kind === "call" || node.kind === "load" || node.kind === "reduction")) {
      know(e, node, points);
      return;
    }
    if (node.kind === "call") for (const arg of node.args) visit(arg);
    if (node.kind === "branch") visit(node.condition);
    if (node.kind === "reduction" && nest.reductions[node.index]!.perLane)
      visit(graph.reductions[node.index]!);
  };
  visit(root);
}

/**
 * A value's sums for all of a tile, then what is made of them before functions are taken. An engine that moves a
 * value to memory does so where it was made: a sum with every term, what is made of it after the loop once.
 */
export function settle(e: Emitter, root: Node, points: readonly Point[]): void {
  const sums: Node[] = [];
  const known = new Map<Node, Parts>();
  const partsOf = (node: Node): Parts => {
    const old = known.get(node);
    if (old !== undefined) return old;
    if (node.kind === "reduction") sums.push(node);
    const args = node.kind === "call" ? node.args.map(partsOf) : [];
    const parts = {
      sums: node.kind === "reduction" || args.some((a) => a.sums),
      functions: (node.kind === "call" && MATH.has(node.fn)) || args.some((a) => a.functions),
    };
    known.set(node, parts);
    return parts;
  };
  const { functions } = partsOf(root);
  for (const sum of sums) know(e, sum, points);
  if (!functions) return;
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (node.guarded || seen.has(node) || !partsOf(node).sums) return;
    seen.add(node);
    if (node.kind === "reduction") copy(e, node, points);
    else if (partsOf(node).functions && node.kind === "call") node.args.forEach(visit);
    else know(e, node, points);
  };
  visit(root);
}

/** What a node is made of. */
interface Parts {
  readonly sums: boolean;
  readonly functions: boolean;
}

/** Makes a known node known anew, as a value of its own: added to −0, which changes no number. */
function copy(e: Emitter, node: Node, points: readonly Point[]): void {
  const { code } = e;
  for (const key of new Set(points.map((p) => valueKey(e, node, p)))) {
    code.get(find(e.scope, (s) => s.values, key)!);
    code.splat(-0);
    code.simd(SIMD.add);
    const local = code.local(V128);
    code.set(local);
    e.scope.values.set(key, local);
  }
}

/** Computes a node for places of a tile, where it is not known. */
function know(e: Emitter, node: Node, points: readonly Point[]): void {
  for (const point of points) {
    if (find(e.scope, (s) => s.values, valueKey(e, node, point)) !== undefined) continue;
    emit(e, node, point);
    e.code.op(OP.drop);
  }
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
