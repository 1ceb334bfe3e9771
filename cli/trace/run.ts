/** @file A traced run. In: an artifact, its weights, a bound input, a backend. Out: every named value at every
 *  step, samples first, and what the numbers say. `cellc trace` prints it, other commands may ask for it. */
import { type Traced, type TracedValue, traced } from "../../compiler/trace.ts";
import type { Artifact, InputInfo } from "../../runtime/artifact/artifact.ts";
import { shapeOf } from "../../runtime/artifact/extent.ts";
import { inputSlot } from "../../runtime/artifact/signature.ts";
import type { BackendReport, Real } from "../../runtime/devices/device.ts";
import type { Model } from "../../runtime/model.ts";
import {
  type BoundRequest,
  type BoundTensor,
  stepsFirst,
  swapped,
  type Values,
} from "../../runtime/request.ts";
import type { Tensor } from "../../runtime/values.ts";
import { type BackendOptions, openWith } from "../backend.ts";
import { Failure } from "../fail.ts";
import { type Stats, statsOf } from "./stats.ts";

export interface TraceRequest extends BackendOptions {
  readonly artifact: Artifact;
  /** The bytes of a safetensors file, or values by name; null: as `seed` initialises them. */
  readonly weights: Uint8Array | Values | null;
  /** What goes in: see `input.ts`. */
  readonly bound: BoundRequest;
  /** How near an end of its range a value is saturated, as a share of the range. */
  readonly tolerance?: number;
}

export interface TracedTensor extends Omit<TracedValue, "role" | "seq"> {
  readonly role: TracedValue["role"] | "input";
  readonly seq: string;
  /** [B, steps, …shape], row-major. */
  readonly extents: readonly number[];
  readonly data: Real;
  readonly stats: Stats;
}

export interface Trace {
  readonly entry: Artifact["entry"];
  readonly dims: Artifact["dims"];
  readonly hash: string;
  readonly backend: BackendReport;
  readonly sizes: Readonly<Record<string, number>>;
  /** Steps of each sample by sequence; null where all have all. */
  readonly lengths: Readonly<Record<string, readonly number[]>> | null;
  readonly tolerance: number;
  /** Inputs, then gates, lets and states in the order of their equations. */
  readonly values: readonly TracedTensor[];
}

export const TOLERANCE = 0.05;

/** Throws a Failure where there is nothing to trace. */
export async function traceOf(request: TraceRequest): Promise<Trace> {
  const { artifact, weights } = request;
  const made = tracedOf(artifact);
  const model = await openWith(made.artifact, request);
  try {
    if (weights instanceof Uint8Array) await model.loadWeights(weights);
    else if (weights !== null) await model.setParams(weights, { partial: false });
    return await run(model, made, request);
  } finally {
    model.close();
  }
}

function tracedOf(artifact: Artifact): Traced {
  const made = traced(artifact);
  if (made === null)
    throw new Failure(
      `error: the source that the artifact of ${artifact.entry.name} carries compiles to other equations; compile the spec again`,
      1,
    );
  if (made.values.length > 0) return made;
  throw new Failure(`error: ${artifact.entry.name} has no value over a sequence to trace`, 1);
}

async function run(model: Model, made: Traced, request: TraceRequest): Promise<Trace> {
  const { artifact, bound, tolerance = TOLERANCE } = request;
  const { sizes, tensors, masked } = bound;
  const lengths = masked
    ? Object.fromEntries(
        [...tensors].flatMap(([name, { data }]) =>
          name.startsWith("length:") ? [[name.slice("length:".length), Array.from(data)]] : [],
        ),
      )
    : null;
  const { session } = model;
  for (const [name, { data, shape, samplesFirst }] of tensors)
    session.write(name, data, shape, samplesFirst);
  await session.run(masked ? "forwardMasked" : "forward", sizes);
  const tensor = (
    value: Omit<TracedTensor, "extents" | "data" | "stats">,
    { data, shape }: { readonly data: Real; readonly shape: readonly number[] },
  ): TracedTensor => {
    const [samples = 1, steps = 0, ...features] = shape;
    const numbers = {
      data,
      samples,
      steps,
      units: features.reduce((n, e) => n * e, 1),
      lengths: lengths?.[value.seq] ?? null,
    };
    const range = value.role === "gate" ? ([0, 1] as const) : value.range;
    const saturates = value.role === "gate" || value.role === "let";
    const stats = statsOf(numbers, range, saturates, tolerance);
    return { ...value, extents: shape, data, stats };
  };
  const values: TracedTensor[] = [];
  for (const input of artifact.inputs) {
    const { name, seq } = input;
    const found = tensors.get(`input:${name}`);
    if (seq === null || found === undefined) continue;
    const place = placeOf(made, input.place);
    const { shape } = inputSlot({ ...input, seq: null });
    const own = { name, role: "input", layer: null, label: name, seq, range: null } as const;
    values.push(tensor({ ...own, shape: shape.slice(1), place }, samplesFirst(input, found)));
  }
  for (const value of made.values) {
    const data = await session.read(`trace:${value.name}`, true);
    values.push(tensor(value, { data, shape: shapeOf(["B", value.seq, ...value.shape], sizes) }));
  }
  const { entry, dims, hash } = artifact;
  return { entry, dims, hash, backend: model.backend, sizes, lengths, tolerance, values };
}

/** An input [B][T][…], as it is in a request or in a batch of a data set. */
function samplesFirst(input: InputInfo, { data, shape, samplesFirst: is }: BoundTensor): Tensor {
  if (!stepsFirst(input)) return { data, shape };
  const [steps = 1, samples = 1, ...rest] = shape;
  return is === true ? { data, shape: [samples, steps, ...rest] } : swapped({ data, shape });
}

function placeOf({ artifact: { source } }: Traced, index: number): TracedValue["place"] {
  const { file, ...place } = source.places[index]!;
  return { ...place, file: source.files[file]!.path };
}
