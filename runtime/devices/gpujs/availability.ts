/** @file Which backends can run here. In: a backend's name, gpu.js, loaded. Out: a reason why not, the
 *  adapter's name. Never takes a graphics interface that is present for one that works. */
import type { Backend, Loaded } from "./library.ts";
import { provideWebgpu } from "./node-webgpu.ts";

/** null where it can run. */
export async function whyNot(backend: Backend, { GPU }: Loaded): Promise<string | null> {
  switch (backend) {
    case "cpu":
      return null;
    case "webasm":
      return GPU.isWebAssemblySupported ? null : "this host has no WebAssembly";
    case "webgl":
      return GPU.isWebGLSupported ? null : "this host has no WebGL with float textures";
    case "webgl2":
      return GPU.isWebGL2Supported ? null : "this host has no WebGL 2 with float textures";
    case "headlessgl":
      return GPU.isHeadlessGLSupported
        ? null
        : "the optional package gl is not installed and built";
    case "webgpu":
      return (await provideWebgpu()) ?? ((await hasAdapter(GPU)) ? null : NO_ADAPTER);
  }
}

const NO_ADAPTER = "navigator.gpu gives no adapter";

const hasAdapter = async (GPU: Loaded["GPU"]): Promise<boolean> =>
  GPU.isWebGPUSupported && (await GPU.isWebGPUAvailable());

/** The graphics adapter as it names itself, or null where there is none or it does not say. */
export async function adapterOf(backend: Backend): Promise<string | null> {
  if (backend === "webgpu") return webgpuAdapter();
  if (backend === "webgl" || backend === "webgl2") return webglAdapter(backend);
  return null;
}

/** Whether a backend's adapter is a graphics processor and not a program that plays one. */
export async function isAccelerated(backend: Backend): Promise<boolean> {
  const adapter = await adapterOf(backend);
  return adapter !== null && !/swiftshader|llvmpipe|softpipe|software|basic render/i.test(adapter);
}

interface AdapterInfo {
  readonly description?: string;
  readonly vendor?: string;
  readonly architecture?: string;
  readonly device?: string;
}

interface WithGpu {
  readonly gpu?: {
    requestAdapter(): Promise<{ readonly info?: AdapterInfo } | null>;
  };
}

async function webgpuAdapter(): Promise<string | null> {
  const { gpu } = globalThis.navigator as WithGpu;
  const info = (await gpu?.requestAdapter())?.info;
  if (info === undefined) return null;
  const parts = [info.vendor, info.architecture, info.device, info.description];
  return parts.filter((part) => part !== undefined && part !== "").join(" ") || null;
}

function webglAdapter(version: "webgl" | "webgl2"): string | null {
  if (typeof OffscreenCanvas === "undefined") return null;
  const context = new OffscreenCanvas(1, 1).getContext(version) as WebGLRenderingContext | null;
  if (context === null) return null;
  const names = context.getExtension("WEBGL_debug_renderer_info");
  const adapter: unknown = names && context.getParameter(names.UNMASKED_RENDERER_WEBGL);
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return typeof adapter === "string" ? adapter : null;
}
