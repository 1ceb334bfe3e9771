/** @file Rows of adjoints as a loop takes them: slot by slot, [rows][size]. In: blocks. Out: blocks, and matrices of
 *  them side by side. Never computes a derivative. */
import type { Measuring } from "../../compiler/analyse/measuring.ts";
import type { Real } from "../../runtime/devices/device.ts";

export type Slots = Measuring["slots"];
export type Blocks = readonly Real[];

export const widthOf = (slots: Slots, chosen: readonly boolean[]): number =>
  slots.reduce((n, s, i) => n + (chosen[i] ? s.size : 0), 0);

export const all = (slots: Slots): readonly boolean[] => slots.map(() => true);

/** Unit adjoints of the chosen slots' elements. */
export function units(slots: Slots, chosen: readonly boolean[]): Blocks {
  const count = widthOf(slots, chosen);
  let row = 0;
  return slots.map((s, i) => {
    const block = new Float64Array(count * s.size);
    if (!chosen[i]) return block;
    for (let k = 0; k < s.size; k++) block[(row + k) * s.size + k] = 1;
    row += s.size;
    return block;
  });
}

/** Rows `from` to `to`. */
export function rowsOf(blocks: Blocks, slots: Slots, from: number, to: number): Blocks {
  return slots.map((s, i) => blocks[i]!.subarray(from * s.size, to * s.size));
}

/** The rows of both, those of `a` first. */
export function stacked(a: Blocks, b: Blocks): Blocks {
  return a.map((x, i) => {
    const out = new Float64Array(x.length + b[i]!.length);
    out.set(x);
    out.set(b[i]!, x.length);
    return out;
  });
}

export function scaledBy(blocks: Blocks, by: number): Blocks {
  return blocks.map((x) => Float64Array.from(x, (v) => v * by));
}

/** The largest magnitude. */
export function largest(blocks: Blocks): number {
  let most = 0;
  for (const block of blocks)
    for (let k = 0; k < block.length; k++) {
      const x = Math.abs(block[k]!);
      if (!(x <= most)) most = x;
    }
  return most;
}

/** The chosen slots' columns side by side, row-major. */
export function joined(blocks: Blocks, slots: Slots, chosen: readonly boolean[]): Float64Array {
  const width = widthOf(slots, chosen);
  const count = slots.length === 0 ? 0 : blocks[0]!.length / slots[0]!.size;
  const out = new Float64Array(count * width);
  let at = 0;
  for (const [i, { size }] of slots.entries()) {
    if (!chosen[i]) continue;
    const block = blocks[i]!;
    for (let r = 0; r < count; r++)
      for (let k = 0; k < size; k++) out[r * width + at + k] = block[r * size + k]!;
    at += size;
  }
  return out;
}

/** The inverse of `joined` with all slots. */
export function split(data: Float64Array, slots: Slots): Blocks {
  const width = widthOf(slots, all(slots));
  const count = data.length / width;
  let at = 0;
  return slots.map(({ size }) => {
    const block = new Float64Array(count * size);
    for (let r = 0; r < count; r++)
      block.set(data.subarray(r * width + at, r * width + at + size), r * size);
    at += size;
    return block;
  });
}
