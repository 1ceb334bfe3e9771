/** @file Code of values: four lanes of a node at a place of the tile. In: nodes, a scope. Out: one v128 on
 *  the stack. Never emits a value twice in a scope; never evaluates a branch that is not taken. */
import type { ScalarFn } from "../../artifact/kernel.ts";
import { SIMD } from "./code.ts";
import { V128 } from "./encoder.ts";
import { emitLoad, emitWhole, type Emitter, type Point } from "./loads.ts";
import { math } from "./math.ts";
import type { Node } from "./nodes.ts";
import { numberOf } from "./poly.ts";
import { pow } from "./pow.ts";
import { find, inside } from "./scope.ts";
import { select } from "./vector.ts";

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

/** A number for a node's value at a place of a tile: of MOST_ROWS × MOST_COLUMNS, with 1 to 4 lanes, or 0 for all. */
export function valueKey({ view }: Emitter, node: Node, { row, column, valid }: Point): number {
  const r = view.row !== null && node.vars.has(view.row) ? row : 0;
  const c = view.lane !== null && node.vars.has(view.lane) ? 8 * column + valid : 0;
  return (node.id * MOST_ROWS + r) * 8 * MOST_COLUMNS + c;
}

const MOST_ROWS = 16;
const MOST_COLUMNS = 16;

/** What `body` makes known is forgotten after it. */
export function inScope(e: Emitter, body: () => void): void {
  const before = e.scope;
  e.scope = inside(before);
  body();
  e.scope = before;
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
      // A call costs half of what the function does: its constants are made anew.
      if (e.inlines > 0) {
        e.inlines -= 1;
        math(fn, code, () => emit(e, a!, point))(code);
        return;
      }
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
      select(code);
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
