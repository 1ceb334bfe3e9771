/** @file Copies of matrices in panels, so that the lanes of a product lie side by side. In: streams of
 *  reductions. Out: pack buffers and the code that fills them. Never packs what changes in its loop. */
import type { Loop, Nest } from "./nest.ts";
import { createCode, OP } from "./code.ts";
import { I32 } from "./encoder.ts";
import type { KernelTarget } from "./kernel-code.ts";
import { numberOf, polyOf, ZERO } from "./poly.ts";
import { FRAME } from "./scope.ts";
import type { Stream } from "./terms.ts";
import { TILES } from "./tiles.ts";

/** `lanes` × `terms` elements at base + lane · byLane + term · byTerm of `source`. */
export interface PackShape {
  readonly source: number;
  readonly base: number;
  readonly lanes: number;
  readonly byLane: number;
  readonly terms: number;
  readonly byTerm: number;
}

/** Smallest matrix worth a copy. */
const MIN_LANES = 4;
const MIN_TERMS = 4;

/** The shape of the packed copy that would serve, or null. */
export function packShapeOf(stream: Stream, nest: Nest, reduction: number): PackShape | null {
  const { lane, axes, reductions } = nest;
  const { loops } = reductions[reduction]!;
  const [term, ...others] = loops;
  const laneLoop = axes.find((a) => a.v === lane);
  if (lane === null || laneLoop === undefined || term === undefined || others.length > 0)
    return null;
  if (stream.by.size !== 2) return null;
  const [base, lanes, byLane, terms, byTerm] = [
    numberOf(stream.base),
    numberOf(laneLoop.extent),
    numberOf(stream.by.get(lane) ?? ZERO),
    numberOf(term.extent),
    numberOf(stream.by.get(term.v) ?? ZERO),
  ];
  if (base === null || lanes === null || terms === null || !byLane || !byTerm) return null;
  if (lanes < MIN_LANES || terms < MIN_TERMS || byLane < 0 || byTerm < 0) return null;
  return { source: stream.buffer, base, lanes, byLane, terms, byTerm };
}

export function packElements({ lanes, terms }: PackShape): number {
  return Math.ceil(lanes / TILES.panel) * TILES.panel * terms;
}

/** The stream of the packed copy: panels of `TILES.panel` lanes, terms one after another. */
export function packedStream(shape: PackShape, buffer: number, lane: number, term: Loop): Stream {
  const width = TILES.panel;
  return {
    buffer,
    base: ZERO,
    by: new Map([
      [lane, polyOf(shape.terms)],
      [term.v, polyOf(width)],
    ]),
    panel: { width, size: width * shape.terms },
  };
}

/** A function of the frame's address, called `name`, that fills the copy; lanes past the last are 0. */
export function emitPack(
  shape: PackShape,
  buffer: number,
  target: KernelTarget,
  name: string,
): number {
  const index = target.module.declare({ params: [I32], results: [] }, name);
  const code = createCode(1);
  const [from, row, to, term] = [
    code.local(I32),
    code.local(I32),
    code.local(I32),
    code.local(I32),
  ];
  const panel = code.local(I32);
  const { width } = { width: TILES.panel };
  const add = (local: number, by: number): void => {
    code.get(local);
    code.i32(by);
    code.op(OP.i32Add);
    code.set(local);
  };
  const below = (local: number, limit: number): void => {
    code.get(local);
    code.i32(limit);
    code.op(OP.i32LtS);
    code.branchIf(0);
  };
  code.get(FRAME);
  code.loadI32(target.frame.address(shape.source));
  code.i32(4 * shape.base);
  code.op(OP.i32Add);
  code.set(row);
  code.get(FRAME);
  code.loadI32(target.frame.address(buffer));
  code.set(to);
  /** One panel of `lanes` lanes, four at a time. */
  const fill = (lanes: number): void => {
    code.get(row);
    code.set(from);
    code.i32(0);
    code.set(term);
    code.loop(() => {
      for (let first = 0; first < width; first += 4) {
        code.get(to);
        code.splat(0);
        for (let l = 0; l < 4 && first + l < lanes; l++) {
          const value = code.local(0x7b);
          code.set(value);
          code.get(from);
          code.get(value);
          code.loadLane(4 * (first + l) * shape.byLane, l);
        }
        code.store(4 * first);
      }
      add(to, 4 * width);
      add(from, 4 * shape.byTerm);
      add(term, 1);
      below(term, shape.terms);
    });
    add(row, 4 * width * shape.byLane);
  };
  const whole = Math.floor(shape.lanes / width);
  if (whole > 0) {
    code.loop(() => {
      fill(width);
      add(panel, 1);
      below(panel, whole);
    });
  }
  if (shape.lanes % width > 0) fill(shape.lanes % width);
  target.module.define(index, code.body());
  return index;
}
