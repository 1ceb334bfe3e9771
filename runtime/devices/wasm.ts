/** @file The device that computes with WebAssembly of our own making. In: an artifact. Out: a Device. Never
 *  runs without SIMD, or on an engine that gets a sum wrong: a DeviceError says so. */
import { type Device, DeviceError, noVectors } from "./device.ts";
import { features } from "./wasm/features.ts";
import { selfTest } from "./wasm/self-test.ts";
import { createSession } from "./wasm/session.ts";
import { isWide, whyNotWide, widen } from "./wasm/wide.ts";

export const wasmDevice: Device = {
  name: "wasm",
  available: async () => {
    const why = whyNot();
    return why === null ? { ok: true } : { ok: false, why };
  },
  open: async (artifact, { threads = "auto", vectors = "auto" } = {}) => {
    const why = whyNot();
    if (why !== null) throw new DeviceError(`wasm cannot run here: ${why}`, { code: "R401" });
    const { fused, tiles } = features();
    if (vectors === 256 && !isWide()) {
      const missing = whyNotWide();
      if (missing !== null) throw noVectors(vectors, missing);
      widen();
    }
    // V8 14.6 ends the process where it finds two calls side by side while the flag is set.
    const inlines = isWide() ? { inlines: Number.POSITIVE_INFINITY } : {};
    const wide = vectors !== 128 && isWide();
    return createSession(artifact, { fused, tiles: wide ? "wide" : tiles, threads, ...inlines });
  },
};

function whyNot(): string | null {
  const { simd, fused } = features();
  return simd ? selfTest(fused) : "this engine's WebAssembly has no SIMD";
}
