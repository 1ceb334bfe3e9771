/** @file What a caller asks a model to compute. In: values by the spec's names, samples first. Out:
 *  tensors by store name, laid out as programs read them, with all sizes; or every fault. */
import type { Artifact, InputInfo } from "./artifact/artifact.ts";
import { elements, shapeOf } from "./artifact/extent.ts";
import { type Fault, type Result, fail, fault, ok } from "./artifact/fault.ts";
import type { Extent } from "./artifact/kernel.ts";
import { inputSlot, sequences } from "./artifact/signature.ts";
import type { Sizes } from "./devices/device.ts";
import { swapLeading } from "./devices/swap.ts";
import { nearest } from "./nearest.ts";
import { type Bound, type Tensor, type Value, type Wanted, read } from "./values.ts";

export type Values = Readonly<Record<string, Value>>;

export interface Request {
  /** Sequences are [B][T][…], one vector a sample [B][…], memories [B][S][…]. */
  readonly inputs: Values;
  /** States before the first step, [B][…]; those left out start as the spec says. */
  readonly initial?: Values;
  /**
   * Steps of each sample, 0 to T; an array where the model has one sequence, else by sequence. A sample
   * of no steps ends in the states that it starts from.
   */
  readonly lengths?: readonly number[] | Readonly<Record<string, readonly number[]>>;
}

export interface Upstream {
  /** ∂loss/∂output, shaped as the output. */
  readonly outputs?: Values;
  /** ∂loss/∂final state, [B][…]. */
  readonly final?: Values;
}

export interface BoundRequest {
  readonly sizes: Sizes;
  /** By store name. */
  readonly tensors: ReadonlyMap<string, BoundTensor>;
  readonly masked: boolean;
}

/** What `Session.write` takes; `shape` is the program's. May hold the caller's own numbers, for one who writes them at once. */
export interface BoundTensor extends Tensor {
  readonly samplesFirst?: boolean;
}

/** Binds a request; with `upstream`, for the gradient programs. */
export function bindRequest(
  artifact: Artifact,
  request: Request,
  upstream: Upstream | null = null,
): Result<BoundRequest> {
  const bound: Bound = new Map();
  const faults: Fault[] = [];
  const tensors = new Map<string, BoundTensor>();
  const take: Take = (store, value, what, stepsFirst) => {
    const result = read(value, what, bound, true);
    if (!result.ok) return void faults.push(...result.faults);
    const { data, shape } = result.value;
    const [samples = 1, steps = 1, ...rest] = shape;
    if (!stepsFirst) tensors.set(store, result.value);
    else tensors.set(store, { data, shape: [steps, samples, ...rest], samplesFirst: true });
  };

  const inputs = record(request.inputs, "inputs", faults);
  unknown(inputs, artifact.inputs, "input", "inputs", faults);
  for (const input of artifact.inputs) {
    if (!Object.hasOwn(inputs, input.name)) faults.push(missing("input", input.name, "inputs"));
    else take(`input:${input.name}`, inputs[input.name], wantedInput(input), stepsFirst(input));
  }

  readInitial(artifact, request.initial ?? {}, take, faults);
  const lengths = readLengths(artifact, request.lengths, bound, faults);
  for (const [sequence, tensor] of lengths ?? []) tensors.set(`length:${sequence}`, tensor);

  if (upstream !== null) {
    const outputs = record(upstream.outputs ?? {}, "upstream.outputs", faults);
    const final = record(upstream.final ?? {}, "upstream.final", faults);
    unknown(outputs, artifact.outputs, "output", "upstream.outputs", faults);
    unknown(final, artifact.states, "state", "upstream.final", faults);
    if (Object.keys(outputs).length + Object.keys(final).length === 0)
      faults.push(
        fault(
          "R209",
          "upstream",
          "it names no output and no final state",
          "give ∂loss/∂output for at least one",
        ),
      );
    for (const { name, seq, shape } of artifact.outputs)
      if (Object.hasOwn(outputs, name)) {
        const outer = seq === null ? ["B"] : ["B", seq];
        const what = wanted("upstream of output", name, "upstream.outputs", [...outer, ...shape]);
        take(`upstream:${name}`, outputs[name], what, seq !== null);
      }
    for (const { name, shape } of artifact.states)
      if (Object.hasOwn(final, name)) {
        const what = wanted("upstream of final state", name, "upstream.final", ["B", ...shape]);
        take(`upstream-final:${name}`, final[name], what, false);
      }
  }
  if (faults.length > 0) return fail(...faults);

  const sizes = { B: 1, ...Object.fromEntries([...bound].map(([s, { size }]) => [s, size])) };
  complete(artifact, sizes, tensors, upstream !== null);
  return ok({ sizes, tensors, masked: lengths !== null });
}

/** `initial:` and `given:` of every state, for `batch` samples. */
export function bindInitial(
  artifact: Artifact,
  initial: Values,
  batch: number,
): Result<ReadonlyMap<string, Tensor>> {
  const bound: Bound = new Map([["B", { size: batch, by: "the stream" }]]);
  const faults: Fault[] = [];
  const tensors = new Map<string, Tensor>();
  const take: Take = (store, value, what) => {
    const result = read(value, what, bound);
    if (result.ok) tensors.set(store, result.value);
    else faults.push(...result.faults);
  };
  readInitial(artifact, initial, take, faults);
  if (faults.length > 0) return fail(...faults);
  complete(artifact, { B: batch }, tensors, false);
  return ok(tensors);
}

type Take = (store: string, value: unknown, wanted: Wanted, stepsFirst: boolean) => void;

function readInitial(artifact: Artifact, values: Values, take: Take, faults: Fault[]): void {
  const initial = record(values, "initial", faults);
  unknown(initial, artifact.states, "state", "initial", faults);
  for (const { name, shape } of artifact.states) {
    if (!Object.hasOwn(initial, name)) continue;
    const what = wanted("initial state", name, "initial", ["B", ...shape]);
    take(`initial:${name}`, initial[name], what, false);
  }
}

/** An input of one step. */
export function wantedStep(input: InputInfo, batch: number): Wanted {
  return { ...wantedInput({ ...input, seq: null }), extents: [batch, ...input.shape] };
}

/** An input as callers give it: samples first. */
export function wantedInput(input: InputInfo): Wanted {
  const { name, seq, shape, of } = input;
  const extents = [...(seq === null ? ["B"] : ["B", seq]), ...shape];
  return { what: `input \`${name}\``, path: `inputs.${name}`, extents, of };
}

/** Programs want [T][B][…] where callers give [B][T][…]. */
export function stepsFirst(input: InputInfo): boolean {
  return inputSlot(input).shape[0] !== "B";
}

/** [a][b][…] → [b][a][…]. */
export function swapped({ data, shape }: Tensor): Tensor {
  const [a = 1, b = 1, ...rest] = shape;
  const into =
    data instanceof Float32Array ? new Float32Array(data.length) : new Float64Array(data.length);
  return { data: swapLeading(data, a, b, into), shape: [b, a, ...rest] };
}

export function missing(kind: string, name: string, path: string): Fault {
  return fault("R201", `${path}.${name}`, `${kind} \`${name}\` is missing`);
}

/** Faults for the keys of `values` that nothing in `known` has. */
export function unknown(
  values: Values,
  known: readonly { readonly name: string }[],
  kind: string,
  path: string,
  faults: Fault[],
): void {
  const names = known.map((k) => k.name);
  for (const key of Object.keys(values)) {
    if (names.includes(key)) continue;
    const near = nearest(key, names);
    faults.push(
      fault(
        "R202",
        `${path}.${key}`,
        `there is no ${kind} \`${key}\``,
        near !== null
          ? `did you mean \`${near}\`?`
          : names.length === 0
            ? `the model has no ${kind}`
            : `it has ${names.join(", ")}`,
      ),
    );
  }
}

/** The value as an object; a fault and an empty one where it is none. */
export function record(value: unknown, path: string, faults: Fault[]): Values {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Values;
  faults.push(fault("R201", path, `${path} is not an object of values by name`));
  return {};
}

function wanted(kind: string, name: string, path: string, extents: readonly Extent[]): Wanted {
  return { what: `${kind} \`${name}\``, path: `${path}.${name}`, extents, of: null };
}

/** Lengths by sequence, all of them; null where every sample has all steps. */
function readLengths(
  artifact: Artifact,
  lengths: Request["lengths"],
  bound: Bound,
  faults: Fault[],
): ReadonlyMap<string, Tensor> | null {
  if (lengths === undefined) return null;
  const all = sequences(artifact);
  const bad = (path: string, message: string, help: string | null = null): null => {
    faults.push(fault("R207", path, message, help));
    return null;
  };
  if (all.length === 0) return bad("lengths", "the model has no sequence");
  if (Array.isArray(lengths) && all.length > 1)
    return bad(
      "lengths",
      "the model has several sequences",
      `give { ${all.map((s) => `${s}: […]`).join(", ")} }`,
    );
  const given = record(
    Array.isArray(lengths) ? { [all[0]!]: lengths } : lengths,
    "lengths",
    faults,
  );
  for (const key of Object.keys(given))
    if (!all.includes(key))
      bad(`lengths.${key}`, `the model has no sequence ${key}`, `it has ${all.join(", ")}`);
  const result = new Map<string, Tensor>();
  for (const sequence of all) {
    const steps = bound.get(sequence)?.size;
    const samples = bound.get("B")?.size;
    if (steps === undefined || samples === undefined) continue; // its input has a fault of its own
    if (!Object.hasOwn(given, sequence)) {
      result.set(sequence, { data: new Float64Array(samples).fill(steps), shape: [samples] });
      continue;
    }
    const path = Array.isArray(lengths) ? "lengths" : `lengths.${sequence}`;
    const list: unknown = given[sequence];
    if (!Array.isArray(list) || list.length !== samples) {
      bad(path, `${samples} samples need ${samples} lengths`);
      continue;
    }
    const wrong = list.findIndex(
      (n: unknown) => !(Number.isInteger(n) && Number(n) >= 0 && Number(n) <= steps),
    );
    if (wrong >= 0)
      bad(
        `${path}[${wrong}]`,
        `${JSON.stringify(list[wrong])} is not a whole number from 0 to ${steps}`,
      );
    else result.set(sequence, { data: Float64Array.from(list as number[]), shape: [samples] });
  }
  return result;
}

/** Adds what programs read and the caller left out. */
function complete(
  artifact: Artifact,
  sizes: Sizes,
  tensors: Map<string, Tensor>,
  upstream: boolean,
): void {
  const constant = (name: string, shape: readonly Extent[], value: number): void => {
    if (tensors.has(name)) return;
    const extents = shapeOf(shape, sizes);
    tensors.set(name, { data: new Float64Array(elements(extents)).fill(value), shape: extents });
  };
  for (const { name, shape, initial } of artifact.states) {
    if (initial === null) constant(`given:${name}`, [], tensors.has(`initial:${name}`) ? 1 : 0);
    constant(`initial:${name}`, ["B", ...shape], initial ?? 0);
    if (upstream) constant(`upstream-final:${name}`, ["B", ...shape], 0);
  }
  if (!upstream) return;
  for (const { name, seq, shape } of artifact.outputs)
    constant(`upstream:${name}`, [...(seq === null ? ["B"] : [seq, "B"]), ...shape], 0);
}
