/** @file What each backend's kernels look like. In: a backend's name. Out: dialect, shapes it can hold,
 *  whether results stay on the device. Never asks the machine. */
import type { Backend } from "./library.ts";
import type { Target } from "./print.ts";

export interface BackendTarget extends Target {
  /** gpu.js's own word for what runs: `kernel.constructor.mode`. */
  readonly executor: "webasm" | "cpu" | "gpu" | "webgpu";
}

export function targetOf(backend: Backend): BackendTarget {
  switch (backend) {
    case "webasm":
      return { executor: "webasm", dialect: "wasm", fits: anything, blocked: true };
    case "cpu":
      return { executor: "cpu", dialect: "js", fits: anything, blocked: false };
    case "webgl":
    case "webgl2":
    case "headlessgl":
      return { executor: "gpu", dialect: "gpu", fits: fitsTexture, blocked: false };
    case "webgpu":
      return { executor: "webgpu", dialect: "gpu", fits: fitsDispatch, blocked: false };
  }
}

/** Whether tensors live on a graphics device between kernels. */
export function isResident(backend: Backend): boolean {
  return targetOf(backend).dialect === "gpu";
}

const anything = (): boolean => true;

/** gpu.js makes [X, Y] a texture of X by Y, and everything else nearly square; 2048 is WebGL's least. */
const TEXTURE_SIDE = 2048;

function fitsTexture([x, y, z]: readonly number[]): boolean {
  const plane = z === undefined || z === 1;
  return !plane || (x! <= TEXTURE_SIDE && y! <= TEXTURE_SIDE);
}

/** WebGPU dispatches at most 65535 groups an axis; gpu.js makes groups of 8 by 8 by 1. */
const GROUPS = 65535;

function fitsDispatch([x, y, z]: readonly number[]): boolean {
  return x! <= GROUPS * 8 && (y ?? 1) <= GROUPS * 8 && (z ?? 1) <= GROUPS;
}
