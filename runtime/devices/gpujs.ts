/** @file Devices that compute with gpu.js. In: a backend's name. Out: its Device. Never runs on another
 *  backend than the one named: where gpu.js would, a DeviceError says why. */
import type { Artifact } from "../artifact/artifact.ts";
import type { Program } from "../artifact/kernel.ts";
import { type BackendReport, type Device, DeviceError, noChoice, type Session } from "./device.ts";
import { adapterOf, isAccelerated, whyNot } from "./gpujs/availability.ts";
import type { Executor } from "./gpujs/executor.ts";
import { hostExecutor } from "./gpujs/host-executor.ts";
import { createKernels } from "./gpujs/kernels.ts";
import { type Backend, loadLibrary } from "./gpujs/library.ts";
import { residentExecutor } from "./gpujs/resident-executor.ts";
import { createSession } from "./gpujs/session.ts";
import { isResident, targetOf } from "./gpujs/targets.ts";

export interface GpujsDevice extends Device {
  /** Whether it computes on a graphics processor. */
  isAccelerated(): Promise<boolean>;
}

export function gpujsDevice(backend: Backend): GpujsDevice {
  return {
    name: backend,
    available: async () => {
      const why = await whyNot(backend, await loadLibrary());
      return why === null ? { ok: true } : { ok: false, why };
    },
    isAccelerated: () => isAccelerated(backend),
    open: async (artifact, options) => {
      noChoice(backend, options);
      return open(artifact, backend);
    },
  };
}

async function open(artifact: Artifact, backend: Backend): Promise<Session> {
  const library = await loadLibrary();
  const why = await whyNot(backend, library);
  if (why !== null) throw new DeviceError(`${backend} cannot run here: ${why}`);
  const gpu = new library.GPU({ mode: backend });
  const device = {
    kernels: createKernels(gpu, backend),
    target: targetOf(backend),
    view: library.input,
  };
  const close = (): void => {
    void gpu.destroy();
  };
  const report: BackendReport = {
    backend,
    precision: "f32",
    executor: `gpu.js ${targetOf(backend).executor}`,
    adapter: await adapterOf(backend),
    threads: 1,
    vectors: null,
  };
  if (isResident(backend)) {
    const executor = residentExecutor({ ...device, close });
    await prove(executor, backend);
    return createSession(artifact, executor, report);
  }
  const executor = hostExecutor(device, close);
  await prove(executor, backend);
  return createSession(artifact, executor, report);
}

/** Runs 1 + 2 before anything is trusted to the backend. */
async function prove<V>(executor: Executor<V>, backend: Backend): Promise<void> {
  const plan = executor.plan(ONE_SUM, {});
  const one = executor.upload(Float32Array.of(1, 3), [2]);
  const [result] = await plan.run([one], true);
  const sum = await executor.download(result!);
  executor.free(one);
  executor.free(result!);
  await plan.close();
  if (sum[0] !== 3 || sum[1] !== 5)
    throw new DeviceError(`${backend}: 1 + 2 and 3 + 2 came out as ${sum.join(" and ")}`);
}

const ONE_SUM: Program = {
  buffers: [
    { shape: [2], dtype: "real", label: "x" },
    { shape: [2], dtype: "real", label: "y" },
  ],
  inputs: [{ name: "x", buffer: 0 }],
  outputs: [{ name: "y", buffer: 1 }],
  prepare: [],
  stages: [
    {
      kind: "kernel",
      kernel: {
        out: 1,
        axes: [2],
        reductions: [],
        value: { call: "add", args: [{ load: 0, at: [{ var: 0 }] }, { lit: 2 }] },
        places: [],
      },
    },
  ],
};
