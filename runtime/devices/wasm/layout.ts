/** @file Where a program's buffers lie at given sizes. In: storage, sizes. Out: bytes of each, offsets in one
 *  arena; what is never alive at once shares memory. */
import { elements, shapeOf } from "../../artifact/extent.ts";
import { DeviceError, type Sizes } from "../device.ts";
import type { Storage } from "./program-code.ts";

export interface Layout {
  /** Bytes of one value of each buffer, all copies of a ring counted. */
  readonly bytes: readonly number[];
  /** Offset in the arena, or null where the buffer is not there. */
  readonly offsets: readonly (number | null)[];
  readonly arena: number;
}

const LINE = 64;
const SLACK = 64;

export function layoutOf(storage: readonly Storage[], sizes: Sizes): Layout {
  const bytes = storage.map(({ shape, copies }) => 4 * copies * elements(shapeOf(shape, sizes)));
  const total = bytes.reduce((a, b) => a + b, 0);
  if (!(total < 2 ** 40))
    throw new DeviceError(`${Math.round(total / 2 ** 30)} GB of buffers are too many`);
  const placed: { at: number; end: number; from: number; to: number }[] = [];
  const offsets = storage.map(({ place }, id) => {
    if (place.kind !== "arena") return null;
    const size = Math.ceil((bytes[id]! + SLACK) / LINE) * LINE;
    const rivals = placed
      .filter((p) => p.from <= place.to && place.from <= p.to)
      .sort((a, b) => a.at - b.at);
    let at = 0;
    for (const p of rivals) {
      if (at + size <= p.at) break;
      at = Math.max(at, p.end);
    }
    placed.push({ at, end: at + size, from: place.from, to: place.to });
    return at;
  });
  return { bytes, offsets, arena: placed.reduce((n, p) => Math.max(n, p.end), 0) };
}
