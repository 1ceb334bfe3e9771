/** @file Built kernels, shared by text. In: printed kernels. Out: gpu.js kernels, each built once and
 *  destroyed when its last user lets go. Never lets one run elsewhere than on the backend named. */
import { DeviceError } from "../device.ts";
import type { Argument, Backend, KernelFunction, Library } from "./library.ts";
import type { Printed } from "./print.ts";
import { isResident, targetOf } from "./targets.ts";

export interface Kernels {
  /** The kernel for this text, output and arguments; to be given back by `release`. */
  acquire(printed: Printed, signature: Signature): Built;
  /** True where nobody uses it any more: then `destroy` it. */
  release(built: Built): boolean;
}

/** Kind and dims of each argument: gpu.js builds a kernel for those of its first call. */
export type Signature = readonly {
  readonly kind: "view" | "handle";
  readonly dims: readonly number[];
}[];

export interface Built {
  /** Throws DeviceError where gpu.js would run it elsewhere. */
  run(args: readonly Argument[]): unknown;
  destroy(): void;
  readonly key: string;
}

/** More than any loop's count: gpu.js stops loops it takes for unbounded, in silence. */
const LOOP_LIMIT = 2 ** 30;

export function createKernels(library: Library, backend: Backend): Kernels {
  const built = new Map<string, { readonly it: Built; users: number }>();
  return {
    acquire: (printed, signature) => {
      const key = JSON.stringify([printed.text, printed.output, signature]);
      const entry = built.get(key) ?? { it: build(library, backend, printed, key), users: 0 };
      entry.users += 1;
      built.set(key, entry);
      return entry.it;
    },
    release: ({ key }) => {
      const entry = built.get(key);
      if (entry === undefined) return false;
      entry.users -= 1;
      if (entry.users > 0) return false;
      built.delete(key);
      return true;
    },
  };
}

function build(library: Library, backend: Backend, printed: Printed, key: string): Built {
  const run: KernelFunction = library.createKernel(printed.text, {
    output: printed.output,
    loopMaxIterations: LOOP_LIMIT,
    precision: "single",
    tactic: "precision",
    ...(isResident(backend) ? { pipeline: true, immutable: true } : {}),
  });
  let proven = false;
  return {
    key,
    run: (args) => {
      let result: unknown;
      try {
        result = run(...args);
      } catch (cause) {
        return refuse(backend, cause);
      }
      if (!proven) proveBackend(run, backend);
      proven = true;
      return result instanceof Promise ? result.catch((cause) => refuse(backend, cause)) : result;
    },
    destroy: () => run.destroy(),
  };
}

function refuse(backend: Backend, cause: unknown): never {
  const why = cause instanceof Error ? cause.message : String(cause);
  throw new DeviceError(`${backend}: ${why}`, { cause });
}

function proveBackend({ kernel }: KernelFunction, backend: Backend): void {
  const { mode } = kernel.constructor;
  if (kernel.fallbackReason !== null)
    throw new DeviceError(`${backend}: gpu.js fell back to ${mode}: ${kernel.fallbackReason}`);
  if (mode !== targetOf(backend).executor)
    throw new DeviceError(`${backend}: gpu.js runs this on ${mode} instead`);
}
