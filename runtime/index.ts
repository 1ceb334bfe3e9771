/** @file What `cellc/runtime` exports. In: nothing. Out: the public names; runs in Node and browsers,
 *  without the compiler. */
import type { Artifact } from "./artifact/artifact.ts";
import { fault } from "./artifact/fault.ts";
import { load as loadArtifact, parse } from "./artifact/load.ts";
import { type Device, DeviceError, type Threads, type Vectors } from "./devices/device.ts";
import { type BackendName, deviceNamed } from "./devices/table.ts";
import { RuntimeError, unwrap } from "./errors.ts";
import type { GradcheckOptions } from "./gradcheck.ts";
import type { GradcheckReport } from "./gradcheck/report.ts";
import { type Model, openModel } from "./model.ts";

export type { Artifact } from "./artifact/artifact.ts";
export type { Fault } from "./artifact/fault.ts";
export { type BackendReport, DeviceError, type Threads, type Vectors } from "./devices/device.ts";
export { BACKENDS, type BackendName } from "./devices/table.ts";
export { RuntimeError } from "./errors.ts";
export type { GradcheckOptions } from "./gradcheck.ts";
export type { GradcheckReport } from "./gradcheck/report.ts";
export type { Gradients, Model, Results, Tensors } from "./model.ts";
export type { Request, Upstream, Values } from "./request.ts";
export { loadTensors, saveTensors, type TensorFile } from "./safetensors.ts";
export type { Snapshot } from "./stream-states.ts";
export type { Step, Stream, StreamOptions } from "./stream.ts";
export { type Nested, nested, type Tensor, type Value } from "./values.ts";

/** See `gradcheck.ts`; it and the reference device are loaded when first asked for. */
export async function gradcheck(
  artifact: Artifact,
  options: GradcheckOptions = {},
): Promise<GradcheckReport> {
  return (await import("./gradcheck.ts")).gradcheck(artifact, options);
}

export interface LoadOptions {
  /** "auto" by default: the first backend that runs here. */
  readonly backend?: BackendName;
  /** Of the initial parameters; the train block's by default, else 0. */
  readonly seed?: number;
  /**
   * "auto" by default: as many as there are cores and as pay at the sizes of a run. A number: that many,
   * where there is enough work to deal. Results are the same bits for any number.
   */
  readonly threads?: Threads;
  /**
   * Bits of the wasm backend's vectors. 256: up to 1.9 times as fast, with the same bits as results, where Node 24 or
   * newer runs on an x64 processor with AVX2. It sets V8's flag --experimental-wasm-revectorize, for the whole process and for
   * good. "auto", the default: 256 where the flag is set already, else 128.
   */
  readonly vectors?: Vectors;
}

/**
 * A model from an artifact: its JSON text, its bytes, or what JSON.parse gave. Rejects with a
 * RuntimeError that says all that is wrong with it (R1), or that the backend, its threads or its vectors
 * cannot be had here (R4); with a DeviceError where the backend fails on this very artifact.
 */
export async function load(
  artifact: unknown,
  { backend = "auto", seed, threads = "auto", vectors = "auto" }: LoadOptions = {},
): Promise<Model> {
  const checked: Artifact = unwrap(
    typeof artifact === "string" || artifact instanceof Uint8Array
      ? await parse(artifact)
      : await loadArtifact(artifact),
  );
  const found = await device(backend);
  const drawn = seed ?? checked.train?.seed ?? 0;
  return openModel(checked, found, drawn, { threads, vectors }).catch((error: unknown) => {
    if (!(error instanceof DeviceError) || error.code === null) throw error;
    const path = OPTION_OF[error.code];
    throw new RuntimeError([fault(error.code, path, error.message)]);
  });
}

const OPTION_OF = { R401: "backend", R402: "threads", R403: "vectors" } as const;

/** The device, where it runs here. */
async function device(backend: string): Promise<Device> {
  const refuse = (why: string): RuntimeError =>
    new RuntimeError([
      fault("R401", "backend", `${backend} cannot run here: ${why}`, 'try "auto", or "reference"'),
    ]);
  const found = await deviceNamed(backend).catch((error: unknown) => {
    throw error instanceof DeviceError ? refuse(error.message) : error;
  });
  const there = await found.available();
  if (!there.ok) throw refuse(there.why);
  return found;
}
