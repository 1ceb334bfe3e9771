/** @file Code that deals a program's work to threads. In: the pieces of a stage, a scan's buffers. Out: calls
 *  and byte ranges in the program's `run`. Where the memory is not shared, one thread's code and no more. */
import type { Ahead } from "./ahead.ts";
import { ATOMIC, type Code, type Local, OP } from "./code.ts";
import { I32 } from "./encoder.ts";
import { MODE } from "./frame.ts";
import type { Dealt, KernelTarget, Piece } from "./kernel-code.ts";
import { ONE, over, polyOf } from "./poly.ts";
import { FRAME, type Words } from "./scope.ts";
import { CLAIMS, GROUP_BITS, MEETING, pushLeast } from "./share-code.ts";

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
  /** Bytes among the words where threads meet, 0 at the begin of a run: their offset. */
  readonly claimed: (bytes: number) => number;
}

interface Range {
  readonly from: Local;
  readonly to: Local;
}

/** Calls the piece for the thread's part of its rows, or parts that it claims one after another; not where one is empty. */
export function callPart(deal: Deal, piece: Piece): void {
  const { code, words, target, stage } = deal;
  if (!target.shared) {
    callWhole(deal, piece.index);
    return;
  }
  const { frame, library } = target;
  const { extent, unit } = piece.rows;
  const claims = deal.claimed(4);
  const [part, parts] = [code.local(I32), code.local(I32)];
  const load = (offset: number): void => {
    code.get(FRAME);
    code.loadI32(offset);
  };
  const isClaimed = (then: () => void, otherwise: (() => void) | null): void => {
    load(frame.chunk(stage));
    code.choose(null, then, otherwise);
  };
  const beginOf = (next: number) => (): void => {
    words.number(extent);
    code.i32(unit);
    code.get(part);
    code.i32(next);
    code.op(OP.i32Add);
    code.get(parts);
    code.call(library.share());
  };
  code.block(() =>
    code.loop(() => {
      isClaimed(
        () => {
          load(frame.chunk(stage));
          code.set(parts);
          load(frame.meeting);
          code.i32(1);
          code.atomic(ATOMIC.add, claims);
          code.set(part);
        },
        () => {
          load(frame.threads(stage));
          code.set(parts);
          load(frame.part);
          code.set(part);
        },
      );
      code.get(part);
      code.get(parts);
      code.op(OP.i32GeS);
      code.branchIf(1);
      const rows = rangeOf(deal, (last) => beginOf(last ? 1 : 0)());
      whereSome(code, rows, () => {
        code.get(FRAME);
        code.get(rows.from);
        code.get(rows.to);
        code.i32(0);
        words.number(piece.columns?.extent ?? ONE);
        code.call(piece.index);
      });
      isClaimed(() => code.branch(1), null);
    }),
  );
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

/** The steps that a thread takes, from `first` on, before `until`; `at` is the one that its pointers are at. */
export interface Span {
  readonly first: Local;
  readonly until: Local;
  readonly at: Local;
}

/** A scan's work by threads: the same rows of every buffer at every step, those it claims, or columns and meetings. */
export interface ScanDeal {
  /** Emits what threads do that have a part in the scan, with the steps of the part, null where it is all of them. */
  readonly inside: (body: (span: Span | null) => void) => void;
  /** A step's call of a piece; to be made inside, before the loop over steps. */
  readonly caller: (piece: Piece) => () => void;
  /** Pushes where the thread's part of a buffer's bytes begins, or how many it has. */
  readonly bytes: (length: () => void) => { readonly skip: () => void; readonly size: () => void };
  /** Waits where other threads' columns are read next. */
  readonly meet: () => void;
}

/** `over`: the size that says how many steps there are. */
export interface ScanPlace {
  readonly over: string;
  /** No sample of the scan reads another's values. */
  readonly apart: boolean;
}

/** Past all steps: of pointers that are not set yet. */
const NOWHERE = 0x7fffffff;

export function dealScan(deal: Deal, place: ScanPlace): ScanDeal {
  const { apart } = place;
  const { code, words, target, stage } = deal;
  if (!target.shared)
    return {
      inside: (body) => body(null),
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
  const rows: Range = { from: code.local(I32), to: code.local(I32) };
  const span: Span = { first: code.local(I32), until: code.local(I32), at: code.local(I32) };
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
      const claims = claimsOf(deal, place, rows, span);
      code.i32(NOWHERE);
      code.set(span.at);
      code.block(() =>
        code.loop(() => {
          claims.next(() => {
            setRange(deal, rows, part(samples));
            code.i32(0);
            code.set(span.first);
            code.get(FRAME);
            code.loadI32(frame.size(place.over));
            code.set(span.until);
            code.get(columns);
            code.get(rows.from);
            code.get(rows.to);
            code.op(OP.i32LtS);
            code.op(OP.i32Or);
          }, 1);
          body(span);
          claims.again(0);
        }),
      );
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

/** A thread's parts of a scan one after another. */
interface Claims {
  /**
   * Sets what the next part is; branches by `depth` where there is none. Where the scan is not claimed, `only` sets what
   * the thread's part is, and pushes whether it has one.
   */
  readonly next: (only: () => void, depth: number) => void;
  /** Where the scan is claimed: says that the part is done, and branches by `depth`. */
  readonly again: (depth: number) => void;
}

function claimsOf(deal: Deal, { over: steps, apart }: ScanPlace, rows: Range, span: Span): Claims {
  const { code, words, target, stage, claimed } = deal;
  const { frame, library } = target;
  if (!apart)
    return {
      next: (only, depth) => {
        only();
        code.op(OP.i32Eqz);
        code.branchIf(depth);
      },
      again: () => undefined,
    };
  const offset = claimed(CLAIMS.bytes);
  const local = (): Local => code.local(I32);
  const [claims, own, done, samples, all] = [local(), local(), local(), local(), local()];
  const load = (offset: number): void => {
    code.get(FRAME);
    code.loadI32(offset);
  };
  /** Pushes ⌈n / unit⌉ of what is pushed. */
  const pieces = (n: Local, unit: number): void => {
    code.get(n);
    load(unit);
    code.op(OP.i32Add);
    code.i32(1);
    code.op(OP.i32Sub);
    load(unit);
    code.op(OP.i32DivU);
  };
  /** Sets a range to part `index` of [0, n) in units. */
  const setPart = (range: Range, index: Local, unit: number, n: Local): void => {
    code.get(index);
    load(unit);
    code.op(OP.i32Mul);
    code.tee(range.from);
    load(unit);
    code.op(OP.i32Add);
    code.set(range.to);
    pushLeast(code, range.to, n);
    code.set(range.to);
  };
  return {
    next: (only, depth) => {
      load(frame.group(stage));
      code.choose(
        null,
        () => {
          words.number(polyOf("B"));
          code.set(samples);
          load(frame.size(steps));
          code.set(all);
          load(frame.meeting);
          code.i32(offset);
          code.op(OP.i32Add);
          code.tee(claims);
          pieces(samples, frame.group(stage));
          pieces(all, frame.chunk(stage));
          code.get(own);
          code.call(library.claim());
          code.tee(done);
          code.i32(0);
          code.op(OP.i32LtS);
          code.branchIf(depth + 1);
          code.get(done);
          code.i32(2 ** GROUP_BITS - 1);
          code.op(OP.i32And);
          code.set(own);
          code.get(done);
          code.i32(2 ** GROUP_BITS);
          code.op(OP.i32DivU);
          code.set(done);
          setPart(rows, own, frame.group(stage), samples);
          setPart({ from: span.first, to: span.until }, done, frame.chunk(stage), all);
        },
        () => {
          only();
          code.op(OP.i32Eqz);
          code.branchIf(depth + 1);
        },
      );
    },
    again: (depth) => {
      load(frame.group(stage));
      code.choose(
        null,
        () => {
          code.get(claims);
          code.get(own);
          code.i32(4);
          code.op(OP.i32Mul);
          code.op(OP.i32Add);
          code.get(done);
          code.i32(1);
          code.op(OP.i32Add);
          code.i32(2);
          code.op(OP.i32Mul);
          code.atomic(ATOMIC.store, 0);
          code.branch(depth + 1);
        },
        null,
      );
    },
  };
}

/** Sets a range to what `push` leaves for its begin and its end. */
function setRange({ code }: Deal, { from, to }: Range, push: (last: boolean) => void): void {
  push(false);
  code.set(from);
  push(true);
  code.set(to);
}

/** The same in two new locals. */
function rangeOf(deal: Deal, push: (last: boolean) => void): Range {
  const range = { from: deal.code.local(I32), to: deal.code.local(I32) };
  setRange(deal, range, push);
  return range;
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
