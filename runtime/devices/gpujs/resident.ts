/** @file Programs whose tensors stay on a graphics device. In: a program, its sizes, tensors. Out: tensors.
 *  Never reads back between kernels; rows of a sequence are read at a step index, not cut out. */
import { elements, extentOf, shapeOf } from "../../artifact/extent.ts";
import type { BufferId, Kernel, Program, ScanStage, Stage } from "../../artifact/kernel.ts";
import type { Sizes } from "../device.ts";
import { createCollector, type Join } from "./collector.ts";
import type { Built, Kernels } from "./kernels.ts";
import { layoutOf } from "./layout.ts";
import type { Handle } from "./library.ts";
import { print, type Slice, type Target } from "./print.ts";
import { copy, stack, sum, type Synthetic } from "./synthetic.ts";
import type { Tensor, Tensors } from "./tensors.ts";

export interface Resident {
  readonly kernels: Kernels;
  readonly target: Target;
  readonly tensors: Tensors;
  /** Uploads; the caller holds the result. */
  put(data: Float32Array, extents: readonly number[]): Promise<Tensor>;
  /** A stand-in for an empty tensor. */
  nothing(): Promise<Tensor>;
}

export interface ResidentPlan {
  /** Holds nothing of the inputs after; results are the caller's to drop; null for an empty tensor. */
  run(inputs: readonly (Tensor | null)[], prepare: boolean): Promise<readonly (Tensor | null)[]>;
  /** Kernels to destroy once what they made is safe. */
  close(): readonly Built[];
}

export function residentPlan(program: Program, sizes: Sizes, device: Resident): ResidentPlan {
  const { tensors } = device;
  const extents = program.buffers.map(({ shape }) => shapeOf(shape, sizes));
  const slots: (Tensor | null)[] = extents.map(() => null);
  const prepared = new Map<BufferId, Tensor>();
  const built: Built[] = [];
  const context: Context = {
    device,
    sizes,
    extents: (id) => extents[id]!,
    get: (id) => slots[id]!,
    set: (id, tensor) => {
      const old = slots[id]!;
      slots[id] = tensor;
      if (old !== null) tensors.drop(old);
    },
    keep: (kernel) => built.push(kernel),
  };
  const preparing = program.prepare.map((stage) => compileStage(stage, context));
  const stages = program.stages.map((stage) => compileStage(stage, context));
  const made = preparedBuffers(program);

  const prepareNow = async (): Promise<void> => {
    for (const stage of preparing) await stage();
    for (const id of made) {
      const old = prepared.get(id);
      const fresh = slots[id];
      if (fresh) prepared.set(id, tensors.keep(fresh));
      if (old !== undefined) tensors.drop(old);
    }
  };
  const clear = (): void => {
    for (const id of slots.keys()) context.set(id, null);
  };
  return {
    run: async (inputs, prepare) => {
      try {
        for (const [i, { buffer }] of program.inputs.entries()) {
          const tensor = inputs[i]!;
          context.set(buffer, tensor && tensors.keep(tensor));
        }
        if (prepare) await prepareNow();
        else for (const [id, tensor] of prepared) context.set(id, tensors.keep(tensor));
        for (const stage of stages) await stage();
        return program.outputs.map(({ buffer }) => {
          const tensor = slots[buffer]!;
          return tensor && tensors.keep(tensor);
        });
      } finally {
        clear();
      }
    },
    close: () => {
      for (const tensor of prepared.values()) tensors.drop(tensor);
      prepared.clear();
      return built.splice(0).filter((kernel) => device.kernels.release(kernel));
    },
  };
}

interface Context {
  readonly device: Resident;
  readonly sizes: Sizes;
  extents(id: BufferId): readonly number[];
  get(id: BufferId): Tensor | null;
  /** Takes over the holder's part in `tensor`. */
  set(id: BufferId, tensor: Tensor | null): void;
  keep(kernel: Built): void;
}

type Action = () => Promise<void>;

function preparedBuffers(program: Program): readonly BufferId[] {
  return program.prepare.flatMap((stage) =>
    stage.kind === "kernel"
      ? [stage.kernel.out]
      : [
          ...stage.collects.map((c) => c.into),
          ...stage.sums.map((s) => s.into),
          ...stage.carries.flatMap((c) => (c.final === null ? [] : [c.final])),
        ],
  );
}

function compileStage(stage: Stage, context: Context): Action {
  if (stage.kind === "scan") return compileScan(stage, context);
  const launch = compileKernel(stage.kernel, context, context.extents);
  return async () => {
    const { out } = stage.kernel;
    context.set(out, launch && (await launch(context.get, 0)));
  };
}

/** Runs a kernel on what buffers hold, at a step. */
type Launch = (get: (id: BufferId) => Tensor | null, step: number) => Promise<Tensor>;

/** null where the output is empty. */
function compileKernel(
  kernel: Kernel,
  { device, sizes, keep }: Context,
  extents: (id: BufferId) => readonly number[],
  slices: readonly Slice[] = [],
): Launch | null {
  if (elements(kernel.axes.map((extent) => extentOf(extent, sizes))) === 0) return null;
  const { target, kernels, tensors, nothing } = device;
  const printed = print(kernel, extents, sizes, target, slices);
  const built = kernels.acquire(
    printed,
    printed.inputs.map((id) => ({ kind: "handle", dims: layoutOf(extents(id), target.fits).dims })),
  );
  keep(built);
  return async (get, step) => {
    const args: Handle[] = [];
    for (const id of printed.inputs) {
      // What reads an empty tensor discards it; gpu.js wants an array all the same.
      const tensor = get(id) ?? (await nothing());
      args.push(tensor.handle);
    }
    const result = built.run(printed.stepped ? [...args, step] : args);
    return tensors.hold((await result) as Handle, extents(kernel.out), built);
  };
}

function compileSynthetic({ kernel, extents }: Synthetic, context: Context) {
  const launch = compileKernel(kernel, context, (id) => extents[id]!);
  return async (...inputs: readonly Tensor[]): Promise<Tensor> => launch!((id) => inputs[id]!, 0);
}

function compileScan(scan: ScanStage, context: Context): Action {
  const { device, get, set, extents } = context;
  const { tensors, put } = device;
  const steps = extentOf(scan.over, context.sizes);
  const kernels = scan.kernels.map((kernel) => ({
    out: kernel.out,
    launch: compileKernel(kernel, context, extents, scan.slices),
  }));
  const cuts = cutRows(scan, context);
  const collects = scan.collects.map((c) => ({ ...c, join: joining(extents(c.from), context) }));
  const sums = scan.sums.map((s) => {
    const shape = extents(s.into);
    const empty = elements(shape) === 0;
    return { ...s, shape, add: empty ? null : compileSynthetic(sum(shape), context) };
  });
  const held = (id: BufferId): Tensor | null => {
    const tensor = get(id);
    return tensor && tensors.keep(tensor);
  };
  const step = async (t: number): Promise<void> => {
    for (const { local, launch } of cuts) set(local, await launch(get, t));
    for (const { out, launch } of kernels) set(out, launch && (await launch(get, t)));
  };
  const advance = (): void => {
    const next = scan.carries.map((carry) => held(carry.next));
    for (const [c, { local }] of scan.carries.entries()) set(local, next[c]!);
  };
  return async () => {
    for (const { local, init } of scan.carries) set(local, held(init));
    for (const { into, shape, add } of sums)
      set(into, add && (await put(new Float32Array(elements(shape)), shape)));
    const rows = collects.map(({ join }) => createCollector(scan.reverse, join));
    for (let i = 0; i < steps; i++) {
      await step(scan.reverse ? steps - 1 - i : i);
      for (const [c, { from }] of collects.entries()) {
        const row = held(from);
        if (row !== null) await rows[c]!.push(row);
      }
      for (const { from, into, add } of sums)
        if (add !== null) set(into, await add(get(into)!, get(from)!));
      advance();
    }
    for (const [c, { into }] of collects.entries()) set(into, await rows[c]!.finish());
    for (const { local, final } of scan.carries) if (final !== null) set(final, held(local));
  };
}

/** Slices that something other than a kernel reads must be tensors of their own. */
function cutRows(scan: ScanStage, context: Context) {
  const read = new Set([
    ...scan.carries.map((carry) => carry.next),
    ...scan.collects.map((collect) => collect.from),
    ...scan.sums.map((term) => term.from),
  ]);
  return scan.slices.flatMap((slice) => {
    if (!read.has(slice.local)) return [];
    const row = context.extents(slice.local);
    const { kernel } = copy(row);
    const at = row.map((_, v) => ({ var: v }));
    const cut: Kernel = { ...kernel, out: slice.local, value: { load: slice.local, at } };
    const launch = compileKernel(cut, context, context.extents, [slice]);
    return launch === null ? [] : [{ local: slice.local, launch }];
  });
}

/** Stacks runs of rows; one kernel for every list of heights that occurs. */
function joining(row: readonly number[], context: Context): Join {
  const made = new Map<string, (...inputs: readonly Tensor[]) => Promise<Tensor>>();
  return async (runs) => {
    const heights = runs.map((run) => run.height);
    const key = heights.join();
    const launch = made.get(key) ?? compileSynthetic(stack(heights, row), context);
    made.set(key, launch);
    const tensor = await launch(...runs.map((run) => run.tensor));
    for (const run of runs) context.device.tensors.drop(run.tensor);
    return { tensor, height: heights.reduce((a, b) => a + b, 0) };
  };
}
