/** @file What PyTorch computed: outputs, final states and every gradient of cells and networks, on
 *  every backend that a bare machine has. The numbers are in test/oracles/torch. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Artifact } from "../compiler/index.ts";
import { load, type Model } from "../runtime/index.ts";
import "./harness/all-close.ts";
import { ROOT, specCache } from "./harness/spec.ts";
import { type Flat, pick, plus, rows, stack, swap } from "./harness/tensor.ts";
import { OTHER_CASES, TORCH_CASES, type TorchCase } from "./harness/torch-cases.ts";

type Tensors = Readonly<Record<string, OracleTensor>>;

interface OracleTensor extends Flat {
  readonly axes?: readonly string[];
}

interface Oracle {
  readonly dims: Readonly<Record<string, number>>;
  readonly direction?: string;
  readonly lengths?: readonly number[];
  readonly parameters: Tensors;
  readonly inputs: Tensors;
  readonly fixed_per_step_values?: Tensors;
  readonly initial_state: Tensors;
  readonly outputs: Tensors;
  readonly upstream: Tensors;
  readonly gradients: Tensors;
  readonly gradients_per_chunk?: readonly Tensors[];
}

const FOLDER = join(ROOT, "test/oracles/torch");

const oracle = (name: string): Oracle =>
  JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")) as Oracle;

/** Largest |got - wanted| / (1 + |wanted|). The oracle's own README asks for these. */
const TOLERANCE = {
  reference: { values: 1e-10, gradients: 1e-10 },
  webasm: { values: 2e-5, gradients: 2e-4 },
  cpu: { values: 2e-5, gradients: 2e-4 },
} as const;
type Backend = keyof typeof TOLERANCE;
const BACKENDS = Object.keys(TOLERANCE) as Backend[];

test("every oracle has its test", () => {
  const files = readdirSync(FOLDER).map((f) => f.replace(/\.json$/, ""));
  expect([...Object.keys(TORCH_CASES), ...OTHER_CASES].sort()).toEqual(files.sort());
});

const compiled = specCache();

function artifactOf({ file, entry, dims: names }: TorchCase, data: Oracle): Artifact {
  const { I, ...sizes } = data.dims;
  const all: Readonly<Record<string, number | undefined>> = { D: I, ...sizes };
  const dims = Object.fromEntries(names.map((name) => [name, all[name]!]));
  const direction = data.direction?.startsWith("reverse") ? "backward" : "forward";
  return compiled({ file, entry, dims, direction });
}

/** Samples first where the oracle has steps first. */
const ours = (t: OracleTensor): Flat => (t.axes?.[0] === "T" ? swap(t) : t);

const mapped = <V, W>(
  values: Readonly<Record<string, V>>,
  entry: (name: string, value: V) => readonly (readonly [string, W])[],
): Readonly<Record<string, W>> =>
  Object.fromEntries(Object.entries(values).flatMap(([n, v]) => entry(n, v)));

/** A state `h` of the oracle, by the spec's names: one, or one for each layer and direction. */
function states(spec: TorchCase, name: string, t: Flat): readonly (readonly [string, Flat])[] {
  const { layers, stateOf = (n) => n } = spec;
  if (layers === undefined) return [[stateOf(name), t]];
  return layers.map((prefix, l) => [`${prefix}${name}`, pick(t, l)]);
}

/** `h0`, `hT` → `h`; null for what is no state. */
const stateName = (name: string): string | null => /^(.+)[0T]$/.exec(name)?.[1] ?? null;

function request(spec: TorchCase, data: Oracle) {
  const time = { ...data.inputs, ...data.fixed_per_step_values };
  return {
    inputs: mapped(time, (n, t) => [[n, ours(t)]]),
    initial: mapped(data.initial_state, (n, t) => states(spec, stateName(n)!, t)),
    ...(data.lengths ? { lengths: data.lengths } : {}),
  };
}

function upstream(spec: TorchCase, values: Tensors) {
  const isOutput = (n: string): boolean => spec.outputs[n] !== undefined;
  return {
    outputs: mapped(values, (n, t) => (isOutput(n) ? [[spec.outputs[n]!, ours(t)]] : [])),
    final: mapped(values, (n, t) => (isOutput(n) ? [] : states(spec, stateName(n)!, t))),
  };
}

const parameters = (spec: TorchCase, values: Tensors): Readonly<Record<string, Flat>> =>
  mapped(values, (n, t) => [[spec.param?.(n) ?? n, t]]);

async function opened(spec: TorchCase, data: Oracle, backend: Backend): Promise<Model> {
  const model = await load(artifactOf(spec, data), { backend });
  await model.setParams(parameters(spec, data.parameters));
  return model;
}

type Named = Readonly<Record<string, Flat>>;

function close(what: string, got: Named, wanted: Named, tolerance: number): void {
  for (const [name, t] of Object.entries(wanted)) {
    const found = got[name];
    expect(found?.shape, `${what} ${name}: shape`).toEqual(t.shape);
    const bound = { absolute: tolerance, relative: tolerance };
    expect(found!.data, `${what} ${name}`).toBeAllClose(t.data, bound);
  }
}

function closeGradients(
  spec: TorchCase,
  got: Record<"params" | "inputs" | "initial", Named>,
  wanted: Tensors,
  data: Oracle,
  tolerance: number,
): void {
  const only = (names: Tensors): Tensors =>
    Object.fromEntries(Object.keys(names).flatMap((n) => (wanted[n] ? [[n, wanted[n]]] : [])));
  close("gradient of", got.params, parameters(spec, only(data.parameters)), tolerance);
  close(
    "gradient of",
    got.inputs,
    mapped(only(data.inputs), (n, t) => [[n, ours(t)]]),
    tolerance,
  );
  const initial = mapped(only(data.initial_state), (n, t) => states(spec, stateName(n)!, t));
  close("gradient of initial", got.initial, initial, tolerance);
}

describe.each(Object.entries(TORCH_CASES))("%s", (name, spec) => {
  const data = oracle(name);
  test.each(BACKENDS)("outputs, states and every gradient on %s", async (backend) => {
    const tolerance = TOLERANCE[backend];
    const model = await opened(spec, data, backend);
    const given = { ...request(spec, data), upstream: upstream(spec, data.upstream) };
    const got = await model.grad(given);
    model.close();
    const wanted = upstream(spec, data.outputs);
    close("output", got.outputs, wanted.outputs, tolerance.values);
    close("final state", got.final, wanted.final, tolerance.values);
    closeGradients(spec, got.grads, data.gradients, data, tolerance.gradients);
  });
});

/** The layer of the language against the same numbers, but for its weights, which it keeps inside. */
describe("net_lstm_attention_pooling by `attend`", () => {
  const data = oracle("net_lstm_attention_pooling");
  const base = TORCH_CASES.net_lstm_attention_pooling!;
  const spec: TorchCase = {
    ...base,
    entry: "AttendPooling",
    outputs: { logits: "logits", context: "context" },
    param: (name) => (/_a$/.test(name) ? `p.attend.${name[0]}` : base.param!(name)),
  };
  test.each(BACKENDS)("context and logits on %s", async (backend) => {
    const model = await opened(spec, data, backend);
    const got = await model.run(request(spec, data));
    model.close();
    const { logits, context } = data.outputs as Record<"logits" | "context", OracleTensor>;
    close("output", got.outputs, { logits, context }, TOLERANCE[backend].values);
  });
});

/** Steps [from, from + size) of samples first [B, T, …]. */
const window = (t: Flat, from: number, size: number): Flat => swap(rows(swap(t), from, size));

describe("tbptt_lstm", () => {
  const data = oracle("tbptt_lstm");
  const spec = TORCH_CASES.cell_lstm!;
  const { k1, T } = data.dims as { k1: number; T: number };
  test.each(BACKENDS)(
    "states carried, gradients cut at every window's edge, on %s",
    async (backend) => {
      const tolerance = TOLERANCE[backend];
      const model = await opened(
        spec,
        { ...data, dims: { I: data.dims.I!, H: data.dims.H! } },
        backend,
      );
      const whole = request(spec, data);
      let initial = whole.initial;
      let total: Named | null = null;
      const pieces: Record<"y" | "x", Flat[]> = { y: [], x: [] };
      const first: { initial: Named } = { initial: {} };
      let last: Named = {};
      for (let from = 0; from < T; from += k1) {
        const up = { outputs: { h: window(ours(data.upstream.y!), from, k1) } };
        const inputs = { x: window(whole.inputs.x!, from, k1) };
        const got = await model.grad({ inputs, initial, upstream: up });
        const chunk = data.gradients_per_chunk![from / k1]!;
        close(
          `window ${from / k1}: gradient of`,
          got.grads.params,
          parameters(spec, chunk),
          tolerance.gradients,
        );
        total = mapped<Flat, Flat>(got.grads.params, (n, t) => [
          [n, total ? plus(total[n]!, t) : t],
        ]);
        pieces.y.push(swap(got.outputs.h!));
        pieces.x.push(swap(got.grads.inputs.x!));
        if (from === 0) first.initial = got.grads.initial;
        last = got.final;
        initial = got.final;
      }
      model.close();
      const joined = (parts: readonly Flat[]): Flat => {
        const all = stack(parts);
        return swap({ shape: [T, ...all.shape.slice(2)], data: all.data });
      };
      close("output", { h: joined(pieces.y) }, { h: ours(data.outputs.y!) }, tolerance.values);
      close("final state", last, upstream(spec, data.outputs).final, tolerance.values);
      const sum = { params: total!, inputs: { x: joined(pieces.x) }, initial: first.initial };
      closeGradients(spec, sum, data.gradients, data, tolerance.gradients);
    },
  );
});
