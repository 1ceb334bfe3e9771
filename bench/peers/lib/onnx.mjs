/** @file The bytes of an ONNX model: just enough protobuf for one LSTM or GRU node with its weights. In: a
 *  case, weights in PyTorch's layout. Out: a Uint8Array. ONNX's gates: LSTM i, o, f, c; GRU z, r, h. */
import { GATES, permuteGates } from "./data.mjs";

export function recurrentModel({ cell, I, H, T, B, stateful = false }, { wih, whh, b }) {
  const gates = GATES[cell];
  const lstm = cell === "lstm";
  const order = lstm ? [0, 3, 1, 2] : [1, 0, 2];
  const bias = new Float32Array(2 * gates * H);
  bias.set(permuteGates(b, gates, order));
  const states = lstm ? ["h", "c"] : ["h"];
  const state = (name) => valueInfo(name, [1, B, H]);
  const ins = ["X", "W", "R", "Bias"];
  const outs = stateful ? ["", ...states.map((s) => `${s}1`)] : ["Y"];
  const attributes = [attrInt("hidden_size", H), attrStr("direction", "forward")];
  const before = states.map((s) => `${s}0`);
  return model({
    nodes: [
      node(
        lstm ? "LSTM" : "GRU",
        stateful ? [...ins, "", ...before] : ins,
        outs,
        lstm ? attributes : [...attributes, attrInt("linear_before_reset", 1)],
      ),
    ],
    initializers: [
      tensor("W", [1, gates * H, I], permuteGates(wih, gates, order)),
      tensor("R", [1, gates * H, H], permuteGates(whh, gates, order)),
      tensor("Bias", [1, 2 * gates * H], bias),
    ],
    inputs: [valueInfo("X", [T, B, I]), ...(stateful ? before.map(state) : [])],
    outputs: stateful ? states.map((s) => state(`${s}1`)) : [valueInfo("Y", [T, 1, B, H])],
  });
}

const encoder = new TextEncoder();

function varint(n) {
  const out = [];
  let v = BigInt.asUintN(64, BigInt(n));
  while (v > 127n) {
    out.push(Number(v & 127n) | 128);
    v >>= 7n;
  }
  out.push(Number(v));
  return Uint8Array.from(out);
}

function cat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

const int = (field, v) => cat(varint(field << 3), varint(v));
const bytes = (field, b) => cat(varint((field << 3) | 2), varint(b.length), b);
const str = (field, s) => bytes(field, encoder.encode(s));

const tensor = (name, dims, data) =>
  cat(
    ...dims.map((d) => int(1, d)),
    int(2, 1),
    str(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );

function valueInfo(name, dims) {
  const shape = cat(...dims.map((d) => bytes(1, int(1, d))));
  return cat(str(1, name), bytes(2, bytes(1, cat(int(1, 1), bytes(2, shape)))));
}

const attrInt = (name, v) => cat(str(1, name), int(3, v), int(20, 2));
const attrStr = (name, v) => cat(str(1, name), bytes(4, encoder.encode(v)), int(20, 3));

const node = (op, ins, outs, attributes) =>
  cat(
    ...ins.map((i) => str(1, i)),
    ...outs.map((o) => str(2, o)),
    str(4, op),
    ...attributes.map((a) => bytes(5, a)),
  );

function model({ nodes, initializers, inputs, outputs }) {
  const graph = cat(
    ...nodes.map((n) => bytes(1, n)),
    str(2, "g"),
    ...initializers.map((t) => bytes(5, t)),
    ...inputs.map((v) => bytes(11, v)),
    ...outputs.map((v) => bytes(12, v)),
  );
  const opset = bytes(8, cat(str(1, ""), int(2, 14)));
  return cat(int(1, 8), str(2, "cellc-bench"), bytes(7, graph), opset);
}
