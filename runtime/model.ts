/** @file A model that is ready to compute. In: an artifact, a device, a seed. Out: run, grad, stream,
 *  parameters. Callers' mistakes are RuntimeErrors that name every value at fault; calls on one model
 *  run one after the other. */
import type { Artifact, Programs, ValueInfo } from "./artifact/artifact.ts";
import { elements, shapeOf } from "./artifact/extent.ts";
import { fault } from "./artifact/fault.ts";
import type { Extent } from "./artifact/kernel.ts";
import type { BackendReport, Device, OpenOptions, Session, Sizes } from "./devices/device.ts";
import { RuntimeError, unwrap } from "./errors.ts";
import { initialise } from "./initialise.ts";
import { checkSeed, readParams } from "./params.ts";
import {
  type BoundRequest,
  type BoundTensor,
  type Request,
  type Upstream,
  type Values,
  bindRequest,
} from "./request.ts";
import { type Stream, type StreamOptions, openStream } from "./stream.ts";
import type { Tensor } from "./values.ts";
import { type LoadWeightsOptions, loadWeights, saveWeights } from "./weights.ts";

export type Tensors = Readonly<Record<string, Tensor>>;

export interface Results {
  /** Sequences [B][T][…]; zero past a sample's length. */
  readonly outputs: Tensors;
  /** Each state at the end of each sample's own length, [B][…]. */
  readonly final: Tensors;
}

export interface Gradients extends Results {
  /** Of Σ upstream · value: by parameter, by real input, by state before the first step. */
  readonly grads: { readonly params: Tensors; readonly inputs: Tensors; readonly initial: Tensors };
}

export interface Model {
  readonly artifact: Artifact;
  /** What really computes. */
  readonly backend: BackendReport;
  /** The device's store, for training; see `Programs` for its names. */
  readonly session: Session;
  /** Sets parameters by the spec's names; all of them unless `partial`. */
  setParams(values: Values, options?: { readonly partial?: boolean }): Promise<void>;
  params(): Promise<Tensors>;
  /** The parameters as a safetensors file; `metadata` is kept beside the artifact's hash. */
  saveWeights(metadata?: Readonly<Record<string, string>>): Promise<Uint8Array>;
  loadWeights(bytes: Uint8Array, options?: LoadWeightsOptions): Promise<void>;
  /** Draws all parameters anew: the same seed, the same bits. */
  initialise(seed: number): Promise<void>;
  /** Whole sequences, in inference mode. */
  run(request: Request): Promise<Results>;
  /** The forward pass and the gradient of Σ upstream · value, in inference mode. */
  grad(request: Request & { readonly upstream: Upstream }): Promise<Gradients>;
  /** One step at a time, the state kept between steps. */
  stream(options?: StreamOptions): Promise<Stream>;
  /** Runs `work` when all calls before it are done, and none after it meanwhile. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
}

/**
 * Parameters are initialised with `seed`, where they are not given before they are read. Throws DeviceError
 * where the device cannot run as named.
 */
export async function openModel(
  artifact: Artifact,
  device: Device,
  seed: number,
  options: OpenOptions = {},
): Promise<Model> {
  checkSeed(seed);
  const session = await device.open(artifact, options);
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();

  const alive = (): void => {
    if (closed) throw new RuntimeError([fault("R212", "", "the model is closed", "load it again")]);
  };
  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(() => {
      alive();
      return work();
    });
    last = result.catch(() => undefined); // the caller has the rejection; the queue goes on
    return result;
  };
  const write = (tensors: ReadonlyMap<string, BoundTensor>, prefix = ""): void => {
    for (const [name, { data, shape, samplesFirst }] of tensors)
      session.write(`${prefix}${name}`, data, shape, samplesFirst);
  };
  const compute = async (program: keyof Programs, bound: BoundRequest): Promise<Results> => {
    drawn();
    write(bound.tensors);
    await session.run(program, bound.sizes);
    return results(artifact, session, bound.sizes);
  };

  // Drawn when first needed: a caller who loads weights never waits for numbers that are thrown away.
  let undrawn = { seed, params: artifact.params };
  const drawn = (): Session => {
    const { seed: from, params: left } = undrawn;
    undrawn = { seed: from, params: [] };
    write(initialise(left, from), "param:");
    return session;
  };
  const given = (tensors: ReadonlyMap<string, Tensor>): void => {
    write(tensors, "param:");
    undrawn = { ...undrawn, params: undrawn.params.filter((p) => !tensors.has(p.name)) };
  };
  const params = (): Promise<Tensors> => {
    drawn();
    return collect(artifact.params, (p) => fetch(session, `param:${p.name}`, p.shape, {}));
  };

  return {
    artifact,
    get session() {
      return drawn();
    },
    get backend() {
      return session.report();
    },
    setParams: (values, options = {}) =>
      exclusive(async () => {
        given(unwrap(readParams(artifact.params, values, options.partial ?? false)));
      }),
    params: () => exclusive(params),
    saveWeights: (metadata = {}) =>
      exclusive(async () => saveWeights(artifact, await params(), metadata)),
    loadWeights: (bytes, options = {}) =>
      exclusive(async () => {
        given(unwrap(loadWeights(artifact, bytes, options)));
      }),
    initialise: (next) =>
      exclusive(async () => {
        checkSeed(next);
        undrawn = { seed: next, params: artifact.params };
      }),
    run: (request) =>
      exclusive(() => {
        const bound = unwrap(bindRequest(artifact, request));
        return compute(bound.masked ? "forwardMasked" : "forward", bound);
      }),
    grad: (request) =>
      exclusive(async () => {
        needGradient(artifact);
        const bound = unwrap(bindRequest(artifact, request, request.upstream));
        const forward = await compute(bound.masked ? "gradientMasked" : "gradient", bound);
        return { ...forward, grads: await gradients(artifact, session, bound.sizes) };
      }),
    stream: (options = {}) =>
      exclusive(() => openStream({ artifact, session: drawn(), exclusive, alive }, options)),
    exclusive,
    close: () => {
      if (closed) return;
      closed = true;
      session.close();
    },
  };
}

/** Throws RuntimeError (R213) where the artifact holds no gradient. */
export function needGradient({ entry, programs }: Artifact): void {
  if (programs.gradient !== null) return;
  const help = "compile the spec again, not for inference";
  throw new RuntimeError([
    fault("R213", "", `${entry.name} was compiled for inference: it has no gradient`, help),
  ]);
}

async function results(artifact: Artifact, session: Session, sizes: Sizes): Promise<Results> {
  return {
    outputs: await collect(artifact.outputs, (o) =>
      fetchSequence(session, `output:${o.name}`, o, sizes),
    ),
    final: await collect(artifact.states, (s) =>
      fetch(session, `final:${s.name}`, ["B", ...s.shape], sizes),
    ),
  };
}

async function gradients(
  artifact: Artifact,
  session: Session,
  sizes: Sizes,
): Promise<Gradients["grads"]> {
  const inputs = artifact.inputs.filter((i) => i.of === null);
  return {
    params: await collect(artifact.params, (p) =>
      fetch(session, `grad:param:${p.name}`, p.shape, sizes),
    ),
    inputs: await collect(inputs, (i) =>
      i.memory
        ? fetch(session, `grad:input:${i.name}`, ["B", i.seq!, ...i.shape], sizes)
        : fetchSequence(session, `grad:input:${i.name}`, i, sizes),
    ),
    initial: await collect(artifact.states, (s) =>
      fetch(session, `grad:initial:${s.name}`, ["B", ...s.shape], sizes),
    ),
  };
}

async function collect<E extends { readonly name: string }>(
  entries: readonly E[],
  one: (entry: E) => Promise<Tensor>,
): Promise<Tensors> {
  const found: [string, Tensor][] = [];
  for (const entry of entries) found.push([entry.name, await one(entry)]);
  return Object.fromEntries(found);
}

async function fetch(
  session: Session,
  name: string,
  shape: readonly Extent[],
  sizes: Sizes,
  samplesFirst = false,
): Promise<Tensor> {
  const data = await session.read(name, samplesFirst);
  const extents = shapeOf(shape, sizes);
  if (data.length !== elements(extents))
    throw new Error(`${name}: ${data.length} elements read, [${extents}] expected`);
  return { data, shape: extents };
}

/** [T][B][…] in the store, [B][T][…] for the caller. */
async function fetchSequence(
  session: Session,
  name: string,
  { seq, shape }: Pick<ValueInfo, "seq" | "shape">,
  sizes: Sizes,
): Promise<Tensor> {
  const steps = seq === null ? [] : [seq];
  return fetch(session, name, ["B", ...steps, ...shape], sizes, seq !== null);
}
