/** @file A chunk → tensors as devices take them. In: bound data, a chunk. Out: [T][B][…] float64 arrays by
 *  input and target name. Never decides which steps: `plan.ts` does. */
import type { Sizes } from "../devices/device.ts";
import type { Bound, Slot } from "./bind.ts";
import type { Chunk } from "./plan.ts";
import type { Field } from "./prepare.ts";

export interface Tensor {
  readonly data: Float64Array;
  readonly shape: readonly number[];
}

export interface Batch {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly targets: ReadonlyMap<string, Tensor>;
  /** Steps of each row by sequence, [B]; null where every row has all steps. */
  readonly lengths: ReadonlyMap<string, Tensor> | null;
  readonly sizes: Sizes;
  readonly chunk: Chunk;
  /** Steps that are not padding; samples, where the model has no sequence. */
  readonly tokens: number;
}

/** Padding is 0; a row of zero length is all padding. */
export function gather(bound: Bound, chunk: Chunk): Batch {
  const rows = chunk.rows;
  const symbols = Object.keys(bound.lengths);
  const extents = Object.fromEntries(
    symbols.map((symbol) => [symbol, lengthsOf(bound, chunk, symbol)]),
  );
  const padTo = (symbol: string): number =>
    symbol === bound.seq ? chunk.steps : padded(bound, Math.max(0, ...extents[symbol]!));
  const sizes: Record<string, number> = { B: rows.length };
  for (const symbol of symbols) sizes[symbol] = padTo(symbol);
  const ragged = symbols.some((symbol) => extents[symbol]!.some((n) => n !== sizes[symbol]));
  const main = bound.seq === null ? rows.map(() => 1) : extents[bound.seq]!;
  const pick = (role: Slot["role"]): Map<string, Tensor> =>
    new Map(
      bound.slots
        .filter((slot) => slot.role === role)
        .map((slot) => [slot.info.name, gatherSlot(bound, slot, chunk, sizes, extents)]),
    );
  return {
    inputs: pick("input"),
    targets: pick("target"),
    lengths: ragged
      ? new Map(
          symbols.map((symbol) => [
            symbol,
            { data: Float64Array.from(extents[symbol]!), shape: [rows.length] },
          ]),
        )
      : null,
    sizes,
    chunk,
    tokens: main.reduce((sum, n) => sum + n, 0),
  };
}

/** Numbers a step of a slot has. */
export function featureCount(slot: Slot): number {
  return slot.info.shape.reduce((p, e) => p * e, 1);
}

/** The column, element and steps that feature `f` of a slot comes from. */
export function featureOf(
  slot: Slot,
  feature: number,
): { readonly field: Field; readonly at: number } {
  let at = feature;
  for (const field of slot.fields) {
    if (at < field.width) return { field, at };
    at -= field.width;
  }
  return { field: slot.fields[0]!, at: feature };
}

/** The step, within its sample, that a slot's value for a row's step t is read at. */
export function stepOf(
  bound: Bound,
  slot: Slot,
  row: { readonly from: number; readonly length: number },
  t: number,
): number {
  if (slot.info.seq === bound.seq) return row.from + t + slot.horizon;
  if (slot.info.seq !== null) return t;
  return bound.prepared.decl.samples.kind === "records"
    ? 0
    : row.from + row.length - 1 + slot.horizon;
}

function lengthsOf(bound: Bound, chunk: Chunk, symbol: string): readonly number[] {
  return symbol === bound.seq
    ? chunk.rows.map((r) => r.length)
    : chunk.rows.map((r) => bound.lengths[symbol]![r.sample]!);
}

function padded(bound: Bound, steps: number): number {
  const { samples } = bound.prepared.decl;
  const pad = "pad" in samples ? (samples.pad ?? 1) : 1;
  return Math.ceil(steps / pad) * pad;
}

/** [T][B][…], memories [B][S][…], one vector a sample [B][…]. */
function gatherSlot(
  bound: Bound,
  slot: Slot,
  chunk: Chunk,
  sizes: Sizes,
  extents: Readonly<Record<string, readonly number[]>>,
): Tensor {
  const { seq, memory, shape } = slot.info;
  const batch = chunk.rows.length;
  const steps = seq === null ? 1 : sizes[seq]!;
  const width = shape.reduce((p, e) => p * e, 1);
  const data = new Float64Array(steps * batch * width);
  chunk.rows.forEach((row, b) => {
    const own = seq === null ? 1 : extents[seq]![b]!;
    for (let t = 0; t < own; t++) {
      const into = (memory ? b * steps + t : t * batch + b) * width;
      copyStep(slot, row.sample, stepOf(bound, slot, row, t), data, into);
    }
  });
  const lead = seq === null ? [batch] : memory ? [batch, steps] : [steps, batch];
  return { data, shape: [...lead, ...shape] };
}

function copyStep(slot: Slot, sample: number, step: number, into: Float64Array, at: number): void {
  let offset = at;
  for (const { data, width, starts } of slot.fields) {
    const from = (starts[sample]! + step) * width;
    for (let f = 0; f < width; f++) into[offset + f] = data[from + f]!;
    offset += width;
  }
}
