/** @file Runs by several threads of the wasm device. In: a number, what is worth them. Out: a device, inputs. */
import { elements, shapeOf } from "../../runtime/artifact/extent.ts";
import type { Program } from "../../runtime/artifact/kernel.ts";
import type { Device, Sizes } from "../../runtime/devices/device.ts";
import type { Worth } from "../../runtime/devices/wasm/plan.ts";
import { createSession } from "../../runtime/devices/wasm/session.ts";
import type { CaseTensor } from "./run-case.ts";

/** Everything is dealt, however small. */
export const ALL: Worth = { program: 0, stage: 0, step: 0, claim: 0, portion: 1 };

export const dealing = (threads: number, worth: Worth = ALL): Device => ({
  name: "wasm",
  available: async () => ({ ok: true }),
  open: async (artifact) =>
    createSession(artifact, { fused: false, tiles: "large", threads, worth }),
});

/** Numbers for all that a program reads, others for another `seed`. */
export function sines(
  { inputs, buffers }: Program,
  sizes: Sizes,
  seed = 0,
): Record<string, CaseTensor> {
  return Object.fromEntries(
    inputs.map(({ name, buffer }, i): [string, CaseTensor] => {
      const shape = shapeOf(buffers[buffer]!.shape, sizes);
      return [
        name,
        { shape, data: Array.from({ length: elements(shape) }, (_, k) => Math.sin(seed + i + k)) },
      ];
    }),
  );
}
