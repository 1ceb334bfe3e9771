/** @file Counted references to device memory. In: results of kernels. Out: tensors that are freed when
 *  nobody holds them. Never lets one die with the kernel that made it. */
import type { Handle } from "./library.ts";

export interface Tensor {
  readonly extents: readonly number[];
  handle: Handle;
  /** The kernel it dies with. */
  maker: object;
  holders: number;
}

export interface Tensors {
  /** A new tensor with one holder. */
  hold(handle: Handle, extents: readonly number[], maker: object): Tensor;
  keep(tensor: Tensor): Tensor;
  drop(tensor: Tensor): void;
  /** Those alive that `maker` made. */
  madeBy(maker: object): readonly Tensor[];
  /** Frees all, whoever holds them. */
  dropAll(): void;
}

export function createTensors(): Tensors {
  const alive = new Set<Tensor>();
  return {
    hold: (handle, extents, maker) => {
      const tensor = { handle, extents, maker, holders: 1 };
      alive.add(tensor);
      return tensor;
    },
    keep: (tensor) => {
      tensor.holders += 1;
      return tensor;
    },
    drop: (tensor) => {
      tensor.holders -= 1;
      if (tensor.holders > 0) return;
      alive.delete(tensor);
      tensor.handle.delete();
    },
    madeBy: (maker) => [...alive].filter((tensor) => tensor.maker === maker),
    dropAll: () => {
      for (const tensor of alive) tensor.handle.delete();
      alive.clear();
    },
  };
}
