/** @file Code of addresses, loads and whole numbers. In: streams and nodes at a place of the tile, a scope.
 *  Out: pointers in locals, lanes on the stack. Never loads outside a buffer: what is not proven is clamped. */
import { type Code, type Local, OP, SIMD } from "./code.ts";
import { I32, V128 } from "./encoder.ts";
import type { Library } from "./library.ts";
import { streamKey } from "./nest.ts";
import type { Loose, Node } from "./nodes.ts";
import { numberOf, type Poly, ZERO } from "./poly.ts";
import { find, type Scope, type Words } from "./scope.ts";
import type { Stream } from "./terms.ts";

/** A place in a tile: row `row` of its rows, vector `column` of its vectors; the first `valid` lanes count. */
export interface Point {
  readonly row: number;
  readonly column: number;
  readonly valid: number;
}

/** The variables that run along a tile's rows and along the lanes. */
export interface View {
  readonly row: number | null;
  readonly lane: number | null;
  /** Inside an arm of a branch: what is made here is for one place of the tile. */
  readonly alone: boolean;
}

export interface Emitter {
  readonly code: Code;
  readonly words: Words;
  readonly library: Library;
  scope: Scope;
  view: View;
  /** Functions that may still be written out in this kernel's code: then calls take their place. */
  inlines: number;
  /** Makes a reduction's value known in the scope. */
  readonly reduce: (index: number, point: Point) => void;
  /** Pushes a node's value. */
  readonly push: (node: Node, point: Point) => void;
}

type Load = Extract<Node, { readonly kind: "load" }>;
type Whole = Extract<Node, { readonly kind: "whole" }>;

/** The pointer of a stream for a row of the tile, and a constant to add to it. */
export function pointer(
  e: Emitter,
  stream: Stream,
  row: number,
): { readonly local: Local; readonly offset: number } {
  const { view } = e;
  const key = streamKey(stream);
  const main = find(e.scope, (s) => s.pointers, key) ?? e.words.start(stream);
  const step = view.row === null ? ZERO : (stream.by.get(view.row) ?? ZERO);
  if (row === 0 || step.size === 0) return { local: main, offset: 0 };
  if (stream.panel?.v === view.row) return { local: main, offset: 4 * row };
  const constant = numberOf(step);
  if (constant !== null && constant > 0) return { local: main, offset: 4 * constant * row };
  const own = find(e.scope, (s) => s.pointers, rowKey(key, row));
  if (own !== undefined) return { local: own, offset: 0 };
  const local = e.code.local(I32);
  e.code.get(main);
  e.words.multiple(step, 4 * row);
  e.code.op(OP.i32Add);
  e.code.set(local);
  e.scope.pointers.set(rowKey(key, row), local);
  return { local, offset: 0 };
}

export const rowKey = (key: string, row: number): string => `${key} # ${row}`;

/**
 * Pushes the address of a lane of a stream and gives the constant to add to it, which is what is left
 * of the steps that are known and not negative.
 */
export function address(e: Emitter, stream: Stream, { row, column }: Point, lane: number): number {
  const { code, words, view } = e;
  const { local, offset } = pointer(e, stream, row);
  code.get(local);
  let constant = offset;
  const move = (step: Poly, times: number): void => {
    const known = numberOf(step);
    if (times === 0 || known === 0) return;
    if (known !== null && known > 0) constant += 4 * known * times;
    else {
      words.multiple(step, 4 * times);
      code.op(OP.i32Add);
    }
  };
  if (view.lane !== null && stream.by.has(view.lane)) {
    if (stream.panel?.v === view.lane) {
      const { width, size } = stream.panel;
      const index = 4 * column + lane;
      constant += 4 * (index % width);
      move(size, Math.floor(index / width));
    } else move(stream.by.get(view.lane)!, 4 * column + lane);
  }
  return constant;
}

export function emitLoad(e: Emitter, { stream, loose }: Load, point: Point): void {
  const { code, view } = e;
  const step = view.lane === null ? 0 : stepAlong(stream, view.lane);
  const jumps = loose.some((l) => view.lane !== null && l.index.vars.has(view.lane));
  const shift = jumps || loose.length === 0 ? null : looseOffset(e, loose, point, 0);
  const lane = (l: number): number => {
    const own = shift ?? (loose.length > 0 ? looseOffset(e, loose, point, l) : null);
    const constant = address(e, stream, point, l);
    if (own === null) return constant;
    code.get(own);
    code.op(OP.i32Add);
    return constant;
  };
  if (!jumps && (step === 0 || step === 1)) {
    const constant = lane(0);
    if (step === 0) code.loadSplat(constant);
    else code.load(constant);
    return;
  }
  const result = code.local(V128);
  for (let l = 0; l < point.valid; l++) {
    const constant = lane(l);
    if (l === 0) code.loadZero(constant);
    else {
      code.get(result);
      code.loadLane(constant, l);
    }
    code.set(result);
  }
  code.get(result);
}

/** 1 along the lanes or inside a panel, 0 where every lane is the same, else null. */
export function stepAlong(stream: Stream, lane: number): number | null {
  if (!stream.by.has(lane)) return 0;
  if (stream.panel?.v === lane) return 1;
  return numberOf(stream.by.get(lane)!) === 1 ? 1 : null;
}

/** Σ clamped index · stride in bytes, in a local. */
function looseOffset(e: Emitter, loose: readonly Loose[], point: Point, lane: number): Local {
  const { code, words } = e;
  const index = code.local(I32);
  const sum = code.local(I32);
  for (const [i, { index: node, extent, stride }] of loose.entries()) {
    emitIndex(e, node, point, lane);
    code.tee(index);
    words.number(new Map(extent).set("", (extent.get("") ?? 0) - 1));
    code.get(index);
    words.number(new Map(extent).set("", (extent.get("") ?? 0) - 1));
    code.op(OP.i32LtS);
    code.op(OP.select);
    code.tee(index);
    code.i32(0);
    code.get(index);
    code.i32(0);
    code.op(OP.i32GtS);
    code.op(OP.select);
    words.multiple(stride, 4);
    code.op(OP.i32Mul);
    if (i > 0) {
      code.get(sum);
      code.op(OP.i32Add);
    }
    code.set(sum);
  }
  return sum;
}

/** Pushes one lane of a node as an i32. */
function emitIndex(e: Emitter, node: Node, point: Point, lane: number): void {
  const { code } = e;
  if (node.kind === "whole") {
    emitWholeNumber(e, node, point, lane);
    return;
  }
  e.push(node, point);
  code.lane(SIMD.f32Extract, lane);
  code.truncate();
}

function emitWholeNumber(
  e: Emitter,
  { base, by }: Whole,
  { row, column }: Point,
  lane: number,
): void {
  const { code, words, view } = e;
  words.number(base);
  for (const [v, step] of by) {
    const counter = find(e.scope, (s) => s.counters, v);
    if (counter === undefined) throw new Error(`variable ${v} is not counted here`);
    code.get(counter);
    const ahead = (v === view.row ? row : 0) + (v === view.lane ? 4 * column + lane : 0);
    code.i32(ahead);
    code.op(OP.i32Add);
    words.number(step);
    code.op(OP.i32Mul);
    code.op(OP.i32Add);
  }
}

export function emitWhole(e: Emitter, node: Whole, point: Point): void {
  const { code, view } = e;
  emitWholeNumber(e, node, point, 0);
  code.simd(SIMD.i32Splat);
  const step = view.lane === null ? 0 : (numberOf(node.by.get(view.lane) ?? ZERO) ?? 0);
  if (step !== 0) {
    code.lanes([0, step, 2 * step, 3 * step]);
    code.simd(SIMD.i32Add);
  }
  code.simd(SIMD.convertI32);
}
