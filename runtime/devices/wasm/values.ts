/** @file Code of values: four lanes of a node at a place of the tile. In: nodes, a scope. Out: one v128 on
 *  the stack. Never emits a value twice in a scope; never evaluates a branch that is not taken. */
import type { ScalarFn } from "../../artifact/kernel.ts";
import { type Code, type Local, OP, SIMD } from "./code.ts";
import { I32, V128 } from "./encoder.ts";
import type { Library } from "./library.ts";
import { streamKey } from "./nest.ts";
import type { Loose, Node } from "./nodes.ts";
import { numberOf, type Poly, ZERO } from "./poly.ts";
import { pow } from "./pow.ts";
import { find, inside, type Scope, type Words } from "./scope.ts";
import type { Stream } from "./terms.ts";

/** A place in a tile: row `row` of its rows, vector `column` of its vectors; the first `valid` lanes count. */
export interface Point {
  readonly row: number;
  readonly column: number;
  readonly valid: number;
}

/** The variables of rows and lanes, and how far the innermost loop is unrolled. */
export interface View {
  readonly row: number | null;
  readonly lane: number | null;
  readonly unrolled: number | null;
  readonly at: number;
  /** Inside an arm of a branch: what is made here is for one place of the tile. */
  readonly alone: boolean;
}

export interface Emitter {
  readonly code: Code;
  readonly words: Words;
  readonly library: Library;
  scope: Scope;
  view: View;
  /** Makes a reduction's value known in the scope. */
  readonly reduce: (index: number, point: Point) => void;
}

type Load = Extract<Node, { readonly kind: "load" }>;
type Whole = Extract<Node, { readonly kind: "whole" }>;

/** Pushes the node's value. */
export function emit(e: Emitter, node: Node, point: Point): void {
  const { code } = e;
  if (node.kind === "literal") {
    code.splat(node.value);
    return;
  }
  const key = valueKey(e, node, point);
  const known = find(e.scope, (s) => s.values, key);
  if (known !== undefined) {
    code.get(known);
    return;
  }
  switch (node.kind) {
    case "whole":
      emitWhole(e, node, point);
      break;
    case "reduction": {
      e.reduce(node.index, point);
      code.get(find(e.scope, (s) => s.values, key)!);
      return;
    }
    case "load":
      emitLoad(e, node, point);
      break;
    case "call":
      emitCall(e, node.fn, node.args, point);
      break;
    case "branch": {
      emitMask(e, node.condition, point);
      code.simd(SIMD.anyTrue);
      const { view } = e;
      const arm = (of: Node) => () => inScope(e, () => emit(e, of, point));
      e.view = { ...view, alone: true };
      code.choose(V128, arm(node.then), arm(node.otherwise));
      e.view = view;
      break;
    }
  }
  const local = code.local(V128);
  code.tee(local);
  e.scope.values.set(key, local);
}

export function valueKey(e: Emitter, node: Node, { row, column, valid }: Point): string {
  const { view } = e;
  const r = view.row !== null && node.vars.has(view.row) ? row : 0;
  const c = view.lane !== null && node.vars.has(view.lane) ? `${column}.${valid}` : "0";
  return `${node.id} ${r} ${c}`;
}

/** What `body` makes known is forgotten after it. */
export function inScope(e: Emitter, body: () => void): void {
  const before = e.scope;
  e.scope = inside(before);
  body();
  e.scope = before;
}

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
  if (view.unrolled !== null) move(stream.by.get(view.unrolled) ?? ZERO, view.at);
  if (view.lane !== null && stream.by.has(view.lane)) {
    if (stream.panel !== null) {
      const { width, size } = stream.panel;
      const index = 4 * column + lane;
      constant += 4 * (Math.floor(index / width) * size + (index % width));
    } else move(stream.by.get(view.lane)!, 4 * column + lane);
  }
  return constant;
}

function emitLoad(e: Emitter, { stream, loose }: Load, point: Point): void {
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
  if (stream.panel !== null) return 1;
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
  emit(e, node, point);
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
    const ahead =
      (v === view.row ? row : 0) +
      (v === view.lane ? 4 * column + lane : 0) +
      (v === view.unrolled ? view.at : 0);
    code.i32(ahead);
    code.op(OP.i32Add);
    words.number(step);
    code.op(OP.i32Mul);
    code.op(OP.i32Add);
  }
}

function emitWhole(e: Emitter, node: Whole, point: Point): void {
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

const COMPARE: ReadonlyMap<ScalarFn, number> = new Map([
  ["lt", SIMD.lt],
  ["le", SIMD.le],
  ["gt", SIMD.gt],
  ["ge", SIMD.ge],
  ["eq", SIMD.eq],
  ["ne", SIMD.ne],
]);

/** Pushes a mask: all ones where the node is not 0. */
function emitMask(e: Emitter, node: Node, point: Point): void {
  const { code } = e;
  const compare = node.kind === "call" ? COMPARE.get(node.fn) : undefined;
  if (node.kind === "call" && compare !== undefined) {
    for (const arg of node.args) emit(e, arg, point);
    code.simd(compare);
    return;
  }
  emit(e, node, point);
  code.splat(0);
  code.simd(SIMD.ne);
}

function emitCall(e: Emitter, fn: ScalarFn, args: readonly Node[], point: Point): void {
  const { code, library } = e;
  const [a, b, c] = args;
  const push = (op: number): void => {
    for (const arg of args) emit(e, arg, point);
    code.simd(op);
  };
  switch (fn) {
    case "neg":
    case "abs":
    case "sqrt":
    case "floor":
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "max":
    case "min":
      push(SIMD[fn]);
      return;
    case "lt":
    case "le":
    case "gt":
    case "ge":
    case "eq":
    case "ne":
      push(SIMD[fn]);
      code.splat(1);
      code.simd(SIMD.and);
      return;
    case "exp":
    case "expm1":
    case "log":
    case "log1p":
    case "tanh":
    case "sigmoid":
      emit(e, a!, point);
      code.call(library.math(fn));
      return;
    case "sign":
      // 1 with the sign of a where a is neither 0 nor NaN, else a.
      emit(e, a!, point);
      code.lanes([SIGN, SIGN, SIGN, SIGN]);
      code.simd(SIMD.and);
      code.splat(1);
      code.simd(SIMD.or);
      emit(e, a!, point);
      emit(e, a!, point);
      code.splat(0);
      code.simd(SIMD.lt);
      emit(e, a!, point);
      code.splat(0);
      code.simd(SIMD.gt);
      code.simd(SIMD.or);
      code.simd(SIMD.bitselect);
      return;
    case "pow":
      emitPower(e, a!, b!, point);
      return;
    case "select":
      emit(e, b!, point);
      emit(e, c!, point);
      emitMask(e, a!, point);
      code.simd(SIMD.bitselect);
      return;
  }
}

const SIGN = 0x80000000 | 0;

function emitPower(e: Emitter, a: Node, b: Node, point: Point): void {
  const { code } = e;
  const exponent = b.kind === "literal" ? b.value : wholeValue(b);
  const square = (): void => {
    emit(e, a, point);
    emit(e, a, point);
    code.simd(SIMD.mul);
  };
  switch (exponent) {
    case 0.5:
      emit(e, a, point);
      code.simd(SIMD.sqrt);
      return;
    case 1:
      emit(e, a, point);
      return;
    case 2:
      square();
      return;
    case 3:
      square();
      emit(e, a, point);
      code.simd(SIMD.mul);
      return;
    case -1:
      code.splat(1);
      emit(e, a, point);
      code.simd(SIMD.div);
      return;
    default:
      pow(
        code,
        () => emit(e, a, point),
        () => emit(e, b, point),
        e.library.pow(),
      )(code);
  }
}

function wholeValue(node: Node): number | null {
  return node.kind === "whole" && node.by.size === 0 ? numberOf(node.base) : null;
}
