/** @file The executor of graphics devices. In: gpu.js, loaded. Out: plans over counted device tensors; no
 *  stepper, for reading back is asynchronous or a stall. Never loses a tensor with the kernel that made it. */
import { elements } from "../../artifact/extent.ts";
import { DeviceError } from "../device.ts";
import { createCopies } from "./copies.ts";
import type { Executor } from "./executor.ts";
import type { Built, Kernels } from "./kernels.ts";
import { flat, type Handle, type View } from "./library.ts";
import type { Target } from "./print.ts";
import { residentPlan } from "./resident.ts";
import { createTensors, type Tensor } from "./tensors.ts";

/** A stored tensor: here until first used there; both where it was. */
export interface Stored {
  readonly extents: readonly number[];
  readonly host: Float32Array | null;
  tensor: Tensor | null;
}

export interface ResidentDevice {
  readonly kernels: Kernels;
  readonly target: Target;
  readonly view: (value: Float32Array, size: readonly number[]) => View;
  readonly close: () => void;
}

export function residentExecutor(device: ResidentDevice): Executor<Stored> {
  const { kernels, target, view } = device;
  const tensors = createTensors();
  const watch = createWatch();
  const copies = createCopies({ kernels, target, tensors, view, made: watch.add });
  const { put, nothing } = copies;
  const onDevice = async (stored: Stored): Promise<Tensor | null> => {
    if (stored.tensor === null && stored.host !== null && stored.host.length > 0)
      stored.tensor = await put(stored.host, stored.extents);
    return stored.tensor;
  };
  const destroy = async (kernel: Built): Promise<void> => {
    for (const tensor of tensors.madeBy(kernel)) await copies.rescue(tensor);
    kernel.destroy();
  };

  return {
    upload: (data, shape) => ({ extents: shape, host: Float32Array.from(data), tensor: null }),
    download: async ({ host, tensor, extents }) => {
      if (host !== null) return Float32Array.from(host);
      if (tensor === null) return new Float32Array(0);
      const data = flat(await tensor.handle.toArray(), elements(extents));
      watch.check();
      return data;
    },
    free: ({ tensor }) => {
      if (tensor !== null) tensors.drop(tensor);
    },
    plan: (program, sizes) => {
      const plan = residentPlan(program, sizes, { kernels, target, tensors, put, nothing });
      return {
        run: async (inputs, prepare) => {
          const bound: (Tensor | null)[] = [];
          for (const input of inputs) bound.push(await onDevice(input));
          const results = await plan.run(bound, prepare);
          watch.check();
          return results.map((tensor) => ({ extents: tensor?.extents ?? [0], host: null, tensor }));
        },
        close: async () => {
          for (const kernel of plan.close()) await destroy(kernel);
        },
      };
    },
    step: null,
    close: () => {
      tensors.dropAll();
      device.close();
    },
  };
}

/** WebGPU reports what it refuses in events, not by throwing: the next result is an error then. */
function createWatch() {
  const watched = new WeakSet<EventTarget>();
  let fault: string | null = null;
  return {
    add: ({ context }: Handle): void => {
      const device = context?.device;
      if (!(device instanceof EventTarget) || watched.has(device)) return;
      watched.add(device);
      device.addEventListener("uncapturederror", (event) => {
        const { error } = event as Event & { readonly error?: { readonly message?: string } };
        fault ??= error?.message ?? "an error without a message";
      });
    },
    check: (): void => {
      if (fault !== null) throw new DeviceError(`the graphics device refused a kernel: ${fault}`);
    },
  };
}
