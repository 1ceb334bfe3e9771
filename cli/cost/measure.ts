/** @file What a device needs for it. In: an artifact, a backend, sizes. Out: times and bytes of a step, a forward
 *  pass and a gradient, beside what was predicted. Times are of this machine, on noise; the least of several. */
import type { Artifact, Programs } from "../../runtime/artifact/artifact.ts";
import { elements, shapeOf } from "../../runtime/artifact/extent.ts";
import type { BackendReport, Session, Sizes } from "../../runtime/devices/device.ts";
import { deviceNamed } from "../../runtime/devices/table.ts";
import { initialise } from "../../runtime/initialise.ts";
import { random } from "../../runtime/random.ts";
import type { BackendOptions } from "../backend.ts";

export interface Measurement {
  readonly what: "step" | "forward" | "gradient";
  readonly steps: number;
  readonly milliseconds: number;
  readonly gigaflops: number;
  /** Bytes that the session has taken; null: the device cannot tell. */
  readonly bytes: number | null;
  readonly predictedFlops: number;
  readonly predictedBytes: number;
}

export interface Measured {
  readonly backend: BackendReport;
  readonly measured: readonly Measurement[];
}

export interface Task
  extends Pick<Measurement, "what" | "steps" | "predictedFlops" | "predictedBytes"> {
  readonly program: keyof Programs;
  readonly sizes: Sizes;
}

/** At least this many runs, and as many as fit in this time. */
const LEAST = 3;
const SPAN_MS = 400;

export async function measure(
  artifact: Artifact,
  { backend, seed, threads = "auto", vectors = "auto" }: BackendOptions,
  tasks: readonly Task[],
  progress: (task: Task) => void,
): Promise<Measured> {
  const device = await deviceNamed(backend);
  const measured: Measurement[] = [];
  let report: BackendReport | null = null;
  for (const task of tasks) {
    progress(task);
    const session = await device.open(artifact, { threads, vectors });
    try {
      report = session.report();
      fill(artifact, session, task, seed);
      measured.push(await (task.what === "step" ? step(session, task) : run(session, task)));
    } finally {
      session.close();
    }
  }
  if (report === null) throw new Error("nothing to measure");
  return { backend: report, measured };
}

async function run(session: Session, task: Task): Promise<Measurement> {
  await session.run(task.program, task.sizes); // compiles and prepares
  const ms = await least(async () => session.run(task.program, task.sizes));
  return measurement(task, ms, session.bytes?.() ?? null);
}

/** By the synchronous stepper where there is one: that is what a stream uses. */
async function step(session: Session, task: Task): Promise<Measurement> {
  const stepper = session.stepper(task.sizes.B ?? 1);
  if (stepper === null) return run(session, task);
  stepper.step();
  const ms = await least(async () => {
    for (let i = 0; i < STEPS; i++) stepper.step();
  });
  return measurement(task, ms / STEPS, stepper.bytes?.() ?? null);
}

const STEPS = 50;

function measurement(task: Task, milliseconds: number, bytes: number | null): Measurement {
  const { what, steps, predictedFlops, predictedBytes } = task;
  const gigaflops = predictedFlops / (milliseconds * 1e6);
  return { what, steps, milliseconds, gigaflops, bytes, predictedFlops, predictedBytes };
}

async function least(once: () => Promise<void>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let n = 0; n < LEAST || performance.now() - start < SPAN_MS; n++) {
    const before = performance.now();
    await once();
    best = Math.min(best, performance.now() - before);
  }
  return best;
}

/** Every input of the program: parameters as initialised, noise, tokens, states at 0. */
function fill(artifact: Artifact, session: Session, { program, sizes }: Task, seed: number): void {
  const { inputs, buffers } = artifact.programs[program]!;
  const weights = initialise(artifact.params, seed);
  for (const { name, buffer } of inputs) {
    const { shape, dtype } = buffers[buffer]!;
    const extents = shapeOf(shape, sizes);
    const own = name.startsWith("param:") ? weights.get(name.slice("param:".length)) : undefined;
    const { normal } = random(seed, `measure:${name}`);
    const noise = dtype === "real" && /^(input|target|upstream)/.test(name);
    const data = new Float64Array(elements(extents));
    if (name.startsWith("random:")) data.fill(1);
    session.write(name, own?.data ?? (noise ? data.map(normal) : data), extents);
  }
}
