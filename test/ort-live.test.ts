/** @file ONNX Runtime, live: random recurrent operators run by it and by our specs. Every operator in
 *  every direction, with and without bias, peepholes, lengths and initial states, both forms of GRU. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { load } from "../runtime/index.ts";
import { random } from "../runtime/random.ts";
import "./harness/all-close.ts";
import { onnxOutputs, onnxSpec } from "./harness/onnx-cells.ts";
import { type Attribute, onnxModel } from "./harness/onnx-model.ts";
import { ENTRY, type OnnxAttrs, type OnnxOp } from "./harness/onnx-text.ts";
import { specCache } from "./harness/spec.ts";
import { type Flat, product } from "./harness/tensor.ts";

type Name = "RNN" | "GRU" | "LSTM";

/** Inputs in the operator's order, and how many gates and outputs it has. */
const OPERATORS = {
  RNN: { gates: 1, states: ["h"] },
  GRU: { gates: 3, states: ["h"] },
  LSTM: { gates: 4, states: ["h", "c"] },
} as const satisfies Record<Name, { gates: number; states: readonly string[] }>;
const INPUTS = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"];

const DIRECTIONS = ["forward", "reverse", "bidirectional"] as const;
const SIZES = { T: 6, B: 3, I: 4, H: 5 };
const LENGTHS = [6, 2, 4];

/** What a case has beside X, W and R. */
interface Options {
  readonly op: Name;
  readonly direction: OnnxOp["direction"];
  readonly bias: boolean;
  readonly lengths: boolean;
  readonly initial: boolean;
  readonly peepholes: boolean;
  readonly attrs: Partial<OnnxAttrs>;
}

const ALL = { bias: true, lengths: true, initial: true, peepholes: false, attrs: {} };
const BARE = { ...ALL, bias: false, lengths: false, initial: false };

/** Everything there is, and next to nothing, in every direction. */
const everywhere = (direction: OnnxOp["direction"]): readonly Options[] => [
  { ...ALL, op: "RNN", direction },
  { ...BARE, op: "RNN", direction },
  { ...ALL, op: "GRU", direction },
  { ...ALL, op: "GRU", direction, attrs: { linear_before_reset: 1 } },
  { ...BARE, op: "GRU", direction, attrs: { linear_before_reset: 1 } },
  { ...ALL, op: "LSTM", direction },
  { ...ALL, op: "LSTM", direction, peepholes: true },
  { ...BARE, op: "LSTM", direction, peepholes: true },
  { ...ALL, op: "LSTM", direction, peepholes: true, attrs: { clip: 0.5 } },
];

/** Attributes that one operator alone has, or that take other functions. */
const SPECIAL: readonly Options[] = [
  { ...ALL, op: "RNN", direction: "bidirectional", attrs: { activations: ["Relu", "Softsign"] } },
  {
    ...ALL,
    op: "GRU",
    direction: "forward",
    attrs: {
      activations: ["HardSigmoid", "ScaledTanh"],
      activation_alpha: [0.3, 1.2],
      activation_beta: [0.4, 0.7],
    },
  },
  {
    ...ALL,
    op: "LSTM",
    direction: "reverse",
    attrs: {
      activations: ["HardSigmoid", "Elu", "Softsign"],
      activation_alpha: [0.2, 0.9],
      activation_beta: [0.5],
    },
  },
  { ...ALL, op: "LSTM", direction: "forward", attrs: { input_forget: 1 } },
];

const compiled = specCache();
const CASES = [...DIRECTIONS.flatMap(everywhere), ...SPECIAL];

const label = ({ op, direction, attrs, ...has }: Options): string => {
  const parts = Object.entries(has).flatMap(([name, there]) => (there ? [name] : []));
  const settings = Object.entries(attrs).map(([name, value]) => `${name} ${value}`);
  return [op, direction, ...parts, ...settings].join(", ");
};

function operator(o: Options, seed: number): OnnxOp {
  const { T, B, I, H } = SIZES;
  const { gates, states } = OPERATORS[o.op];
  const dirs = o.direction === "bidirectional" ? 2 : 1;
  const stream = random(seed, "ort-live");
  const draw = (...shape: number[]): Flat => ({
    shape,
    data: Float32Array.from({ length: product(shape) }, () => 2 * stream.uniform() - 1),
  });
  const inputs: Record<string, Flat> = {
    X: draw(T, B, I),
    W: draw(dirs, gates * H, I),
    R: draw(dirs, gates * H, H),
  };
  if (o.bias) inputs.B = draw(dirs, 2 * gates * H);
  if (o.lengths) inputs.sequence_lens = { shape: [B], data: LENGTHS };
  if (o.initial) for (const s of states) inputs[`initial_${s}`] = draw(dirs, B, H);
  if (o.peepholes) inputs.P = draw(dirs, 3 * H);
  return { op: o.op, direction: o.direction, attrs: { ...o.attrs, hidden_size: H }, inputs };
}

async function onnxRuntime(op: OnnxOp): Promise<Readonly<Record<string, Flat>>> {
  const { states } = OPERATORS[op.op as Name];
  const last = INPUTS.findLastIndex((name) => op.inputs[name]);
  const names = INPUTS.slice(0, last + 1).map((name) => (op.inputs[name] ? name : ""));
  const given = Object.entries(op.inputs);
  const isIndex = (name: string): boolean => name === "sequence_lens";
  const outputs = ["Y", ...states.map((s) => `Y_${s}`)];
  const attributes = Object.entries(op.attrs).map(([name, value]): [string, Attribute] =>
    name === "clip" ? [name, { float: value as number }] : [name, value],
  );
  const bytes = onnxModel(
    {
      op: op.op,
      inputs: names,
      outputs,
      attributes: { ...Object.fromEntries(attributes), direction: op.direction },
    },
    given.map(([name, { shape }]) => ({ name, shape, type: isIndex(name) ? "int32" : "float" })),
    outputs.map((name, i) => ({ name, type: "float", shape: Array(i === 0 ? 4 : 3).fill(-1) })),
  );
  const session = await InferenceSession.create(bytes);
  const feeds = given.map(([name, { shape, data }]): [string, Tensor] => [
    name,
    isIndex(name)
      ? new Tensor("int32", Int32Array.from(data), shape)
      : new Tensor("float32", Float32Array.from(data), shape),
  ]);
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  const flat = (t: Tensor): Flat => ({ shape: t.dims, data: t.data as Float32Array });
  return Object.fromEntries(outputs.map((name) => [name, flat(results[name]!)]));
}

describe("ONNX Runtime, live", () => {
  test.each(CASES.map((o, i) => [label(o), o, i] as const))("%s", async (_, options, seed) => {
    const op = operator(options, seed + 1);
    const wanted = await onnxRuntime(op);
    const { text, dims, direction, params, inputs, initial, lengths } = onnxSpec(op);
    const artifact = compiled({ file: "op.cell", text, entry: ENTRY, dims, direction });
    for (const backend of ["reference", "webasm"] as const) {
      const model = await load(artifact, { backend });
      await model.setParams(params);
      const values = { inputs, initial, ...(lengths.T ? { lengths } : {}) };
      const got = onnxOutputs(op, await model.run(values));
      model.close();
      for (const [name, t] of Object.entries(wanted)) {
        expect(got[name]!.shape, name).toEqual(t.shape);
        expect(got[name]!.data, `${name} on ${backend}`).toBeAllClose(t.data, { absolute: 1e-5 });
      }
    }
  });
});
