/** @file Code that deals a scan's work to threads: samples that are a thread's own, samples that threads claim for some
 *  steps, or columns and meetings. In: a scan's place, its pieces. Out: what `scan-code.ts` emits inside. Never changes a
 *  result: a sample's numbers do not depend on who computes them. */
import { CLAIMS } from "./claim-code.ts";
import { ATOMIC, type Local, OP } from "./code.ts";
import {
  callWhole,
  type Deal,
  pushBegin,
  pushMode,
  pushWord,
  type Range,
  rangeOf,
  setRange,
  whereSome,
} from "./deal-code.ts";
import { I32 } from "./encoder.ts";
import { MODE } from "./frame.ts";
import type { Dealt, Piece } from "./kernel-code.ts";
import { ONE, over, polyOf } from "./poly.ts";
import { FRAME } from "./scope.ts";
import { pushLeast } from "./share-code.ts";

/** Bytes that copies are dealt in: a cache line. */
const LINE = 64;
/** Samples of a scan that stay together: the rows of a tile. */
export const SAMPLES = 4;

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
  const own = (count: () => void, unit: number, next: boolean): void =>
    pushBegin(deal, {
      count,
      unit,
      part: () => pushWord(deal, frame.part),
      parts: () => pushWord(deal, frame.threads(stage)),
      next,
    });
  const part =
    ({ extent, unit }: Dealt) =>
    (last: boolean) =>
      own(() => words.number(extent), unit, last);
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
            pushWord(deal, frame.size(place.over));
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
      const lanes = piece.columns;
      const ofRows = (last: boolean): void => {
        row(last);
        words.number(each);
        code.op(OP.i32Mul);
      };
      const across = rangeOf(deal, (last) =>
        byMode(
          () => {
            if (lanes === null) part(piece.rows)(last);
            else if (last) words.number(piece.rows.extent);
            else code.i32(0);
          },
          () => ofRows(last),
        ),
      );
      const along =
        lanes === null
          ? null
          : rangeOf(deal, (last) =>
              byMode(
                () => part(lanes)(last),
                () => (last ? words.number(lanes.extent) : code.i32(0)),
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
          () => own(length, LINE, last),
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
  const place = claimed(CLAIMS.bytes);
  const local = (): Local => code.local(I32);
  const [claims, own, done, samples, all] = [local(), local(), local(), local(), local()];
  const load = (offset: number): void => pushWord(deal, offset);
  /** Pushes ⌈n / unit⌉; `unit` is a word of the frame. */
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
          code.i32(place);
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
          code.i32(CLAIMS.groups - 1);
          code.op(OP.i32And);
          code.set(own);
          code.get(done);
          code.i32(CLAIMS.groups);
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
