/** @file Code that deals a program's work to threads. In: the pieces of a stage, a scan's buffers. Out: calls
 *  and byte ranges in the program's `run`. Where the memory is not shared, one thread's code and no more. */
import type { Ahead } from "./ahead.ts";
import { ATOMIC, type Code, type Local, OP } from "./code.ts";
import { I32 } from "./encoder.ts";
import { MODE } from "./frame.ts";
import type { Dealt, KernelTarget, Piece } from "./kernel-code.ts";
import { ONE, over, polyOf } from "./poly.ts";
import { FRAME, type Words } from "./scope.ts";
import { MEETING, pushLeast } from "./share-code.ts";

/** Bytes that copies are dealt in: a cache line. */
const LINE = 64;
/** Samples of a scan that stay together: the rows of a tile. */
export const SAMPLES = 4;
/** Rows that are computed before they are told of: whole tiles, whose operands stay in the nearest cache. */
const AHEAD = 48;

export interface Deal {
  readonly code: Code;
  readonly words: Words;
  readonly target: KernelTarget;
  readonly stage: number;
}

interface Range {
  readonly from: Local;
  readonly to: Local;
}

/** Calls the piece for the thread's part of its rows; not where that is empty. */
export function callPart(deal: Deal, piece: Piece): void {
  const { code, words, target, stage } = deal;
  if (!target.shared) {
    callWhole(deal, piece.index);
    return;
  }
  const { frame } = target;
  const rows = rangeOf(deal, (last) => begin(deal, piece.rows, last, frame.threads(stage)));
  whereSome(code, rows, () => {
    code.get(FRAME);
    code.get(rows.from);
    code.get(rows.to);
    code.i32(0);
    words.number(piece.columns?.extent ?? ONE);
    code.call(piece.index);
  });
}

function callWhole({ code }: Deal, index: number): void {
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
    code.get(FRAME);
    code.loadI32(frame.meeting);
    code.get(next);
    code.tee(done);
    code.atomic(ATOMIC.store, MEETING.ahead);
  };
  pushMode(deal, MODE.ahead);
  code.choose(
    null,
    () => {
      code.get(FRAME);
      code.loadI32(frame.part);
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
          code.get(FRAME);
          code.loadI32(frame.meeting);
          code.i32(0);
          code.atomic(ATOMIC.store, MEETING.ahead);
        },
        null,
      );
    },
  };
}

/** Pushes those of the bits that the stage's mode has. */
function pushMode({ code, target, stage }: Deal, bits: number): void {
  code.get(FRAME);
  code.loadI32(target.frame.mode(stage));
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

/** A scan's work by threads: the same rows of every buffer at every step, or columns and meetings. */
export interface ScanDeal {
  /** Emits what threads do that have a part in the scan. */
  readonly inside: (body: () => void) => void;
  /** A step's call of a piece; to be made before the loop over steps. */
  readonly caller: (piece: Piece) => () => void;
  /** Pushes where the thread's part of a buffer's bytes begins, or how many it has. */
  readonly bytes: (length: () => void) => { readonly skip: () => void; readonly size: () => void };
  /** Waits where other threads' columns are read next. */
  readonly meet: () => void;
}

/** `apart`: no sample of the scan reads another's values. */
export function dealScan(deal: Deal, apart: boolean): ScanDeal {
  const { code, words, target, stage } = deal;
  if (!target.shared)
    return {
      inside: (body) => body(),
      caller: (piece) => () => callWhole(deal, piece.index),
      bytes: (length) => ({ skip: () => code.i32(0), size: length }),
      meet: () => undefined,
    };
  const { frame } = target;
  const columns = code.local(I32);
  pushMode(deal, MODE.columns);
  code.set(columns);
  const samples: Dealt = apart ? { extent: polyOf("B"), unit: SAMPLES } : { extent: ONE, unit: 1 };
  const part = (dealt: Dealt) => (last: boolean) => begin(deal, dealt, last, frame.threads(stage));
  const rows = rangeOf(deal, part(samples));
  /** Pushes one of two, by the mode. */
  const byMode = (inColumns: () => void, inRows: () => void): void => {
    inColumns();
    inRows();
    code.get(columns);
    code.op(OP.select);
  };
  const row = (last: boolean): void => code.get(last ? rows.to : rows.from);
  return {
    inside: (body) => {
      code.get(columns);
      code.get(rows.from);
      code.get(rows.to);
      code.op(OP.i32LtS);
      code.op(OP.i32Or);
      code.choose(null, body, null);
    },
    caller: (piece) => {
      const each = apart ? over(piece.rows.extent, "B") : piece.rows.extent;
      if (each === null) throw new Error("samples of a scan are apart, but a kernel has none");
      const own = piece.columns;
      const ofRows = (last: boolean): void => {
        row(last);
        words.number(each);
        code.op(OP.i32Mul);
      };
      const across = rangeOf(deal, (last) =>
        byMode(
          () => {
            if (own === null) part(piece.rows)(last);
            else if (last) words.number(piece.rows.extent);
            else code.i32(0);
          },
          () => ofRows(last),
        ),
      );
      const along =
        own === null
          ? null
          : rangeOf(deal, (last) =>
              byMode(
                () => part(own)(last),
                () => (last ? words.number(own.extent) : code.i32(0)),
              ),
            );
      return () =>
        whereSome(code, along ?? across, () => {
          code.get(FRAME);
          code.get(across.from);
          code.get(across.to);
          if (along === null) {
            code.i32(0);
            code.i32(0);
          } else {
            code.get(along.from);
            code.get(along.to);
          }
          code.call(piece.index);
        });
    },
    bytes: (length) => {
      const range = rangeOf(deal, (last) =>
        byMode(
          () => share(deal, length, LINE, last, frame.threads(stage)),
          () => {
            length();
            words.number(samples.extent);
            code.op(OP.i32DivU);
            row(last);
            code.op(OP.i32Mul);
          },
        ),
      );
      return {
        skip: () => code.get(range.from),
        size: () => {
          code.get(range.to);
          code.get(range.from);
          code.op(OP.i32Sub);
        },
      };
    },
    meet: () =>
      code.block(() => {
        code.get(columns);
        code.op(OP.i32Eqz);
        code.branchIf(0);
        code.get(FRAME);
        code.call(target.library.meet(frame));
      }),
  };
}

/** Two locals of what `push` leaves for a range's begin and end. */
function rangeOf({ code }: Deal, push: (last: boolean) => void): Range {
  const [from, to] = [code.local(I32), code.local(I32)];
  push(false);
  code.set(from);
  push(true);
  code.set(to);
  return { from, to };
}

/** Pushes where the thread's part begins, or ends; `threads` is the frame's word with their number. */
function begin(deal: Deal, { extent, unit }: Dealt, last: boolean, threads: number): void {
  share(deal, () => deal.words.number(extent), unit, last, threads);
}

function share(
  { code, target }: Deal,
  count: () => void,
  unit: number,
  last: boolean,
  threads: number,
): void {
  count();
  code.i32(unit);
  code.get(FRAME);
  code.loadI32(target.frame.part);
  if (last) {
    code.i32(1);
    code.op(OP.i32Add);
  }
  code.get(FRAME);
  code.loadI32(threads);
  code.call(target.library.share());
}

function whereSome(code: Code, { from, to }: Range, body: () => void): void {
  code.get(from);
  code.get(to);
  code.op(OP.i32LtS);
  code.choose(null, body, null);
}
