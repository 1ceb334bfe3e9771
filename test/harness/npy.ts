/** @file `.npy` files as numpy.save writes them, built by hand. In: type, shape, how to write an element.
 *  Out: bytes. */

export interface NpyOptions {
  readonly descr: string;
  readonly fortran?: boolean;
  readonly shape: readonly number[];
  readonly version?: 1 | 2 | 3;
  /** Bytes of all elements, in the file's order. */
  readonly data: Uint8Array;
}

/** The layout of numpy 2: keys in this order, padded by spaces to a multiple of 64, "\n" at the end. */
export function npy({ descr, fortran = false, shape, version = 1, data }: NpyOptions): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': ${tuple}, }`;
  const lead = version === 1 ? 10 : 12;
  const length = Math.ceil((lead + dict.length + 1) / 64) * 64 - lead;
  const bytes = new Uint8Array(lead + length + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  if (version === 1) view.setUint16(8, length, true);
  else view.setUint32(8, length, true);
  bytes.set(new TextEncoder().encode(`${dict.padEnd(length - 1)}\n`), lead);
  bytes.set(data, lead + length);
  return bytes;
}

/** Elements one after another, each by a DataView method. */
export function elements(
  values: readonly number[],
  size: number,
  write: (view: DataView, at: number, value: number) => void,
): Uint8Array {
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    write(view, i * size, value);
  });
  return bytes;
}

export function float64Npy(values: readonly number[], shape: readonly number[]): Uint8Array {
  const data = elements(values, 8, (v, at, x) => v.setFloat64(at, x, true));
  return npy({ descr: "<f8", shape, data });
}
