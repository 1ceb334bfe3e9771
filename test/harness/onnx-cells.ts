/** @file ONNX recurrent operators as specs. In: an operator with attributes and tensors. Out: the
 *  `.cell` text that says the same, its parameters, inputs and states under the spec's names, and
 *  ONNX's outputs from the answer. Never computes: what is not in the spec is only reordered. */
import {
  ENTRY,
  modelText,
  cellText,
  need,
  onnxDims,
  type OnnxName,
  type OnnxOp,
  sameBothWays,
} from "./onnx-text.ts";
import { type Flat, permute, pick, plus, rows, stack, swap, zeros } from "./tensor.ts";

/** What to compile and run: a cell, or for both directions a model of two. */
export interface OnnxSpec {
  readonly text: string;
  readonly dims: Readonly<Record<string, number>>;
  readonly direction: "forward" | "backward";
  readonly params: Values;
  readonly inputs: Values;
  readonly initial: Values;
  /** By sequence: T, and S of the memory. */
  readonly lengths: Readonly<Record<string, readonly number[]>>;
}

type Values = Readonly<Record<string, Flat>>;

/** The spec that says what the operator does. */
export function onnxSpec(op: OnnxOp): OnnxSpec {
  const x = need(op, "X");
  const memory = op.inputs.M;
  const { sequence_lens: steps, memory_seq_lens: rows } = op.inputs;
  const parts = prefixes(op);
  const all = (of: (direction: number) => Values): Values =>
    Object.fromEntries(
      parts.flatMap((prefix, d) => Object.entries(of(d)).map(([n, v]) => [prefix + n, v])),
    );
  return {
    text: parts.length === 1 ? cellText(op, ENTRY, 0) : modelText(op),
    dims: onnxDims(op),
    direction: op.direction === "reverse" ? "backward" : "forward",
    params: all((d) => params(op, d)),
    inputs: { x: op.attrs.layout === 1 ? x : swap(x), ...(memory ? { m: memory } : {}) },
    initial: all((d) => initial(op, d)),
    lengths: {
      ...(steps ? { T: Array.from(steps.data) } : {}),
      ...(rows ? { S: Array.from(rows.data) } : {}),
    },
  };
}

/** ONNX's Y [T, dirs, B, H], Y_h, Y_c [dirs, B, H] of a run; layout 1: [B, T, dirs, H], [B, dirs, H]. */
export function onnxOutputs(op: OnnxOp, run: { outputs: Values; final: Values }): Values {
  const parts = prefixes(op);
  const batchFirst = op.attrs.layout === 1;
  const y = parts.length === 1 ? run.outputs.h! : run.outputs.y!;
  const [samples, steps] = y.shape;
  const split = { shape: [samples!, steps!, parts.length, op.attrs.hidden_size], data: y.data };
  const state = (name: string): Flat => {
    const both = stack(parts.map((prefix) => run.final[prefix + name]!));
    return batchFirst ? swap(both) : both;
  };
  return {
    Y: batchFirst ? split : permute(split, [1, 2, 0, 3]),
    Y_h: state("h"),
    ...(op.op.endsWith("LSTM") ? { Y_c: state("c") } : {}),
  };
}

/** Before the names of each direction's parameters and states. */
function prefixes(op: OnnxOp): readonly string[] {
  if (op.direction !== "bidirectional") return [""];
  return sameBothWays(op)
    ? ["y.Forward.forward.", "y.Forward.backward."]
    : ["a.Forward.", "b.Backward."];
}

// ---- tensors

/** ONNX's gate order and the specs' names for it. */
const GATES: Readonly<Record<OnnxName, readonly string[]>> = {
  RNN: [""],
  GRU: ["_z", "_r", "_n"],
  LSTM: ["_i", "_o", "_f", "_g"],
  AttnLSTM: ["_i", "_o", "_f", "_g"],
};

function params(op: OnnxOp, direction: number): Values {
  const size = op.attrs.hidden_size;
  const gates = GATES[op.op];
  const w = pick(need(op, "W"), direction);
  const u = pick(need(op, "R"), direction);
  const bias = op.inputs.B ? pick(op.inputs.B, direction) : zeros([2 * gates.length * size]);
  const after = op.op === "GRU" && op.attrs.linear_before_reset === 1;
  const found: Record<string, Flat> = {};
  gates.forEach((gate, g) => {
    const input = rows(bias, g * size, size);
    const recurrent = rows(bias, (gates.length + g) * size, size);
    found[`W${gate}`] = rows(w, g * size, size);
    found[`U${gate}`] = rows(u, g * size, size);
    if (after && gate === "_n") {
      found.b_n = input;
      found.b_un = recurrent;
    } else found[`b${gate}`] = plus(input, recurrent);
  });
  if (op.inputs.P) {
    const p = pick(op.inputs.P, direction);
    ["p_i", "p_o", "p_f"].forEach((name, g) => {
      found[name] = rows(p, g * size, size);
    });
  }
  if (op.attrs.input_forget === 1) for (const name of COUPLED) delete found[name];
  if (op.op === "AttnLSTM") {
    found.W_q = swap(pick(need(op, "QW"), direction));
    found.W_m = swap(pick(need(op, "MW"), direction));
    found.W_a = swap(pick(need(op, "AW"), direction));
    found.v_a = pick(need(op, "V"), direction);
  }
  return found;
}

/** Parameters that f = 1 - i leaves without use. */
const COUPLED = ["W_f", "U_f", "b_f", "p_f"];

function initial(op: OnnxOp, direction: number): Values {
  const found: Record<string, Flat> = {};
  for (const [from, to] of [
    ["initial_h", "h"],
    ["initial_c", "c"],
  ] as const) {
    const t = op.inputs[from];
    if (t) found[to] = pick(op.attrs.layout === 1 ? swap(t) : t, direction);
  }
  return found;
}
