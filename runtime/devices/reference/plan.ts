/** @file A program at given sizes. In: a Program, sizes. Out: its buffers and functions that run it.
 *  Never allocates while it runs. */
import { elements, shapeOf } from "../../artifact/extent.ts";
import type { BufferId, Kernel, Program, ScanStage, Stage } from "../../artifact/kernel.ts";
import { DeviceError, type Sizes } from "../device.ts";
import { sizeOf, type Tensor } from "./evaluate.ts";
import { compileKernel } from "./kernel.ts";

/** Called after every kernel: its output as just written, and the step inside a scan. */
export type Watch = (kernel: Kernel, out: Tensor, step: number | null) => void;

export interface Plan {
  readonly buffers: readonly Tensor[];
  prepare(): void;
  run(): void;
}

export function plan(program: Program, sizes: Sizes, watch: Watch | null = null): Plan {
  for (const { shape } of program.buffers)
    for (const extent of shape) if (typeof extent === "string") sizeOf(extent, sizes);
  const shapes = program.buffers.map(({ shape }) => shapeOf(shape, sizes));
  const bytes = shapes.reduce((sum, shape) => sum + 8 * elements(shape), 0);
  if (bytes > MOST_BYTES)
    throw new DeviceError(`${Math.ceil(bytes / 2 ** 20)} MiB of buffers are more than it takes`);
  const buffers = program.buffers.map(({ label }, i): Tensor => {
    const shape = shapes[i]!;
    return { data: new Float64Array(elements(shape)), shape, label };
  });
  const context: Context = { buffers, sizes, watch };
  return {
    buffers,
    prepare: sequence(program.prepare.map((stage) => compileStage(stage, context))),
    run: sequence(program.stages.map((stage) => compileStage(stage, context))),
  };
}

/** 8 GiB. */
const MOST_BYTES = 2 ** 33;

interface Context {
  readonly buffers: readonly Tensor[];
  readonly sizes: Sizes;
  readonly watch: Watch | null;
}

type Action = (step: number | null) => void;

function sequence(actions: readonly Action[]): () => void {
  return () => {
    for (const action of actions) action(null);
  };
}

function compileStage(stage: Stage, context: Context): Action {
  return stage.kind === "kernel" ? compile(stage.kernel, context) : compileScan(stage, context);
}

function compile(kernel: Kernel, { buffers, sizes, watch }: Context): Action {
  const run = compileKernel(kernel, buffers, sizes);
  if (watch === null) return run;
  const out = buffers[kernel.out]!;
  return (step) => {
    run();
    watch(kernel, out, step);
  };
}

function compileScan(scan: ScanStage, context: Context): Action {
  const data = (id: BufferId): Float64Array => context.buffers[id]!.data;
  const steps = sizeOf(scan.over, context.sizes);
  const slices = scan.slices.map((s) => ({ local: data(s.local), of: data(s.of) }));
  const collects = scan.collects.map((c) => ({ from: data(c.from), into: data(c.into) }));
  const sums = scan.sums.map((s) => ({ from: data(s.from), into: data(s.into) }));
  const locals = new Set(scan.carries.map((c) => c.local));
  const carries = scan.carries.map((c) => ({
    local: data(c.local),
    init: data(c.init),
    next: data(c.next),
    final: c.final === null ? null : data(c.final),
    // A carry that takes another carry's value reads it before any is replaced.
    staged: locals.has(c.next) ? new Float64Array(data(c.next).length) : null,
  }));
  const kernels = scan.kernels.map((kernel) => compile(kernel, context));
  return () => {
    for (const { local, init } of carries) local.set(init);
    for (const { into } of sums) into.fill(0);
    for (let i = 0; i < steps; i++) {
      const t = scan.reverse ? steps - 1 - i : i;
      for (const { local, of } of slices) {
        const start = t * local.length;
        for (let k = 0; k < local.length; k++) local[k] = of[start + k]!;
      }
      for (const kernel of kernels) kernel(t);
      for (const { from, into } of collects) into.set(from, t * from.length);
      for (const { from, into } of sums) {
        for (let k = 0; k < into.length; k++) into[k]! += from[k]!;
      }
      for (const { next, staged } of carries) staged?.set(next);
      for (const { local, next, staged } of carries) local.set(staged ?? next);
    }
    for (const { local, final } of carries) final?.set(local);
  };
}
