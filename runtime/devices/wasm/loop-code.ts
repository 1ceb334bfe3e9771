/** @file Code of loops: counters, pointers that move along, remainders. In: a loop, what it emits inside. Out:
 *  instructions. Never multiplies to find an address: pointers step. */
import { type Local, OP } from "./code.ts";
import { I32 } from "./encoder.ts";
import { type Emitter, pointer, rowKey, type View } from "./loads.ts";
import type { Loop } from "./nest.ts";
import { numberOf, type Poly } from "./poly.ts";
import { along, inside } from "./scope.ts";
import type { Stream } from "./terms.ts";
import { TILES } from "./tiles.ts";
import { inScope } from "./values.ts";

/** Locals that hold where a thread's part of a loop begins and ends: whole steps, but for the end. */
export interface Part {
  readonly from: Local;
  readonly to: Local;
}

/**
 * Runs `body` over all values of `v`, or those of a part, `steps[i]` at a time and the last of `steps` for
 * what is left; extents that are numbers leave their remainder to one more step.
 */
export function loop(
  e: Emitter,
  { v, extent }: Loop,
  moving: readonly Stream[],
  rows: readonly number[],
  steps: readonly number[],
  body: (step: number) => void,
  part: Part | null = null,
): void {
  const { code } = e;
  const outer = e.scope;
  const scope = inside(outer);
  const counter = code.local(I32);
  if (part === null) code.i32(0);
  else code.get(part.from);
  code.set(counter);
  const cursors: { readonly local: Local; readonly step: Poly }[] = [];
  for (const [key, stream] of along(moving, v)) {
    for (const row of rows) {
      const { local: from, offset } = pointer(e, stream, row);
      if (row > 0 && (offset > 0 || from === pointer(e, stream, 0).local)) continue;
      const local = code.local(I32);
      code.get(from);
      if (part !== null) {
        code.get(part.from);
        e.words.multiple(stream.by.get(v)!, 4);
        code.op(OP.i32Mul);
        code.op(OP.i32Add);
      }
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
  const end = (): void => (part === null ? e.words.number(extent) : code.get(part.to));
  /** Pushes whether `left` are left. */
  const isLeft = (left: number): void => {
    end();
    code.get(counter);
    code.op(OP.i32Sub);
    code.i32(left);
    code.op(OP.i32Eq);
  };
  if (count === null || part !== null) {
    const all = count === null ? steps : fitting(count, steps).filter((s) => s <= count);
    for (const [i, step] of all.entries()) {
      // Two of the next step rather than one of this and a remainder: 4 + 4 of 8, not 6 and 2.
      const two = 2 * (all[i + 1] ?? 0);
      const leavesTwo = count === null && two > step;
      code.block(() => {
        if (leavesTwo) {
          isLeft(two);
          code.branchIf(0);
        }
        end();
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
          if (leavesTwo) {
            isLeft(two);
            code.branchIf(1);
          }
          code.get(counter);
          code.get(last);
          code.op(OP.i32LeS);
          code.branchIf(0);
        });
      });
    }
  } else {
    let done = 0;
    for (const { step, times } of runs(count, steps)) {
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
}

/** Loops in each other, a step at a time. */
export function loops(
  e: Emitter,
  list: readonly Loop[],
  moving: readonly Stream[],
  rows: readonly number[],
  body: () => void,
): void {
  const [first, ...rest] = list;
  if (first === undefined) body();
  else loop(e, first, moving, rows, [1], () => loops(e, rest, moving, rows, body));
}

/** Runs `body` under a changed view. */
export function withView(e: Emitter, view: Partial<View>, body: () => void): void {
  const before = e.view;
  e.view = { ...before, ...view };
  body();
  e.view = before;
}

/** How often each step is taken. Where what is left is less than the next step, two of that take its place. */
function runs(
  count: number,
  steps: readonly number[],
): readonly { readonly step: number; readonly times: number }[] {
  const [first = 1, second = 1] = steps;
  const rest = count % first;
  const times = Math.floor(count / first);
  if (times > 0 && rest > 0 && rest < second && first + rest === 2 * second)
    return [
      { step: first, times: times - 1 },
      { step: second, times: 2 },
    ].filter((r) => r.times > 0);
  let left = count;
  return fitting(count, steps).flatMap((step) => {
    const taken = Math.floor(left / step);
    left -= taken * step;
    return taken === 0 ? [] : [{ step, times: taken }];
  });
}

/** The steps that cover `count`: the last takes what is left. */
function fitting(count: number, steps: readonly number[]): readonly number[] {
  const [first = 1, second] = steps;
  const rest = count % first;
  if (rest === 0) return [first];
  if (second === undefined) return [first, rest];
  return first <= TILES.lanes ? [first, rest] : [first, ...fitting(rest, steps.slice(1))];
}
