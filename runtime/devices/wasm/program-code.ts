/** @file A program as one module. In: a Program. Out: bytes with `prepare(frame)` and `run(frame)`, and where
 *  each buffer lives. Never holds a size: the same bytes serve every length, and every batch of a tile and more. */
import type { Buffer, BufferId, Extent, Kernel, Program, Stage } from "../../artifact/kernel.ts";
import type { Sizes } from "../device.ts";
import { type Ahead, aheadOf } from "./ahead.ts";
import { createCode } from "./code.ts";
import { callAhead, callPart, type Deal, meetWhere } from "./deal-code.ts";
import { createModule, I32 } from "./encoder.ts";
import { type Frame, frameOf, MODE } from "./frame.ts";
import { emitNest, type KernelTarget, type Piece } from "./kernel-code.ts";
import { emitJoin } from "./joins.ts";
import { createLibrary } from "./library.ts";
import { groupsOf, kernelsOf, look, readBy, writtenBy } from "./meetings.ts";
import { nestsOf } from "./nest.ts";
import { graphOf, type Pack } from "./nodes.ts";
import { emitPack, packedStream, type PackShape, packExtents, packingOf } from "./packs.ts";
import { keyOf, type Poly, valueAt } from "./poly.ts";
import { MEETING } from "./share-code.ts";
import { emitScan, type Ring, ringsOf, samplesApart } from "./scan-code.ts";
import { wordsOf } from "./scope.ts";
import { TILES, type TileSize } from "./tiles.ts";

/**
 * Where a buffer's memory comes from. store: an input or output, by name. kept: filled by `prepare`.
 * arena: alive from stage `from` to stage `to` of the program. pointer: set by a scan as it runs.
 */
export type Place =
  | { readonly kind: "store" }
  | { readonly kind: "kept" }
  | { readonly kind: "arena"; readonly from: number; readonly to: number }
  | { readonly kind: "pointer" };

export interface Storage {
  /** Extents of the buffer in elements, times `copies`. */
  readonly shape: readonly Extent[];
  readonly copies: number;
  readonly place: Place;
}

export interface ProgramCode {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly frame: Frame;
  readonly symbols: readonly string[];
  /** The program's buffers, then those that only the code has. */
  readonly storage: readonly Storage[];
  /** Bytes of the words where threads meet, and claim what they compute: those are 0 at the begin of a run. */
  readonly meeting: number;
  /** What it was made for; empty where it is for any sizes. */
  readonly rows: readonly RowsChoice[];
}

/** Rows of a product, and whether the code is for fewer than a tile has. */
export interface RowsChoice {
  readonly rows: Poly;
  readonly few: boolean;
}

export interface Target {
  /** As in Features. */
  readonly fused: boolean;
  readonly tiles: TileSize;
  /** As in KernelTarget; TILES.inlines where it is left out. */
  readonly inlines?: number;
  /** Threads share the memory. */
  readonly shared: boolean;
}

const isFewAt = (rows: Poly, sizes: Sizes): boolean => valueAt(rows, sizes) < TILES.rows;

/** Does code that was made for some sizes serve others? */
export const serves = ({ rows: choices }: ProgramCode, sizes: Sizes): boolean =>
  choices.every(({ rows, few }) => isFewAt(rows, sizes) === few);

/** With `sizes` only what products of as many rows, or as few, take; else for any. */
export function programCode(
  program: Program,
  { fused, tiles, inlines = TILES.inlines, shared }: Target,
  sizes: Sizes | null = null,
): ProgramCode {
  const choices: RowsChoice[] = [];
  const aheads = program.stages.map((_, at) => (shared ? aheadOf(program, at) : null));
  const symbols = symbolsOf(program);
  const rings = program.stages.map((s) => (s.kind === "scan" ? ringsOf(s, program) : []));
  // Packs are known only once kernels are looked at: their buffers come after a fixed number.
  const counted = countPacks(program);
  const first = program.buffers.length + rings.flat().length;
  // The frame counts stages of `prepare`, its packing, then those of `run`.
  const prepared = program.prepare.length + 1;
  const frame = frameOf(symbols, first + counted, prepared + program.stages.length);
  const module = createModule(shared);
  const target: KernelTarget = {
    module,
    library: createLibrary(module, fused),
    frame,
    fused,
    tiles,
    inlines,
    shared,
    isFew: (rows) => {
      if (sizes === null) return null;
      const few = isFewAt(rows, sizes);
      choices.push({ rows, few });
      return few;
    },
  };

  const kept = new Set<BufferId>([
    ...program.inputs.filter((i) => i.name.startsWith("param:")).map((i) => i.buffer),
    ...program.prepare.flatMap(writtenBy),
  ]);
  const packs = new Map<string, { readonly shape: PackShape; readonly id: number; use: Use }>();
  let meeting: number = MEETING.bytes;
  const claimed = (bytes: number): number => {
    meeting += bytes;
    return meeting - bytes;
  };
  const dealer = (): ((stage: number) => Deal) => {
    const code = createCode(1);
    const words = wordsOf(code, frame);
    return (stage) => ({ code, words, target, stage, claimed });
  };
  const [prepare, run] = [dealer(), dealer()];
  for (const [at, stage] of program.prepare.entries()) {
    const pieces = stage.kind === "kernel" ? preparing(stage.kernel, program.buffers, target) : [];
    for (const piece of pieces) callPart(prepare(at), piece);
    meetWhere(prepare(at), MODE.meet);
  }
  const prepacking = prepare(program.prepare.length);
  let ring = program.buffers.length;
  for (const [at, stage] of program.stages.entries()) {
    const deal = run(prepared + at);
    const inLoop = stage.kind === "scan" ? new Set(writtenInside(stage)) : new Set<BufferId>();
    let packed = false;
    const pack: Pack = (stream, nest, reduction) => {
      if (inLoop.has(stream.buffer)) return stream;
      const always = kept.has(stream.buffer);
      const packing = packingOf(stream, nest, reduction, always);
      if (packing === null) return stream;
      const { shape } = packing;
      const key = JSON.stringify({ ...shape, terms: keyOf(shape.terms) });
      const known = packs.get(key);
      if (known !== undefined) {
        known.use.to = lastUse(aheads, at);
        return packedStream(packing, known.id);
      }
      const id = first + packs.size;
      const to = lastUse(aheads, at);
      const fill = emitPack(shape, id, target, `pack ${program.buffers[shape.source]?.label}`);
      callPart(always ? prepacking : deal, fill);
      packed ||= !always;
      packs.set(key, { shape, id, use: { from: at, to, always } });
      return packedStream(packing, id);
    };
    const pieces = kernelsOf(stage).map((k) => piecesOf(k, program.buffers, target, pack));
    if (packed) meetWhere(deal, MODE.packs);
    if (stage.kind === "kernel") {
      const ahead = aheads[at] ?? null;
      for (const piece of pieces.flat())
        if (ahead === null) callPart(deal, piece);
        else callAhead(deal, piece, ahead);
    } else {
      const own = rings[at]!.map((r, i): Ring & { id: number } => ({ ...r, id: ring + i }));
      const ahead = aheads[at - 1] ?? null;
      const place = { over: stage.over, apart: samplesApart(stage, program) };
      emitScan(deal, stage, { kernels: pieces, rings: own, place, ahead });
      ring += own.length;
    }
    meetWhere(deal, MODE.meet);
  }
  meetWhere(prepacking, MODE.meet);
  for (const [name, { code }] of [
    ["prepare", prepacking],
    ["run", run(0)],
  ] as const) {
    const index = module.declare({ params: [I32], results: [] }, name);
    module.define(index, code.body());
    module.exportAs(name, index);
  }
  const storage: readonly Storage[] = [
    ...storageOf(program, aheads),
    ...rings.flatMap((list, at) =>
      list.map(
        ({ of, copies }): Storage => ({
          shape: program.buffers[of]!.shape,
          copies,
          place: { kind: "arena", from: at, to: at },
        }),
      ),
    ),
    ...[...packs.values()].map(
      ({ shape, use }): Storage => ({
        shape: packExtents(shape),
        copies: 1,
        place: use.always ? { kind: "kept" } : { kind: "arena", from: use.from, to: use.to },
      }),
    ),
  ];
  return {
    bytes: module.encode(),
    frame,
    symbols,
    meeting,
    rows: choices,
    storage: shared ? untilMet(storage, groupsOf(program)) : storage,
  };
}

/** Alive until the group of stages has ended that the last use is in: another thread may be behind. */
function untilMet(storage: readonly Storage[], ends: readonly number[]): readonly Storage[] {
  return storage.map((one) =>
    one.place.kind === "arena" ? { ...one, place: { ...one.place, to: ends[one.place.to]! } } : one,
  );
}

interface Use {
  readonly from: number;
  to: number;
  readonly always: boolean;
}

const keep: Pack = (stream) => stream;

/** Of parameters alone: seldom run, and mostly joins. */
function preparing(
  kernel: Kernel,
  buffers: readonly Buffer[],
  target: KernelTarget,
): readonly Piece[] {
  const join = emitJoin(kernel, buffers, target, buffers[kernel.out]!.label);
  return join === null ? piecesOf(kernel, buffers, target, keep) : [join];
}

function piecesOf(
  kernel: Kernel,
  buffers: readonly Buffer[],
  target: KernelTarget,
  pack: Pack,
): readonly Piece[] {
  return nestsOf(kernel, buffers).map((nest) =>
    emitNest(nest, graphOf(nest, buffers, pack), target, buffers[kernel.out]!.label),
  );
}

/** The stage until which another thread may read what this one reads. */
const lastUse = (aheads: readonly (Ahead | null)[], stage: number): number =>
  aheads[stage] === null ? stage : stage + 1;

/** Most packs that a program's kernels may ask for: one a load. */
function countPacks({ stages }: Program): number {
  let loads = 0;
  look(stages, (part) => {
    if ("load" in part) loads += 1;
  });
  return loads;
}

function symbolsOf({ buffers, prepare, stages }: Program): readonly string[] {
  const found = new Set<string>();
  const extents = (list: readonly Extent[]): void => {
    for (const e of list) if (typeof e === "string") found.add(e);
  };
  for (const { shape } of buffers) extents(shape);
  const all = [...prepare, ...stages];
  for (const stage of all) {
    if (stage.kind === "scan") found.add(stage.over);
    for (const k of kernelsOf(stage)) for (const r of k.reductions) extents(r.extents);
  }
  look(all, (part) => {
    if ("size" in part) found.add(part.size);
  });
  return [...found].sort();
}

/** Buffers that live in one step of the scan. */
function writtenInside(stage: Extract<Stage, { readonly kind: "scan" }>): readonly BufferId[] {
  return [
    ...[...stage.carries, ...stage.slices].map((s) => s.local),
    ...stage.kernels.map((k) => k.out),
  ];
}

function storageOf(program: Program, aheads: readonly (Ahead | null)[]): readonly Storage[] {
  const named = new Set([...program.inputs, ...program.outputs].map((o) => o.buffer));
  const prepared = new Set(program.prepare.flatMap(writtenBy));
  const from = new Map<BufferId, number>();
  const to = new Map<BufferId, number>();
  const pointers = new Set<BufferId>();
  for (const [at, stage] of program.stages.entries()) {
    for (const id of writtenBy(stage)) from.set(id, at);
    for (const id of readBy(stage)) to.set(id, lastUse(aheads, at));
    if (stage.kind === "kernel") continue;
    for (const id of writtenInside(stage)) from.set(id, at);
    for (const { local } of [...stage.carries, ...stage.slices]) pointers.add(local);
    for (const { from: id } of stage.collects)
      if (stage.kernels.some((k) => k.out === id)) pointers.add(id);
    for (const { of } of ringsOf(stage, program)) pointers.add(of);
  }
  return program.buffers.map(({ shape }, id): Storage => {
    const at = from.get(id) ?? 0;
    const place: Place = pointers.has(id)
      ? { kind: "pointer" }
      : prepared.has(id)
        ? { kind: "kept" }
        : named.has(id)
          ? { kind: "store" }
          : { kind: "arena", from: at, to: Math.max(at, to.get(id) ?? at) };
    return { shape, copies: 1, place };
  });
}
