/** @file Code by which threads share work: a thread's part of a range, places where all of them meet. In: a
 *  module being built. Out: functions. Never lets a part depend on timing: the same sizes, the same parts. */
import { ATOMIC, type Code, createCode, type Local, OP } from "./code.ts";
import { type FunctionBody, I32 } from "./encoder.ts";
import type { Frame } from "./frame.ts";
import { FRAME } from "./scope.ts";

/** Byte offsets of the words where threads meet, a cache line each. */
export const MEETING = {
  arrived: 0,
  turn: 64,
  failed: 128,
  /** Rows that are computed ahead of a scan. */
  ahead: 192,
  bytes: 256,
} as const;

/** Looks at what a thread waits for before it naps: some 200 µs, longer than one that napped takes to come. */
const PATIENCE = 400_000;
/** Nanoseconds of a nap. No one wakes it: see NAPS in worker.ts. */
const NAP = 100_000n;

export const SHARE = { params: [I32, I32, I32, I32], results: [I32] } as const;
export const MEET = { params: [I32], results: [] } as const;
export const FOLLOW = { params: [I32, I32], results: [I32] } as const;

/**
 * (n, unit, part, parts): where a part of [0, n) begins, min(n, unit · ⌈⌈n / unit⌉ · part / parts⌉). Parts are
 * whole units but for the last; part `parts` begins at n.
 */
export function shareBody(): FunctionBody {
  const code = createCode(4);
  const [n, unit, part, parts] = [0, 1, 2, 3];
  const begin = code.local(I32);
  /** Pushes ⌈a / b⌉ of what `a` pushes. */
  const ceiling = (a: () => void, b: number): void => {
    a();
    code.get(b);
    code.op(OP.i32Add);
    code.i32(1);
    code.op(OP.i32Sub);
    code.get(b);
    code.op(OP.i32DivU);
  };
  ceiling(() => {
    ceiling(() => code.get(n), unit);
    code.get(part);
    code.op(OP.i32Mul);
  }, parts);
  code.get(unit);
  code.op(OP.i32Mul);
  code.set(begin);
  pushLeast(code, begin, n);
  return code.body();
}

/** Pushes the less of two. */
export function pushLeast(code: Code, a: Local, b: Local): void {
  code.get(a);
  code.get(b);
  code.get(a);
  code.get(b);
  code.op(OP.i32LtS);
  code.op(OP.select);
}

/**
 * (frame): returns when all threads have called it as often. The last to arrive starts the next turn; the
 * others look for it a while, then between naps. Traps where a thread has failed: it says so before it starts a turn itself.
 */
export function meetBody(frame: Frame): FunctionBody {
  const code = createCode(1);
  const [words, turn, left] = [code.local(I32), code.local(I32), code.local(I32)];
  const load = (offset: number): void => {
    code.get(words);
    code.atomic(ATOMIC.load, offset);
  };
  const add = (offset: number, by: number): void => {
    code.get(words);
    code.i32(by);
    code.atomic(ATOMIC.add, offset);
  };
  const isSame = (): void => {
    load(MEETING.turn);
    code.get(turn);
    code.op(OP.i32Eq);
  };
  const trapIfFailed = (): void => {
    load(MEETING.failed);
    code.choose(null, () => code.op(OP.unreachable), null);
  };
  code.get(FRAME);
  code.loadI32(frame.meeting);
  code.set(words);
  load(MEETING.turn);
  code.set(turn);
  trapIfFailed();
  add(MEETING.arrived, 1);
  code.get(FRAME);
  code.loadI32(frame.parts);
  code.i32(1);
  code.op(OP.i32Sub);
  code.op(OP.i32Eq);
  code.choose(
    null,
    () => {
      code.get(words);
      code.i32(0);
      code.atomic(ATOMIC.store, MEETING.arrived);
      add(MEETING.turn, 1);
      code.op(OP.drop);
      code.op(OP.return);
    },
    null,
  );
  code.i32(PATIENCE);
  code.set(left);
  code.loop(() => {
    isSame();
    code.op(OP.i32Eqz);
    code.choose(
      null,
      () => {
        trapIfFailed();
        code.op(OP.return);
      },
      null,
    );
    code.get(left);
    code.i32(1);
    code.op(OP.i32Sub);
    code.tee(left);
    code.branchIf(0);
  });
  code.loop(() => {
    code.get(words);
    code.get(turn);
    code.i64(NAP);
    code.atomic(ATOMIC.wait, MEETING.turn);
    code.op(OP.drop);
    isSame();
    code.branchIf(0);
  });
  trapIfFailed();
  return code.body();
}

/** (frame, rows): returns how many rows are computed, once there are `rows`. Traps where a thread has failed. */
export function followBody(frame: Frame): FunctionBody {
  const code = createCode(2);
  const rows = 1;
  const [words, ahead, left] = [code.local(I32), code.local(I32), code.local(I32)];
  const load = (offset: number): void => {
    code.get(words);
    code.atomic(ATOMIC.load, offset);
  };
  code.get(FRAME);
  code.loadI32(frame.meeting);
  code.set(words);
  code.i32(PATIENCE);
  code.set(left);
  code.loop(() => {
    load(MEETING.ahead);
    code.tee(ahead);
    code.get(rows);
    code.op(OP.i32LtS);
    code.choose(
      null,
      () => {
        load(MEETING.failed);
        code.choose(null, () => code.op(OP.unreachable), null);
        code.get(left);
        code.choose(
          null,
          () => {
            code.get(left);
            code.i32(1);
            code.op(OP.i32Sub);
            code.set(left);
          },
          () => {
            code.get(words);
            code.get(ahead);
            code.i64(NAP);
            code.atomic(ATOMIC.wait, MEETING.ahead);
            code.op(OP.drop);
          },
        );
        code.branch(1);
      },
      null,
    );
  });
  code.get(ahead);
  return code.body();
}
