/** @file Programs on `cpu` and `webasm`, where a kernel's result is an array at once. In: a program, its
 *  sizes. Out: a plan over Float32Arrays. Never writes to an array that a result may share. */
import { elements, extentOf, shapeOf } from "../../artifact/extent.ts";
import type { BufferId, Kernel, Program, ScanStage, Stage } from "../../artifact/kernel.ts";
import type { Sizes } from "../device.ts";
import { unpack } from "./blocking.ts";
import type { Built, Kernels } from "./kernels.ts";
import { layoutOf } from "./layout.ts";
import { flat, type Nested, type View } from "./library.ts";
import { print, type Target } from "./print.ts";

export interface HostPlan {
  /** The array a buffer holds now. */
  get(buffer: BufferId): Float32Array;
  /** Binds an array; it is read, never written. */
  set(buffer: BufferId, data: Float32Array): void;
  prepare(): void;
  run(): void;
  close(): void;
}

export interface Host {
  readonly kernels: Kernels;
  readonly target: Target;
  readonly view: (value: Float32Array, size: readonly number[]) => View;
}

export function hostPlan(program: Program, sizes: Sizes, host: Host): HostPlan {
  const buffers = program.buffers.map(({ shape }) => {
    const extents = shapeOf(shape, sizes);
    const count = elements(extents);
    // gpu.js knows no empty arrays; what reads one is never run, or discards what it reads.
    const dims = count === 0 ? [1] : layoutOf(extents, host.target.fits).dims;
    const view = host.view(new Float32Array(elements(dims)), dims);
    return { extents, count, view, empty: new Float32Array(0) };
  });
  const built: Built[] = [];
  const context: Context = {
    host,
    sizes,
    extents: (id) => buffers[id]!.extents,
    get: (id) => (buffers[id]!.count === 0 ? buffers[id]!.empty : buffers[id]!.view.value),
    set: (id, data) => {
      if (buffers[id]!.count > 0) buffers[id]!.view.value = data;
    },
    view: (id) => buffers[id]!.view,
    keep: (kernel) => built.push(kernel),
  };
  return {
    get: context.get,
    set: context.set,
    prepare: sequence(program.prepare.map((stage) => compileStage(stage, context))),
    run: sequence(program.stages.map((stage) => compileStage(stage, context))),
    close: () => {
      for (const kernel of built.splice(0)) if (host.kernels.release(kernel)) kernel.destroy();
    },
  };
}

interface Context {
  readonly host: Host;
  readonly sizes: Sizes;
  extents(id: BufferId): readonly number[];
  get(id: BufferId): Float32Array;
  set(id: BufferId, data: Float32Array): void;
  view(id: BufferId): View;
  keep(kernel: Built): void;
}

type Action = () => void;

function sequence(actions: readonly Action[]): Action {
  return () => {
    for (const action of actions) action();
  };
}

function compileStage(stage: Stage, context: Context): Action {
  return stage.kind === "kernel"
    ? compileKernel(stage.kernel, context)
    : compileScan(stage, context);
}

function compileKernel(kernel: Kernel, context: Context): Action {
  const { host, sizes } = context;
  const axes = kernel.axes.map((extent) => extentOf(extent, sizes));
  const count = elements(axes);
  if (count === 0) return () => undefined;
  const printed = print(kernel, context.extents, sizes, host.target);
  const views = printed.inputs.map(context.view);
  const built = host.kernels.acquire(
    printed,
    views.map((view) => ({ kind: "view", dims: view.size })),
  );
  context.keep(built);
  const { blocking } = printed;
  const out = context.view(kernel.out);
  if (blocking === null)
    return () => {
      out.value = flat(built.run(views) as Nested, count);
    };
  const packed = printed.output.reduce((product, extent) => product * extent, 4);
  return () => {
    out.value = unpack(flat(built.run(views) as Nested, packed), axes, blocking);
  };
}

function compileScan(scan: ScanStage, context: Context): Action {
  const { get, set } = context;
  const steps = extentOf(scan.over, context.sizes);
  const row = (id: BufferId): number => elements(context.extents(id));
  const slices = scan.slices.map((s) => ({ ...s, length: row(s.local) }));
  const collects = scan.collects.map((c) => ({ ...c, length: row(c.from) }));
  const sums = scan.sums.map((s) => ({ ...s, total: new Float64Array(row(s.into)) }));
  const kernels = scan.kernels.map((kernel) => compileKernel(kernel, context));
  return () => {
    for (const { local, init } of scan.carries) set(local, get(init));
    for (const { total } of sums) total.fill(0);
    const rows = collects.map(({ length }) => new Float32Array(length * steps));
    for (let i = 0; i < steps; i++) {
      const t = scan.reverse ? steps - 1 - i : i;
      for (const { local, of, length } of slices)
        set(local, get(of).subarray(t * length, (t + 1) * length));
      for (const kernel of kernels) kernel();
      for (const [c, { from, length }] of collects.entries()) rows[c]!.set(get(from), t * length);
      for (const { from, total } of sums) {
        const term = get(from);
        for (let k = 0; k < total.length; k++) total[k]! += term[k]!;
      }
      const next = scan.carries.map((carry) => get(carry.next));
      for (const [c, { local }] of scan.carries.entries()) set(local, next[c]!);
    }
    for (const [c, { into }] of collects.entries()) set(into, rows[c]!);
    for (const { into, total } of sums) set(into, Float32Array.from(total));
    for (const { local, final } of scan.carries) if (final !== null) set(final, get(local));
  };
}
