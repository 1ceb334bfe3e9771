/** @file NumPy's `.npy` → array column. In: bytes of format 1.0 to 3.0. Out: float64 values, row-major,
 *  and the shape. Never unpickles objects; never reads past the data. NumPy, `numpy/lib/format.py`. */
import { fail, ok, fault, type Result } from "../fault.ts";
import type { RawColumn, Source } from "../table.ts";

type ArrayColumn = Extract<RawColumn, { kind: "array" }>;

/** D103 where magic, header, type or length are not those of a plain numeric array of at least one axis. */
export function readNpy(source: Source): Result<ArrayColumn> {
  const refuse = (message: string, help: string | null = null): Result<ArrayColumn> =>
    fail(fault("D103", message, { file: source.file, help }));
  const header = readHeader(source.bytes);
  if (typeof header === "string") return refuse(header, "write the file by numpy.save");
  const read = ELEMENTS[header.type];
  if (read === undefined)
    return refuse(
      `elements of type '${header.order}${header.type}' are not numbers that can be read`,
      `save one of ${Object.keys(ELEMENTS).join(", ")}`,
    );
  const { shape } = header;
  if (shape.length === 0) return refuse("the array has no axes; axis 0 is to be the row");
  const size = Number(header.type.slice(1));
  const count = shape.reduce((product, extent) => product * extent, 1);
  const got = source.bytes.length - header.end;
  if (count * size !== got)
    return refuse(
      `shape (${shape.join(", ")}) needs ${count * size} bytes of data; there are ${got}`,
    );
  const view = new DataView(source.bytes.buffer, source.bytes.byteOffset + header.end, got);
  const little = header.order !== ">";
  const data = new Float64Array(count);
  for (let i = 0; i < count; i++) data[i] = read(view, i * size, little);
  const big =
    header.type.endsWith("8") && !header.type.startsWith("f")
      ? data.findIndex((v) => !Number.isSafeInteger(v))
      : -1;
  if (big >= 0)
    return refuse(`element ${big} is a whole number beyond 2^53, which a double cannot hold`);
  return ok({ kind: "array", data: header.fortran ? transposed(data, shape) : data, shape });
}

interface Header {
  readonly order: string;
  readonly type: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Offset of the first byte of data. */
  readonly end: number;
}

const ELEMENTS: Readonly<Record<string, (v: DataView, at: number, little: boolean) => number>> = {
  f4: (v, at, little) => v.getFloat32(at, little),
  f8: (v, at, little) => v.getFloat64(at, little),
  i1: (v, at) => v.getInt8(at),
  i2: (v, at, little) => v.getInt16(at, little),
  i4: (v, at, little) => v.getInt32(at, little),
  i8: (v, at, little) => Number(v.getBigInt64(at, little)),
  u1: (v, at) => v.getUint8(at),
  u2: (v, at, little) => v.getUint16(at, little),
  u4: (v, at, little) => v.getUint32(at, little),
  u8: (v, at, little) => Number(v.getBigUint64(at, little)),
  b1: (v, at) => (v.getUint8(at) === 0 ? 0 : 1),
};

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** The header, or what is wrong with it. */
function readHeader(bytes: Uint8Array): Header | string {
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte)) return "not an .npy file";
  const major = bytes[6]!;
  if (major < 1 || major > 3) return `.npy format ${major}.${bytes[7]} is not known`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = major === 1 ? 10 : 12;
  const end = start + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length) return "the header is longer than the file";
  const text = new TextDecoder("utf-8").decode(bytes.subarray(start, end));
  const descr = /'descr':\s*'([<>=|])([a-zA-Z]\d+)'/.exec(text);
  const fortran = /'fortran_order':\s*(True|False)/.exec(text);
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(text);
  if (descr === null) return "the header names no plain element type";
  if (fortran === null || shape === null) return "the header lacks fortran_order or shape";
  const extents = shape[1]!
    .split(",")
    .flatMap((part) => (part.trim() === "" ? [] : [Number(part)]));
  if (extents.some((extent) => !Number.isSafeInteger(extent)))
    return "the shape is not whole numbers";
  return { order: descr[1]!, type: descr[2]!, fortran: fortran[1] === "True", shape: extents, end };
}

/** Column-major → row-major. */
function transposed(data: Float64Array, shape: readonly number[]): Float64Array {
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((p, e) => p * e, 1));
  const index = new Array<number>(shape.length).fill(0);
  return data.map(() => {
    const at = index.reduce((sum, value, axis) => sum + value * strides[axis]!, 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
    return data[at]!;
  });
}
