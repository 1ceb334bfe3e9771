/** @file What runs programs for a session. In: programs, sizes, tensors. Out: tensors. Two make one: `host`
 *  where results are arrays at once, `resident` where they stay on a graphics device. */
import type { Program } from "../../artifact/kernel.ts";
import type { Real, Sizes, Stepper } from "../device.ts";

/** `V` is a stored tensor: an array, or a counted reference to device memory. */
export interface Executor<V> {
  /** Copies. */
  upload(data: Real, shape: readonly number[]): V;
  /** A copy. */
  download(value: V): Promise<Float32Array>;
  free(value: V): void;
  plan(program: Program, sizes: Sizes): Plan<V>;
  /** null where nothing runs synchronously. */
  step: ((program: Program, batch: number, parameters: Parameters<V>) => Stepper) | null;
  /** Frees kernels and device; values are worthless after. */
  close(): void;
}

/** Parameters as they are now. */
export interface Parameters<V> {
  /** Changes when one of them does. Throws DeviceError when the session is closed. */
  version(): number;
  get(name: string): V;
}

/** A program at one set of sizes. */
export interface Plan<V> {
  /**
   * Runs the program on one value an input; results one an output, each the caller's to free.
   * `prepare` says whether the prepared stages must run again.
   */
  run(inputs: readonly V[], prepare: boolean): Promise<readonly V[]>;
  /** Resolves when its kernels are gone; values it made live on. */
  close(): Promise<void>;
}
