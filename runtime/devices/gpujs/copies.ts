/** @file Tensors brought to the device, and copied on it. In: arrays, tensors. Out: tensors that no plan's
 *  kernel made. Never keeps more copying kernels than a few, save those whose copies are still held. */
import type { Built, Kernels } from "./kernels.ts";
import { layoutOf } from "./layout.ts";
import type { Argument, Handle, View } from "./library.ts";
import { print, type Target } from "./print.ts";
import { copy } from "./synthetic.ts";
import type { Tensor, Tensors } from "./tensors.ts";

export interface Copies {
  /** Uploads; the caller holds the result. */
  put(data: Float32Array, extents: readonly number[]): Promise<Tensor>;
  /** A stand-in for an empty tensor, held for good. */
  nothing(): Promise<Tensor>;
  /** Makes a tensor independent of the kernel that made it. */
  rescue(tensor: Tensor): Promise<void>;
}

export interface CopyDevice {
  readonly kernels: Kernels;
  readonly target: Target;
  readonly tensors: Tensors;
  readonly view: (value: Float32Array, size: readonly number[]) => View;
  /** Told of every handle made. */
  readonly made: (handle: Handle) => void;
}

/** A kernel for every shape copied, for as many shapes as are in use at once in most programs. */
const COPIERS = 32;

export function createCopies({ kernels, target, tensors, view, made }: CopyDevice): Copies {
  const copiers = new Map<string, Built>();
  let empty: Promise<Tensor> | null = null;

  const evict = (): void => {
    for (const [key, built] of copiers) {
      if (copiers.size <= COPIERS) return;
      if (tensors.madeBy(built).length > 0) continue;
      copiers.delete(key);
      if (kernels.release(built)) built.destroy();
    }
  };
  /** gpu.js builds a kernel for one kind of argument. */
  const copier = (kind: "view" | "handle", extents: readonly number[]): Built => {
    const key = `${kind} ${extents.join()}`;
    const known = copiers.get(key);
    copiers.delete(key);
    const built = known ?? build(kind, extents);
    evict();
    copiers.set(key, built);
    return built;
  };
  const build = (kind: "view" | "handle", extents: readonly number[]): Built => {
    const { kernel, extents: shapes } = copy(extents);
    const printed = print(kernel, (id) => shapes[id]!, {}, target);
    return kernels.acquire(printed, [{ kind, dims: layoutOf(extents, target.fits).dims }]);
  };
  const run = async (built: Built, from: Argument): Promise<Handle> => {
    const handle = (await built.run([from])) as Handle;
    made(handle);
    return handle;
  };
  const put: Copies["put"] = async (data, extents) => {
    const built = copier("view", extents);
    const { dims } = layoutOf(extents, target.fits);
    return tensors.hold(await run(built, view(data, dims)), extents, built);
  };
  return {
    put,
    nothing: () => (empty ??= put(new Float32Array(1), [])),
    rescue: async (tensor) => {
      const old = tensor.handle;
      const built = copier("handle", tensor.extents);
      tensor.handle = await run(built, old);
      tensor.maker = built;
      old.delete();
    },
  };
}
