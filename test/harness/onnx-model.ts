/** @file ONNX models as bytes. In: one recurrent node with its attributes, and its tensors' types.
 *  Out: a serialized ModelProto of that node alone. Never a general encoder: the fields of onnx.proto3
 *  that one node needs, by number. */

/** What a graph input or output carries. A dimension of -1 is left open. */
export interface Slot {
  readonly name: string;
  readonly type: "float" | "int32";
  readonly shape: readonly number[];
}

/** A whole number is written as INT, `{ float }` as FLOAT, lists of numbers as FLOATS. */
export type Attribute =
  | number
  | string
  | { readonly float: number }
  | readonly number[]
  | readonly string[];

export interface Node {
  readonly op: string;
  /** "" is the ONNX domain itself; contributed ops name theirs. */
  readonly domain?: string;
  /** In the order of the operator's signature; "" is an input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** ModelProto of one node; https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3. */
export function onnxModel(
  node: Node,
  inputs: readonly Slot[],
  outputs: readonly Slot[],
): Uint8Array {
  const domain = node.domain ?? "";
  const graph = message(
    field(1, encodeNode(node)),
    text(2, "g"),
    ...inputs.map((s) => field(11, valueInfo(s))),
    ...outputs.map((s) => field(12, valueInfo(s))),
  );
  const opsets = domain === "" ? [opset("", 14)] : [opset("", 14), opset(domain, 1)];
  return Uint8Array.from(message(integer(1, 8), field(7, graph), ...opsets));
}

type Bytes = readonly number[];

const FLOAT = 1;
const INT32 = 6;

function encodeNode(node: Node): Bytes {
  return message(
    ...node.inputs.map((name) => text(1, name)),
    ...node.outputs.map((name) => text(2, name)),
    text(4, node.op),
    ...Object.entries(node.attributes).map(([name, value]) => field(5, attribute(name, value))),
    text(7, node.domain ?? ""),
  );
}

/** AttributeProto; `type` (20) is FLOAT 1, INT 2, STRING 3, FLOATS 6, STRINGS 8. */
function attribute(name: string, value: Attribute): Bytes {
  if (typeof value === "number") return message(text(1, name), integer(3, value), integer(20, 2));
  if (typeof value === "string") return message(text(1, name), text(4, value), integer(20, 3));
  if ("float" in value) return message(text(1, name), float(2, value.float), integer(20, 1));
  if (isNumbers(value))
    return message(text(1, name), ...value.map((v) => float(7, v)), integer(20, 6));
  return message(text(1, name), ...value.map((v) => text(9, v)), integer(20, 8));
}

function isNumbers(list: readonly number[] | readonly string[]): list is readonly number[] {
  return list.every((v) => typeof v === "number");
}

/** ValueInfoProto of a tensor. */
function valueInfo(slot: Slot): Bytes {
  const dims = slot.shape.map((d, i) =>
    field(1, d < 0 ? text(2, `${slot.name}_${i}`) : integer(1, d)),
  );
  const tensor = message(
    integer(1, slot.type === "float" ? FLOAT : INT32),
    field(2, message(...dims)),
  );
  return message(text(1, slot.name), field(2, field(1, tensor)));
}

function opset(domain: string, version: number): Bytes {
  return field(8, message(text(1, domain), integer(2, version)));
}

// ---- protocol buffers wire format

function message(...fields: readonly Bytes[]): Bytes {
  return fields.flat();
}

function field(number: number, body: Bytes): Bytes {
  return [...varint(number * 8 + 2), ...varint(body.length), ...body];
}

function text(number: number, value: string): Bytes {
  return field(number, [...new TextEncoder().encode(value)]);
}

function integer(number: number, value: number): Bytes {
  return [...varint(number * 8), ...varint(value)];
}

function float(number: number, value: number): Bytes {
  return [...varint(number * 8 + 5), ...new Uint8Array(Float32Array.of(value).buffer)];
}

/** Base 128, low group first; value ≥ 0. */
function varint(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}
