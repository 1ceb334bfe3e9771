/** @file gpu.js behind types that say what we use of it. In: printed kernels, flat float32 arrays. Out:
 *  kernels that run. Never a string that is not Code; never `any`: its own typings refuse typed arrays. */
import type { Code } from "./code.ts";

/** A flat array as gpu.js takes it: value[z][y][x] of size [X, Y, Z]. `value` may be replaced. */
export interface View {
  value: Float32Array;
  readonly size: readonly number[];
}

/** A result that stays on the device: a texture or a storage buffer. */
export interface Handle {
  toArray(): Nested | Promise<Nested>;
  delete(): void;
  /** WebGPU: what it lives on. */
  readonly context?: { readonly device?: EventTarget };
}

export type Nested = Float32Array | readonly Nested[];
export type Argument = View | Handle | number;

export interface KernelFunction {
  (...args: readonly Argument[]): unknown;
  readonly kernel: {
    readonly constructor: { readonly mode: string };
    readonly fallbackReason: string | null;
  };
  destroy(): void;
}

export interface KernelSettings {
  readonly output: readonly number[];
  readonly loopMaxIterations: number;
  readonly precision: "single";
  readonly tactic: "precision";
  readonly pipeline?: boolean;
  readonly immutable?: boolean;
}

export interface Library {
  createKernel(text: Code, settings: KernelSettings): KernelFunction;
  destroy(): Promise<void>;
}

export const BACKENDS = ["webasm", "cpu", "webgl2", "webgl", "headlessgl", "webgpu"] as const;
export type Backend = (typeof BACKENDS)[number];

interface Module {
  readonly GPU: {
    new (settings: { readonly mode: Backend }): Library;
    readonly isWebAssemblySupported: boolean;
    readonly isWebGLSupported: boolean;
    readonly isWebGL2Supported: boolean;
    readonly isHeadlessGLSupported: boolean;
    readonly isWebGPUSupported: boolean;
    isWebGPUAvailable(): Promise<boolean>;
  };
  readonly input: (value: Float32Array, size: readonly number[]) => View;
}

/** gpu.js is loaded when a device is asked for, so that a bundle may leave it out. */
export async function loadLibrary(): Promise<Module> {
  // Node names a CommonJS module's exports; a bundler may give them as the default export only.
  const loaded: unknown = await import("gpu.js");
  const { default: inner } = loaded as { readonly default?: Partial<Module> };
  return inner?.GPU === undefined ? (loaded as Module) : (inner as Module);
}

export type Loaded = Awaited<ReturnType<typeof loadLibrary>>;

/** Rows in one array: without a copy where they are views of one already. */
export function flat(result: Nested, count: number): Float32Array {
  if (result instanceof Float32Array) return result;
  let first: Nested = result;
  while (!(first instanceof Float32Array)) first = first[0]!;
  if (first.byteOffset === 0 && first.buffer.byteLength === 4 * count)
    return new Float32Array(first.buffer);
  const out = new Float32Array(count);
  let at = 0;
  const append = (part: Nested): void => {
    if (part instanceof Float32Array) {
      out.set(part, at);
      at += part.length;
    } else for (const row of part) append(row);
  };
  append(result);
  return out;
}
