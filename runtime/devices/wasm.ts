/** @file The device that computes with WebAssembly of our own making. In: an artifact. Out: a Device. Never
 *  runs without SIMD: where the engine has none, a DeviceError says so. */
import { type Device, DeviceError } from "./device.ts";
import { features } from "./wasm/features.ts";
import { createSession } from "./wasm/session.ts";

const NO_SIMD = "this engine's WebAssembly has no SIMD";

export const wasmDevice: Device = {
  name: "wasm",
  available: async () => (features().simd ? { ok: true } : { ok: false, why: NO_SIMD }),
  open: async (artifact, { threads = "auto" } = {}) => {
    const { simd, fused } = features();
    if (!simd) throw new DeviceError(`wasm cannot run here: ${NO_SIMD}`);
    return createSession(artifact, { fused, threads });
  },
};
