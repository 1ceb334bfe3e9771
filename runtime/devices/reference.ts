/** @file The float64 reference: runs programs as data, in plain loops. In: an artifact. Out: a Device.
 *  Slow and exact: what every other device is compared with. Never makes text; never guesses: a tensor
 *  that is missing or of another shape is a DeviceError. */
import type { Artifact, Programs } from "../artifact/artifact.ts";
import { elements, sameShape, unflatten } from "../artifact/extent.ts";
import type { Program } from "../artifact/kernel.ts";
import { type Place, placeAt } from "../artifact/place.ts";
import {
  type Device,
  DeviceError,
  noChoice,
  type Real,
  type Session,
  type Sizes,
  type Stepper,
} from "./device.ts";
import type { Tensor } from "./reference/evaluate.ts";
import { type Plan, type Watch, plan } from "./reference/plan.ts";
import { swapLeading } from "./swap.ts";

export const referenceDevice: Device = {
  name: "reference",
  available: async () => ({ ok: true }),
  open: async (artifact, options) => {
    noChoice("reference", options);
    return open(artifact);
  },
};

export interface StoredTensor {
  readonly data: Real;
  readonly shape: readonly number[];
}

/** The first value that is not finite: an input of the program, or a kernel's output at a step. */
export interface NonFinite {
  /** Store name of the input, or the label of the kernel's output. */
  readonly name: string;
  readonly kind: "input" | "kernel";
  readonly step: number | null;
  readonly index: readonly number[];
  readonly value: "NaN" | "Infinity" | "-Infinity";
  /** The equations the kernel computes: "gate i" at file:line:column. */
  readonly places: readonly Place[];
}

/**
 * Runs a program on a copy of `store` and gives the first value that is not finite, in the order of
 * computation; null where all are finite. Throws DeviceError as Session.run does.
 */
export function firstNonFinite(
  artifact: Artifact,
  program: keyof Programs,
  store: ReadonlyMap<string, StoredTensor>,
  sizes: Sizes,
): NonFinite | null {
  const spec = programOf(artifact, program);
  const found: NonFinite[] = [];
  const watch: Watch = (kernel, out, step) => {
    if (found.length > 0) return;
    const at = out.data.findIndex((x) => !Number.isFinite(x));
    if (at < 0) return;
    found.push({
      name: out.label,
      kind: "kernel",
      step,
      index: unflatten(at, out.shape),
      value: wordFor(out.data[at]!),
      places: kernel.places.map((place) => placeAt(artifact, place)),
    });
  };
  const built = plan(spec, sizes, watch);
  for (const { name, buffer } of spec.inputs) {
    const from = fetch(store, name, built.buffers[buffer]!, program);
    const at = from.data.findIndex((x) => !Number.isFinite(x));
    if (at >= 0)
      return {
        name,
        kind: "input",
        step: null,
        index: unflatten(at, from.shape),
        value: wordFor(from.data[at]!),
        places: [],
      };
    built.buffers[buffer]!.data.set(from.data);
  }
  built.prepare();
  if (found.length === 0) built.run();
  return found[0] ?? null;
}

/** Plans kept by program and sizes; the oldest goes first. */
const PLANS = 8;

function open(artifact: Artifact): Session {
  const store = new Map<string, StoredTensor>();
  const plans = new Map<string, { readonly plan: Plan; preparedAt: number }>();
  let paramsVersion = 0;
  let closed = false;

  const alive = (): void => {
    if (closed) throw new DeviceError("the session is closed");
  };
  const planFor = (name: keyof Programs, program: Program, sizes: Sizes) => {
    const key = `${name} ${Object.entries(sizes)
      .map(([s, n]) => `${s}=${n}`)
      .sort()
      .join(" ")}`;
    const entry = plans.get(key) ?? { plan: plan(program, sizes), preparedAt: -1 };
    plans.delete(key);
    plans.set(key, entry);
    const oldest = plans.keys().next().value;
    if (plans.size > PLANS && oldest !== undefined) plans.delete(oldest);
    return entry;
  };

  return {
    report: () => ({
      backend: "reference",
      precision: "f64",
      executor: "float64 closures",
      adapter: null,
      threads: 1,
      vectors: null,
    }),
    write: (name, data, shape, samplesFirst = false) => {
      alive();
      const count = elements(shape);
      if (data.length !== count)
        throw new DeviceError(`${name}: ${data.length} numbers do not make shape [${shape}]`);
      if (name.startsWith("param:")) paramsVersion += 1;
      const old = store.get(name);
      const kept = old?.data.length === count ? old.data : new Float64Array(count);
      if (samplesFirst) swapLeading(data, shape[1]!, shape[0]!, kept);
      else kept.set(data);
      store.set(name, { data: kept, shape: [...shape] });
    },
    read: async (name, samplesFirst = false) => {
      alive();
      const tensor = store.get(name);
      if (tensor === undefined) throw new DeviceError(`nothing is stored as ${name}`);
      const [steps, samples] = tensor.shape as readonly [number, number];
      const copy = new Float64Array(tensor.data.length);
      if (samplesFirst) return swapLeading(tensor.data, steps, samples, copy);
      copy.set(tensor.data);
      return copy;
    },
    run: async (name, sizes) => {
      alive();
      const program = programOf(artifact, name);
      const entry = planFor(name, program, sizes);
      const { buffers } = entry.plan;
      bind(program, name, store, buffers);
      if (entry.preparedAt !== paramsVersion) {
        entry.plan.prepare();
        entry.preparedAt = paramsVersion;
      }
      entry.plan.run();
      if (program.outputs.some((o) => o.name.startsWith("param:"))) paramsVersion += 1;
      for (const { name: output, buffer } of program.outputs) {
        const { data, shape } = buffers[buffer]!;
        const old = store.get(output);
        if (old !== undefined && sameShape(old.shape, shape)) old.data.set(data);
        else store.set(output, { data: Float64Array.from(data), shape });
      }
    },
    stepper: (batch) => {
      alive();
      return artifact.programs.step === null
        ? null
        : stepper(artifact.programs.step, batch, store, () => paramsVersion);
    },
    close: () => {
      closed = true;
      store.clear();
      plans.clear();
    },
  };
}

/** Parameters are read again when they changed; inputs and states are the stepper's own, zero at first. */
function stepper(
  program: Program,
  batch: number,
  store: ReadonlyMap<string, StoredTensor>,
  version: () => number,
): Stepper {
  const { buffers, prepare, run } = plan(program, { B: batch });
  const arrays = (
    wanted: (name: string) => boolean,
    list: Program["inputs"],
  ): Map<string, Float64Array> =>
    new Map(
      list
        .filter(({ name }) => wanted(name))
        .map(({ name, buffer }) => [name, new Float64Array(buffers[buffer]!.data.length)]),
    );
  const isState = (name: string): boolean => name.startsWith("state:");
  const isParam = (name: string): boolean => name.startsWith("param:");
  const states = arrays(isState, program.inputs);
  const inputs = arrays((name) => !isState(name) && !isParam(name), program.inputs);
  const outputs = arrays((name) => !isState(name), program.outputs);
  const params = program.inputs.filter(({ name }) => isParam(name));
  const fills = program.inputs.flatMap(({ name, buffer }) => {
    const from = inputs.get(name) ?? states.get(name);
    return from === undefined ? [] : [{ from, into: buffers[buffer]!.data }];
  });
  const results = program.outputs.flatMap(({ name, buffer }) => {
    const into = outputs.get(name) ?? states.get(name);
    return into === undefined ? [] : [{ from: buffers[buffer]!.data, into }];
  });
  let preparedAt = -1;
  const pick = (kind: string, from: ReadonlyMap<string, Float64Array>) => (name: string) => {
    const array = from.get(name);
    if (array === undefined)
      throw new DeviceError(
        `the step has no ${kind} ${name}; it has ${[...from.keys()].join(", ")}`,
      );
    return array;
  };
  return {
    input: pick("input", inputs),
    output: pick("output", outputs),
    state: pick("state", states),
    step: () => {
      if (preparedAt !== version()) {
        for (const { name, buffer } of params)
          buffers[buffer]!.data.set(fetch(store, name, buffers[buffer]!, "step").data);
        prepare();
        preparedAt = version();
      }
      for (const { from, into } of fills) into.set(from);
      run();
      for (const { from, into } of results) into.set(from);
    },
  };
}

function programOf(artifact: Artifact, name: keyof Programs): Program {
  const program = artifact.programs[name];
  if (program === null) throw new DeviceError(`${artifact.entry.name} has no program ${name}`);
  return program;
}

function bind(
  program: Program,
  name: string,
  store: ReadonlyMap<string, StoredTensor>,
  buffers: readonly Tensor[],
): void {
  for (const { name: input, buffer } of program.inputs)
    buffers[buffer]!.data.set(fetch(store, input, buffers[buffer]!, name).data);
}

function fetch(
  store: ReadonlyMap<string, StoredTensor>,
  name: string,
  into: Tensor,
  program: string,
): StoredTensor {
  const tensor = store.get(name);
  if (tensor === undefined)
    throw new DeviceError(`${program} needs ${name}, which is not in the store`);
  if (!sameShape(tensor.shape, into.shape))
    throw new DeviceError(
      `${program} needs ${name} as [${into.shape}], but [${tensor.shape}] is in the store`,
    );
  return tensor;
}

function wordFor(x: number): NonFinite["value"] {
  return Number.isNaN(x) ? "NaN" : x > 0 ? "Infinity" : "-Infinity";
}
