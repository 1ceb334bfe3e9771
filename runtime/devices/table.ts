/** @file Devices by name. In: a name. Out: its Device; all but the one that most models run on are loaded when
 *  asked for. Never chooses for the user, save for `auto`. */
import { wasmDevice } from "./wasm.ts";
import { type Device, DeviceError } from "./device.ts";

export const DEVICES = {
  wasm: async () => wasmDevice,
  reference: async (): Promise<Device> => (await import("./reference.ts")).referenceDevice,
  webasm: async () => (await import("./gpujs.ts")).gpujsDevice("webasm"),
  cpu: async () => (await import("./gpujs.ts")).gpujsDevice("cpu"),
  webgl2: async () => (await import("./gpujs.ts")).gpujsDevice("webgl2"),
  webgl: async () => (await import("./gpujs.ts")).gpujsDevice("webgl"),
  headlessgl: async () => (await import("./gpujs.ts")).gpujsDevice("headlessgl"),
  webgpu: async () => (await import("./gpujs.ts")).gpujsDevice("webgpu"),
} as const satisfies Record<string, () => Promise<Device>>;

export type DeviceName = keyof typeof DEVICES;
export type BackendName = DeviceName | "auto";
export const BACKENDS: readonly BackendName[] = ["auto", ...(Object.keys(DEVICES) as DeviceName[])];

/** What `auto` tries: graphics processors (never ones played by a program), then processors. */
const GRAPHICS = ["webgpu", "webgl2"] as const satisfies readonly DeviceName[];
const PROCESSORS = ["wasm", "webasm", "cpu", "reference"] as const satisfies readonly DeviceName[];

/** The device of a BackendName; `auto`: the first that runs here. Throws DeviceError of other names. */
export async function deviceNamed(name: string): Promise<Device> {
  if (name === "auto") return automatic();
  if (!isDeviceName(name))
    throw new DeviceError(`no device ${name}; there are ${BACKENDS.join(", ")}`);
  return DEVICES[name]();
}

export function isDeviceName(name: string): name is DeviceName {
  return Object.hasOwn(DEVICES, name);
}

/** Whether there may be a graphics processor: gpu.js, ten times the rest of a page, is not loaded to ask. */
function mayDraw(): boolean {
  return (
    typeof OffscreenCanvas === "function" ||
    typeof document === "object" ||
    (typeof navigator === "object" && "gpu" in navigator)
  );
}

async function automatic(): Promise<Device> {
  for (const name of mayDraw() ? GRAPHICS : []) {
    const device = await DEVICES[name]();
    if ((await device.available()).ok && (await device.isAccelerated())) return device;
  }
  for (const name of PROCESSORS) {
    const device = await DEVICES[name]();
    if ((await device.available()).ok) return device;
  }
  throw new DeviceError("no device runs here");
}
