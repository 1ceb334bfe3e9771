/** @file Code that deals a kernel's work to threads. In: the pieces of a stage. Out: calls in the program's `run`. Where
 *  the memory is not shared, one thread's code and no more. */
import type { Ahead } from "./ahead.ts";
import { ATOMIC, type Code, type Local, OP } from "./code.ts";
import { I32 } from "./encoder.ts";
import { MODE } from "./frame.ts";
import type { KernelTarget, Piece } from "./kernel-code.ts";
import { ONE } from "./poly.ts";
import { FRAME, type Words } from "./scope.ts";
import { MEETING, pushLeast } from "./share-code.ts";

/** Rows that are computed before they are told of: whole tiles, whose operands stay in the nearest cache. */
const AHEAD = 48;

export interface Deal {
  readonly code: Code;
  readonly words: Words;
  readonly target: KernelTarget;
  readonly stage: number;
  /** Bytes among the words where threads meet, 0 at the begin of a run: their offset. */
  readonly claimed: (bytes: number) => number;
}

export interface Range {
  readonly from: Local;
  readonly to: Local;
}

/**
 * Calls the piece for the thread's part of its rows, or for portions that it claims one after another by counting up a
 * word; not where one is empty.
 */
export function callPart(deal: Deal, piece: Piece): void {
  const { code, words, target, stage } = deal;
  if (!target.shared) {
    callWhole(deal, piece.index);
    return;
  }
  const { frame } = target;
  const counted = deal.claimed(4);
  const [part, parts] = [code.local(I32), code.local(I32)];
  const whereClaimed = (then: () => void, otherwise: (() => void) | null): void => {
    pushWord(deal, frame.portions(stage));
    code.choose(null, then, otherwise);
  };
  code.block(() =>
    code.loop(() => {
      whereClaimed(
        () => {
          pushWord(deal, frame.portions(stage));
          code.set(parts);
          pushWord(deal, frame.meeting);
          code.i32(1);
          code.atomic(ATOMIC.add, counted);
          code.set(part);
        },
        () => {
          pushWord(deal, frame.threads(stage));
          code.set(parts);
          pushWord(deal, frame.part);
          code.set(part);
        },
      );
      code.get(part);
      code.get(parts);
      code.op(OP.i32GeS);
      code.branchIf(1);
      const rows = rangeOf(deal, (last) =>
        pushBegin(deal, {
          count: () => words.number(piece.rows.extent),
          unit: piece.rows.unit,
          part: () => code.get(part),
          parts: () => code.get(parts),
          next: last,
        }),
      );
      whereSome(code, rows, () => {
        code.get(FRAME);
        code.get(rows.from);
        code.get(rows.to);
        code.i32(0);
        words.number(piece.columns?.extent ?? ONE);
        code.call(piece.index);
      });
      whereClaimed(() => code.branch(1), null);
    }),
  );
}

export function callWhole({ code }: Deal, index: number): void {
  code.get(FRAME);
  code.call(index);
}

/**
 * Calls the piece, as `callPart` does; or, in the mode `ahead`, thread 1 calls it for some rows at a time, in the
 * order in which the scan takes them, and says how many there are.
 */
export function callAhead(deal: Deal, piece: Piece, { reverse }: Ahead): void {
  const { code, words, target } = deal;
  if (!target.shared) {
    callWhole(deal, piece.index);
    return;
  }
  const { frame } = target;
  const [all, done, next] = [code.local(I32), code.local(I32), code.local(I32)];
  const left = (of: Local): void => {
    code.get(all);
    code.get(of);
    code.op(OP.i32Sub);
  };
  const someRows = (): void => {
    code.get(done);
    code.i32(AHEAD);
    code.op(OP.i32Add);
    code.set(next);
    pushLeast(code, next, all);
    code.set(next);
    code.get(FRAME);
    if (reverse) {
      left(next);
      left(done);
    } else {
      code.get(done);
      code.get(next);
    }
    code.i32(0);
    words.number(piece.columns?.extent ?? ONE);
    code.call(piece.index);
    pushWord(deal, frame.meeting);
    code.get(next);
    code.tee(done);
    code.atomic(ATOMIC.store, MEETING.ahead);
  };
  pushMode(deal, MODE.ahead);
  code.choose(
    null,
    () => {
      pushWord(deal, frame.part);
      code.i32(1);
      code.op(OP.i32Eq);
      code.choose(
        null,
        () => {
          words.number(piece.rows.extent);
          code.set(all);
          code.i32(0);
          code.set(done);
          code.loop(() => {
            someRows();
            code.get(done);
            code.get(all);
            code.op(OP.i32LtS);
            code.branchIf(0);
          });
        },
        null,
      );
    },
    () => callPart(deal, piece),
  );
}

/** What a scan does in the mode `ahead`: before a step it sees to it that its rows are there. */
export interface Follow {
  readonly step: () => void;
  /** After the last step. */
  readonly end: () => void;
}

export function followRows(deal: Deal, ahead: Ahead | null): Follow {
  const { code, words, target } = deal;
  if (!target.shared || ahead === null) return { step: () => undefined, end: () => undefined };
  const { frame, library } = target;
  const [needed, there] = [code.local(I32), code.local(I32)];
  code.i32(0);
  code.set(needed);
  // Where the kernel is done before, all rows are.
  code.i32(0);
  code.i32(0x7fffffff);
  pushMode(deal, MODE.ahead);
  code.op(OP.select);
  code.set(there);
  return {
    step: () => {
      code.get(needed);
      words.number(ahead.each);
      code.op(OP.i32Add);
      code.tee(needed);
      code.get(there);
      code.op(OP.i32GtS);
      code.choose(
        null,
        () => {
          code.get(FRAME);
          code.get(needed);
          code.call(library.follow(frame));
          code.set(there);
        },
        null,
      );
    },
    end: () => {
      pushMode(deal, MODE.ahead);
      code.choose(
        null,
        () => {
          pushWord(deal, frame.meeting);
          code.i32(0);
          code.atomic(ATOMIC.store, MEETING.ahead);
        },
        null,
      );
    },
  };
}

/** Pushes a word of the thread's frame. */
export function pushWord({ code }: Deal, offset: number): void {
  code.get(FRAME);
  code.loadI32(offset);
}

/** A part of a range in units, or, `next`, the one after it. */
interface PartOf {
  readonly count: () => void;
  readonly unit: number;
  readonly part: () => void;
  readonly parts: () => void;
  readonly next: boolean;
}

/** Pushes where a part begins. */
export function pushBegin(
  { code, target }: Deal,
  { count, unit, part, parts, next }: PartOf,
): void {
  count();
  code.i32(unit);
  part();
  if (next) {
    code.i32(1);
    code.op(OP.i32Add);
  }
  parts();
  code.call(target.library.share());
}

/** Pushes those of the bits that the stage's mode has. */
export function pushMode(deal: Deal, bits: number): void {
  const { code, target, stage } = deal;
  pushWord(deal, target.frame.mode(stage));
  code.i32(bits);
  code.op(OP.i32And);
}

/** Waits for the other threads, where the stage's mode has one of the bits. */
export function meetWhere(deal: Deal, bits: number): void {
  const { code, target } = deal;
  if (!target.shared) return;
  pushMode(deal, bits);
  code.choose(
    null,
    () => {
      code.get(FRAME);
      code.call(target.library.meet(target.frame));
    },
    null,
  );
}

/** Sets a range to what `push` leaves for its begin and its end. */
export function setRange({ code }: Deal, { from, to }: Range, push: (last: boolean) => void): void {
  push(false);
  code.set(from);
  push(true);
  code.set(to);
}

/** The same in two new locals. */
export function rangeOf(deal: Deal, push: (last: boolean) => void): Range {
  const range = { from: deal.code.local(I32), to: deal.code.local(I32) };
  setRange(deal, range, push);
  return range;
}

export function whereSome(code: Code, { from, to }: Range, body: () => void): void {
  code.get(from);
  code.get(to);
  code.op(OP.i32LtS);
  code.choose(null, body, null);
}
