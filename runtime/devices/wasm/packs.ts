/** @file Copies of matrices in panels, so that what a product reads lies side by side. In: streams of
 *  reductions. Out: pack buffers and the code that fills them. Never packs what changes in its loop. */
import type { Extent } from "../../artifact/kernel.ts";
import { type Code, createCode, type Local, OP } from "./code.ts";
import { I32, V128 } from "./encoder.ts";
import { type KernelTarget, type Piece, pieceParams, WHOLE } from "./kernel-code.ts";
import type { Loop, Nest } from "./nest.ts";
import { numberOf, type Poly, polyOf, scaled, symbolsOf, ZERO } from "./poly.ts";
import { FRAME, wordsOf } from "./scope.ts";
import type { Stream } from "./terms.ts";
import { TILES } from "./tiles.ts";

/** `lines` × `terms` elements at base + line · byLine + term · byTerm of `source`, `width` lines to a panel. */
export interface PackShape {
  readonly source: number;
  readonly base: number;
  readonly lines: number;
  readonly byLine: number;
  readonly terms: Poly;
  readonly byTerm: number;
  readonly width: number;
}

export interface Packing {
  readonly shape: PackShape;
  /** The axis of the lines, and the loop over the terms. */
  readonly axis: number;
  readonly term: Loop;
}

/** Smallest matrix worth a copy. */
const MIN_LINES = 4;
const MIN_TERMS = 4;
/** Elements from term to term beyond which a cache line serves one term only. */
const FAR = 16;
/** Elements of a cache line. */
const LINE = 16;

/**
 * The packed copy that would serve a stream of a sum, or null. `kept`: it is made once, from what does not
 * change. Else it pays where the lanes are not side by side, or where a sum over steps and samples jumps
 * from term to term: then the rows of the tile are packed too.
 */
export function packingOf(
  stream: Stream,
  nest: Nest,
  reduction: number,
  kept: boolean,
): Packing | null {
  const { lane, axes, reductions } = nest;
  const { loops } = reductions[reduction]!;
  const [term, ...others] = loops;
  if (lane === null || term === undefined || others.length > 0 || stream.by.size !== 2) return null;
  const axis = axes.find((a) => stream.by.has(a.v));
  if (axis === undefined || !stream.by.has(term.v)) return null;
  const [base, lines, byLine, byTerm] = [
    numberOf(stream.base),
    numberOf(axis.extent),
    numberOf(stream.by.get(axis.v) ?? ZERO),
    numberOf(stream.by.get(term.v) ?? ZERO),
  ];
  if (base === null || lines === null || !byLine || !byTerm) return null;
  if (lines < MIN_LINES || byLine < 0 || byTerm < 0) return null;
  const terms = numberOf(term.extent);
  const width = axis.v === lane ? TILES.panel : TILES.rows;
  const shape = { source: stream.buffer, base, lines, byLine, terms: term.extent, byTerm, width };
  const made = { shape, axis: axis.v, term };
  if (terms === null) return !kept && overSteps(made, nest) ? made : null;
  if (axis.v !== lane || terms < MIN_TERMS) return null;
  return kept || (byLine !== 1 && axes.length > 1) ? made : null;
}

/** A sum over steps and samples, far apart, of a product that reads each line for many others. */
function overSteps({ shape, axis, term }: Packing, { axes, lane }: Nest): boolean {
  const rest = axes.filter((a) => a.v !== axis);
  const reused = rest.length === 1 ? (numberOf(rest[0]!.extent) ?? 0) : 0;
  if (term.extent.size !== 1 || shape.byTerm <= FAR || reused < 4 * TILES.rows) return false;
  return axis === lane || shape.lines % TILES.rows === 0;
}

/** The extents of the packed copy: panels, then terms. */
export function packExtents({ lines, terms, width }: PackShape): readonly Extent[] {
  const panels = Math.ceil(lines / width) * width;
  return [panels, ...[...terms].flatMap(([symbols, by]) => [by, ...symbolsOf(symbols)])];
}

/** The stream of the packed copy: panels of `width` lines, terms one after another. */
export function packedStream({ shape, axis, term }: Packing, buffer: number): Stream {
  const { terms, width } = shape;
  return {
    buffer,
    base: ZERO,
    by: new Map([
      [axis, terms],
      [term.v, new Map([["", width]])],
    ]),
    panel: { v: axis, width, size: scaled(terms, width) },
  };
}

/**
 * A function of the frame's address, called `name`, that fills the copy; lines past the last are 0. It takes
 * as many panels at a time as a cache line of the source has lines for. Threads share the lines.
 */
export function emitPack(
  shape: PackShape,
  buffer: number,
  target: KernelTarget,
  name: string,
): Piece {
  const params = pieceParams(target);
  const index = target.module.declare({ params, results: [] }, name);
  const code = createCode(params.length);
  const words = wordsOf(code, target.frame);
  const { width, lines, byLine, byTerm } = shape;
  const [from, row, to, count] = [
    code.local(I32),
    code.local(I32),
    code.local(I32),
    code.local(I32),
  ];
  const panel = scaled(shape.terms, 4 * width);
  const add = (local: Local, push: () => void): void => {
    code.get(local);
    push();
    code.op(OP.i32Add);
    code.set(local);
  };
  const addNumber = (local: Local, by: number): void => add(local, () => code.i32(by));
  code.get(FRAME);
  code.loadI32(target.frame.address(shape.source));
  code.i32(4 * shape.base);
  code.op(OP.i32Add);
  code.set(row);
  code.get(FRAME);
  code.loadI32(target.frame.address(buffer));
  code.set(to);
  /** Panels that hold the next `taken` lines. */
  const fill = (taken: number): void => {
    const panels = Math.ceil(taken / width);
    const heads = Array.from({ length: panels }, (_, p) => {
      const head = code.local(I32);
      code.get(to);
      words.multiple(panel, p);
      code.op(OP.i32Add);
      code.set(head);
      return head;
    });
    code.get(row);
    code.set(from);
    words.number(shape.terms);
    code.set(count);
    code.block(() => {
      code.get(count);
      code.op(OP.i32Eqz);
      code.branchIf(0);
      code.loop(() => {
        // All are read before one is written: an engine may make two reads one, and two writes.
        const fours = heads.flatMap((head, p) =>
          Array.from({ length: width / 4 }, (_, i) => {
            four(code, from, byLine, p * width + 4 * i, taken);
            const value = code.local(V128);
            code.set(value);
            return { head, offset: 16 * i, value };
          }),
        );
        for (const { head, offset, value } of fours) {
          code.get(head);
          code.get(value);
          code.store(offset);
        }
        for (const head of heads) addNumber(head, 4 * width);
        addNumber(from, 4 * byTerm);
        addNumber(count, -1);
        code.get(count);
        code.branchIf(0);
      });
    });
    add(to, () => words.multiple(panel, panels));
    addNumber(row, 4 * taken * byLine);
  };
  const group = byLine === 1 ? Math.max(width, LINE) : width;
  const whole = Math.floor(lines / group);
  if (target.shared) {
    fillPart();
    target.module.define(index, code.body());
    return { index, rows: { extent: polyOf(lines), unit: group }, columns: null };
  }
  if (whole > 0) {
    const left = code.local(I32);
    code.i32(whole);
    code.set(left);
    code.loop(() => {
      fill(group);
      addNumber(left, -1);
      code.get(left);
      code.branchIf(0);
    });
  }
  if (lines % group > 0) fill(lines % group);
  target.module.define(index, code.body());
  return { index, rows: WHOLE, columns: null };

  /** Lines of the thread's part: whole groups, and what is left where it ends with the last line. */
  function fillPart(): void {
    const [begin, end] = [1, 2];
    const line = code.local(I32);
    code.get(begin);
    code.set(line);
    const bytesOf = (by: Poly): void => {
      code.get(begin);
      words.multiple(by, 4);
      code.op(OP.i32Mul);
    };
    add(row, () => bytesOf(polyOf(byLine)));
    add(to, () => bytesOf(shape.terms));
    for (const taken of lines % group > 0 ? [group, lines % group] : [group])
      code.block(() => {
        code.loop(() => {
          code.get(line);
          code.i32(taken);
          code.op(OP.i32Add);
          code.get(end);
          code.op(OP.i32GtS);
          code.branchIf(1);
          fill(taken);
          addNumber(line, taken);
          code.branch(0);
        });
      });
  }
}

/** Pushes lines first … first + 3 of one term; those past `taken` are 0. */
function four(code: Code, from: Local, byLine: number, first: number, taken: number): void {
  if (byLine === 1 && first + 4 <= taken) {
    code.get(from);
    code.load(4 * first);
    return;
  }
  code.splat(0);
  for (let l = 0; l < 4 && first + l < taken; l++) {
    const value = code.local(V128);
    code.set(value);
    code.get(from);
    code.get(value);
    code.loadLane(4 * (first + l) * byLine, l);
  }
}
