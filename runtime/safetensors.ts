/** @file Tensors in a file: safetensors, float32 and float64. In: tensors by name, or bytes from anywhere.
 *  Out: bytes, the same for the same tensors; or tensors, or the reason why the bytes are refused.
 *
 *  The format: the header's length (8 bytes, little-endian), the header (JSON: name → dtype, shape,
 *  data_offsets; `__metadata__`: strings), the data without gaps. https://github.com/huggingface/safetensors.
 *  Files of ours have a CRC-32 of the whole file in their metadata. */
import { elements } from "./artifact/extent.ts";
import { type Result, fail, fault, ok } from "./artifact/fault.ts";
import { crc32 } from "./crc32.ts";
import type { Real } from "./devices/device.ts";
import { RuntimeError } from "./errors.ts";
import type { Tensor } from "./values.ts";

export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Throws R303 where a tensor or a name cannot be saved. */
export function saveTensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  for (const [name, { data, shape }] of tensors)
    if (name === METADATA || data.length !== elements(shape))
      throw new RuntimeError([
        fault(
          "R303",
          name,
          `${data.length} numbers of shape [${shape}] cannot be saved as ${name}`,
        ),
      ]);
  // float64 first keeps every tensor aligned.
  const ordered = [...tensors].sort(
    ([a, x], [b, y]) => width(y.data) - width(x.data) || (a < b ? -1 : 1),
  );
  const kept = Object.entries({ ...metadata, [CHECKSUM]: NO_CHECKSUM });
  const header: Record<string, unknown> = { [METADATA]: Object.fromEntries(kept.sort(byKey)) };
  let end = 0;
  for (const [name, { data, shape }] of ordered) {
    const start = end;
    end += data.length * width(data);
    const dtype = width(data) === 8 ? "F64" : "F32";
    Object.defineProperty(header, name, {
      value: { dtype, shape, data_offsets: [start, end] },
      enumerable: true,
    });
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + end).fill(SPACE, 8, 8 + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  let at = 8 + length;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  const place = findChecksum(bytes, length);
  if (place !== null) bytes.set(hex(crc32(bytes)), place);
  return bytes;
}

export function loadTensors(file: Uint8Array): Result<TensorFile> {
  // a Buffer's slice shares memory; a plain view's copies
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  const refuse = (why: string, help: string | null = null) => fail(fault("R301", "", why, help));
  if (bytes.length < 8) return refuse("it is shorter than 8 bytes");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(LONGEST_HEADER) || length > BigInt(bytes.length - 8))
    return refuse(`its header claims ${length} bytes; the file has ${bytes.length}`);
  const start = 8 + Number(length);
  const header = parseHeader(bytes.subarray(8, start));
  if (typeof header === "string") return refuse(header);

  const { [METADATA]: metadata = {}, ...entries } = header;
  if (!isObject(metadata) || !Object.values(metadata).every((m) => typeof m === "string"))
    return refuse(`${METADATA} is not an object of strings`);
  const strings = metadata as Record<string, string>;
  if (Object.hasOwn(strings, CHECKSUM) && !intact(bytes, Number(length), strings[CHECKSUM]!))
    return refuse("its checksum does not match: the file was damaged", "copy it again");

  const parsed: Entry[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const result = parseEntry(name, entry);
    if (typeof result === "string") return refuse(`tensor ${JSON.stringify(name)}: ${result}`);
    parsed.push(result);
  }
  parsed.sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const { name, from, to } of parsed) {
    if (from !== end) return refuse(`tensor ${JSON.stringify(name)} starts at ${from}, not ${end}`);
    end = to;
  }
  if (start + end !== bytes.length)
    return refuse(`its tensors take ${end} bytes; ${bytes.length - start} follow the header`);

  const { [CHECKSUM]: _, ...rest } = strings;
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, from, to } of parsed.sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const copy = bytes.slice(start + from, start + to).buffer;
    const data = dtype === "F64" ? new Float64Array(copy) : new Float32Array(copy);
    tensors.set(name, { data, shape });
  }
  return ok({ tensors, metadata: rest });
}

const METADATA = "__metadata__";
const CHECKSUM = "crc32";
const NO_CHECKSUM = "00000000";
const SPACE = 0x20;
/** As in the format's own reader. */
const LONGEST_HEADER = 100_000_000;

interface Entry {
  readonly name: string;
  readonly dtype: "F32" | "F64";
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

const width = (data: Real): number => data.BYTES_PER_ELEMENT;
const byKey = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  a < b ? -1 : 1;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The header, or why not. */
function parseHeader(bytes: Uint8Array): Record<string, unknown> | string {
  try {
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isObject(json) ? json : "its header is not a JSON object";
  } catch (error) {
    return `its header is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function parseEntry(name: string, entry: unknown): Entry | string {
  if (!isObject(entry)) return "it is described by no object";
  const { dtype, shape, data_offsets: offsets, ...rest } = entry;
  const [extra] = Object.keys(rest);
  if (extra !== undefined) return `unknown field ${JSON.stringify(extra)}`;
  if (dtype !== "F32" && dtype !== "F64") return `dtype ${JSON.stringify(dtype)} is not F32 or F64`;
  if (!wholeNumbers(shape)) return "its shape is not a list of whole numbers";
  if (!wholeNumbers(offsets) || offsets.length !== 2)
    return "data_offsets are not two whole numbers";
  const [from, to] = offsets as [number, number];
  const size = elements(shape) * (dtype === "F64" ? 8 : 4);
  if (to - from !== size) return `[${shape}] of ${dtype} takes ${size} bytes; offsets [${offsets}]`;
  return { name, dtype, shape, from, to };
}

function wholeNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((x) => Number.isSafeInteger(x) && x >= 0);
}

/** Where the checksum's digits are: after the first `"crc32":"` of the header. */
function findChecksum(bytes: Uint8Array, length: number): number | null {
  const mark = new TextEncoder().encode(`"${CHECKSUM}":"`);
  for (let i = 8; i + mark.length + 8 <= 8 + length; i++)
    if (mark.every((byte, k) => bytes[i + k] === byte)) return i + mark.length;
  return null;
}

/** The checksum is of the file with zeros in its place. */
function intact(bytes: Uint8Array, length: number, checksum: string): boolean {
  const place = findChecksum(bytes, length);
  if (place === null) return false;
  const zeroed = bytes.slice();
  zeroed.set(new TextEncoder().encode(NO_CHECKSUM), place);
  return new TextDecoder().decode(hex(crc32(zeroed))) === checksum;
}

function hex(value: number): Uint8Array {
  return new TextEncoder().encode(value.toString(16).padStart(8, "0"));
}
