/** @file How a tensor lies in gpu.js's three axes. In: extents, what a backend can hold. Out: which axes
 *  share x, y and z. Never depends on who reads or writes: one layout a shape. */

import { DeviceError } from "../device.ts";

/** gpu.js indexes value[z][y][x], flat index x + X·(y + Y·z). */
export interface Layout {
  /** [X], [X, Y] or [X, Y, Z], each ≥ 1. */
  readonly dims: readonly number[];
  /** Axes of the tensor (extent > 1) that make each of dims, outermost first. */
  readonly groups: readonly (readonly number[])[];
}

/** Whether a backend can hold [X, Y] or [X, Y, Z]; [X] it always can. */
export type Fits = (dims: readonly number[]) => boolean;

/**
 * Axes of extent 1 vanish; the last axis is x; with more than three left, neighbours share an axis,
 * leading ones by preference. Where no sharing fits, all share x. Throws DeviceError where a shared
 * axis would be too long to be taken apart.
 */
export function layoutOf(extents: readonly number[], fits: Fits): Layout {
  const axes = extents.flatMap((extent, axis) => (extent > 1 ? [axis] : []));
  const made = (groups: readonly (readonly number[])[]): Layout => ({
    dims: groups.map((group) => group.reduce((product, axis) => product * extents[axis]!, 1)),
    groups,
  });
  if (axes.length <= 1) return made([axes]);
  const ways = [...sharings(axes), [axes]].map(made).filter(isSeparable);
  const layout = ways.find(({ dims }) => dims.length === 1 || fits(dims));
  if (layout === undefined)
    throw new DeviceError(`a tensor of shape [${extents}] is too large for this backend`);
  return layout;
}

/**
 * ⌊(i + ½) / n⌋ is ½/n away from the next whole number, and a graphics device may miss a quotient by
 * 2.5 units in the last place: for i below 2²⁰ the two never meet.
 */
const SHARED = 2 ** 20;

function isSeparable({ dims, groups }: Layout): boolean {
  return groups.every((group, dim) => group.length <= 1 || dims[dim]! <= SHARED);
}

/** Ways to split axes in runs [x, y, z?], the last axis alone in x. */
function sharings(axes: readonly number[]): readonly (readonly (readonly number[])[])[] {
  const last = axes.slice(-1);
  const rest = axes.slice(0, -1);
  if (rest.length === 1)
    return [
      [last, rest],
      [last, [], rest],
    ];
  return rest.slice(1).map((_, i) => {
    const at = rest.length - 1 - i;
    return [last, rest.slice(at), rest.slice(0, at)];
  });
}
