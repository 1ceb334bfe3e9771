/** @file What a backend is. In: nothing. Out: the interface of every device, and what it reports.
 *  Never falls back in silence: a device that cannot run as named throws a DeviceError. */
import type { Artifact, Programs } from "../artifact/artifact.ts";

export type Real = Float32Array | Float64Array;

/** What really ran. `executor` is the library's own word; `fallback` is always null in a report that was returned. */
export interface BackendReport {
  readonly backend: string;
  readonly precision: "f32" | "f64";
  readonly executor: string;
  readonly adapter: string | null;
  /** Threads that computed: the most that a run has used so far. */
  readonly threads: number;
  /** Bits of the vectors that computed; null where the backend cannot tell. */
  readonly vectors: 128 | 256 | null;
}

/** How many threads may compute: a number from 1, or as many as pay. */
export type Threads = number | "auto";

/** Bits of a vector: WebAssembly's 128, or 256, where the engine computes with two of them at once; "auto": 256 where it does already. */
export type Vectors = 128 | 256 | "auto";

export interface OpenOptions {
  /** "auto" where it is left out. */
  readonly threads?: Threads;
  /** "auto" where it is left out. */
  readonly vectors?: Vectors;
}

/** Run-time values of symbols: { B: 32, T: 64 }. All ≥ 0; B ≥ 1. */
export type Sizes = Readonly<Record<string, number>>;

export interface Device {
  readonly name: string;
  /** Resolves where it can run here, else says why not. */
  available(): Promise<{ readonly ok: true } | { readonly ok: false; readonly why: string }>;
  /** Rejects with a DeviceError where threads or vectors are asked for that cannot be had. */
  open(artifact: Artifact, options?: OpenOptions): Promise<Session>;
}

/**
 * A model on a device. The store holds tensors by name (`param:W`, `slot:m:W`, `grad:param:W`, …)
 * and keeps them where the device computes; a run reads its inputs from it and writes its outputs to it.
 */
export interface Session {
  report(): BackendReport;
  /**
   * Puts a tensor in the store; copied. `shape` is the program's buffer's, [T][B][…] of a sequence; `samplesFirst`:
   * `data` have those two axes the other way around, as callers of a model do.
   */
  write(name: string, data: Real, shape: readonly number[], samplesFirst?: boolean): void;
  /** A copy of a stored tensor, in the order that `samplesFirst` says. */
  read(name: string, samplesFirst?: boolean): Promise<Real>;
  /** Runs a program; resolves when its outputs are in the store. Throws DeviceError where an input is missing. */
  run(program: keyof Programs, sizes: Sizes): Promise<void>;
  /** A streaming step over `batch` samples, or null where the device has no synchronous one. */
  stepper(batch: number): Stepper | null;
  /** Bytes taken by tensors and buffers; absent where a device cannot tell. */
  bytes?(): number;
  /** Frees everything; the session is unusable after. */
  close(): void;
}

/**
 * Synchronous streaming: fill `input("input:x")`, call `step()`, read `output("output:y")`. Names are
 * the step program's store names; the arrays stay the same objects. Parameters are read from the
 * session's store at the first step and again after they were written.
 */
export interface Stepper {
  input(name: string): Real;
  output(name: string): Real;
  /** Store names `state:…` of the step program; write to set, read to get. */
  state(name: string): Real;
  step(): void;
  /** Bytes taken by its parameters, states and buffers; absent where a device cannot tell. */
  bytes?(): number;
}

/** For devices that have no threads and no vectors to choose; throws a DeviceError where they are asked for. */
export function noChoice(device: string, options: OpenOptions = {}): void {
  const { threads = "auto", vectors = "auto" } = options;
  if (threads !== "auto" && threads !== 1)
    throw noThreads(threads, `${device} computes with one; wasm with more`);
  if (vectors !== "auto") throw noVectors(vectors, `${device} has no choice of them; wasm has`);
}

/** R402; `why` says what is in the way. */
export function noThreads(threads: number, why: string): DeviceError {
  return new DeviceError(`${threads} threads cannot be had: ${why}; leave threads out`, {
    code: "R402",
  });
}

/** R403; `why` says what is in the way. */
export function noVectors(vectors: number, why: string): DeviceError {
  return new DeviceError(`vectors of ${vectors} bits cannot be had: ${why}; leave vectors out`, {
    code: "R403",
  });
}

export class DeviceError extends Error {
  override readonly name = "DeviceError";
  /** Where there is a page about it. */
  readonly code: "R401" | "R402" | "R403" | null;

  constructor(message: string, options: ErrorOptions & { code?: DeviceError["code"] } = {}) {
    super(message, options);
    this.code = options.code ?? null;
  }
}
