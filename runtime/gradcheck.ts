/** @file Checks an artifact's gradients. In: an artifact, backends. Out: a report, JSON data.
 *  Layer 1: in float64, the generated gradient of every parameter, input and initial state against
 *  differences of the forward pass. Layer 2: every backend's values and gradients against float64.
 *  Never loosens a tolerance, never leaves out an element without counting it. */
import type { Artifact, Programs } from "./artifact/artifact.ts";
import { shapeOf, unflatten } from "./artifact/extent.ts";
import { signature, sequences } from "./artifact/signature.ts";
import {
  type Device,
  DeviceError,
  type OpenOptions,
  type Session,
  type Sizes,
  type Threads,
  type Vectors,
} from "./devices/device.ts";
import { firstNonFinite, referenceDevice } from "./devices/reference.ts";
import { type Loss, difference } from "./gradcheck/difference.ts";
import { placesOf } from "./gradcheck/places.ts";
import { type Case, cases, point } from "./gradcheck/point.ts";
import type {
  BackendCheck,
  TensorCheck,
  CaseReport,
  GradcheckReport,
  TensorReport,
  Worst,
} from "./gradcheck/report.ts";
import { needGradient } from "./model.ts";
import { permutation, random } from "./random.ts";
import type { Tensor } from "./values.ts";

export interface GradcheckOptions {
  /** Backends for layer 2; none by default. */
  readonly devices?: readonly Device[];
  /** Of those backends, "auto" by default. */
  readonly threads?: Threads;
  /** Of those backends, "auto" by default. */
  readonly vectors?: Vectors;
  readonly seed?: number;
  /** Samples, 2 by default. */
  readonly B?: number;
  /** Steps of the first sequence, 5 by default; a second has one fewer, … */
  readonly T?: number;
  /** Largest error of an element in layer 1, 1e-6 by default. */
  readonly tolerance?: number;
  /** Largest relative L2 error of a tensor in layer 2, 1e-5 by default. */
  readonly backendTolerance?: number;
  /** Elements checked of one tensor, 64 by default: of a larger one, so many at random. */
  readonly samples?: number;
}

export async function gradcheck(
  artifact: Artifact,
  options: GradcheckOptions = {},
): Promise<GradcheckReport> {
  needGradient(artifact);
  const { seed = 0, B = 2, T = 5, samples = 64, devices = [] } = options;
  const { threads = "auto", vectors = "auto" } = options;
  const tolerance = {
    element: options.tolerance ?? 1e-6,
    tensor: options.backendTolerance ?? 1e-5,
  };
  const steps = sequences(artifact).map((s, i) => [s, Math.max(1, T - i)] as const);
  const sizes: Sizes = { ...Object.fromEntries(steps), B };
  const job: Job = { artifact, seed, sizes, samples, tolerance };
  const list = cases(artifact, sizes);

  const reports: CaseReport[] = [];
  const references: ReadonlyMap<string, Tensor>[] = [];
  const session = await referenceDevice.open(artifact);
  for (const one of list) {
    write(session, point(artifact, seed, sizes, one));
    const reference = await compute(job, session, one.gradient);
    references.push(reference);
    reports.push(await checkCase(job, session, one, reference));
  }
  session.close();
  const backends: BackendCheck[] = [];
  for (const device of devices)
    backends.push(await checkBackend(job, device, list, references, { threads, vectors }));

  const tensors = reports.flatMap((r) => r.tensors.map((t) => ({ ...t, case: r.name })));
  const count = (key: "checked" | "kinks"): number => tensors.reduce((n, t) => n + t[key], 0);
  const worst = tensors.reduce<GradcheckReport["worst"]>(
    (max, t) =>
      t.worst !== null && !(t.worst.error <= (max?.error ?? -1))
        ? { ...t.worst, case: t.case }
        : max,
    null,
  );
  return {
    ok: reports.every((r) => r.ok) && backends.every((b) => b.ok),
    entry: artifact.entry.name,
    seed,
    sizes,
    tolerance,
    cases: reports,
    backends,
    worst,
    checked: count("checked"),
    kinks: count("kinks"),
    unsampled: tensors.reduce((n, t) => n + t.elements - t.checked - t.kinks, 0),
  };
}

interface Job {
  readonly artifact: Artifact;
  readonly seed: number;
  readonly sizes: Sizes;
  readonly samples: number;
  readonly tolerance: { readonly element: number; readonly tensor: number };
}

function write(session: Session, tensors: ReadonlyMap<string, Tensor>): void {
  for (const [name, { data, shape }] of tensors) session.write(name, data, shape);
}

/** Runs a program on what the store has: all its outputs by store name. */
async function compute(
  { artifact, sizes }: Job,
  session: Session,
  program: keyof Programs,
): Promise<ReadonlyMap<string, Tensor>> {
  await session.run(program, sizes);
  const found = new Map<string, Tensor>();
  for (const [name, { shape }] of signature(artifact, program).outputs)
    found.set(name, { data: await session.read(name), shape: shapeOf(shape, sizes) });
  return found;
}

async function checkCase(
  job: Job,
  session: Session,
  one: Case,
  gradients: ReadonlyMap<string, Tensor>,
): Promise<CaseReport> {
  const { artifact, seed, sizes } = job;
  const at = point(artifact, seed, sizes, one);
  const nonFinite = firstNonFinite(artifact, one.gradient, at, sizes);
  if (nonFinite !== null) return { name: one.name, ok: false, tensors: [], values: [], nonFinite };
  const forward = await compute(job, session, one.forward);
  const values = compare(gradients, forward, TWINS);
  const tensors: TensorReport[] = [];
  for (const [name, gradient] of gradients) {
    if (!name.startsWith("grad:")) continue;
    const of = name.slice("grad:".length);
    tensors.push(await checkTensor(job, session, one, at, of, gradient));
  }
  const ok = [...tensors, ...values].every((t) => t.ok);
  return { name: one.name, ok, tensors, values, nonFinite: null };
}

/** Two float64 programs of the same values differ by the order of their sums alone. */
const TWINS = 1e-11;

async function checkTensor(
  job: Job,
  session: Session,
  one: Case,
  at: ReadonlyMap<string, Tensor>,
  name: string,
  gradient: Tensor,
): Promise<TensorReport> {
  const { artifact, samples, seed, tolerance } = job;
  const { data, shape } = at.get(name)!;
  const scale = Math.sqrt(sumOfSquares(gradient.data) / Math.max(1, gradient.data.length));
  const moved = data.slice();
  const picked = permutation(data.length, random(seed, `gradcheck elements:${name}`)).slice(
    0,
    samples,
  );
  const places = placesOf(artifact, name);
  let worst: Worst | null = null;
  let [checked, kinks] = [0, 0];
  for (const i of picked.sort()) {
    const loss: Loss = async (delta) => {
      moved[i] = data[i]! + delta;
      session.write(name, moved, shape);
      return lossOf(job, session, one, at);
    };
    const generated = gradient.data[i]!;
    const { numeric, error, kink } = await difference(
      loss,
      generated,
      data[i]!,
      scale,
      tolerance.element,
    );
    moved[i] = data[i]!;
    if (kink) {
      kinks += 1;
      continue;
    }
    checked += 1;
    if (worst === null || error > worst.error)
      worst = { name, index: unflatten(i, shape), generated, numeric, error, places };
  }
  session.write(name, data, shape);
  const ok = worst === null || worst.error <= tolerance.element;
  return { name, ok, elements: data.length, checked, kinks, worst };
}

/** Σ upstream · value over outputs and final states, by the forward program. */
async function lossOf(
  { artifact, sizes }: Job,
  session: Session,
  one: Case,
  at: ReadonlyMap<string, Tensor>,
): ReturnType<Loss> {
  await session.run(one.forward, sizes);
  let [value, size] = [0, 0];
  const names = [
    ...artifact.outputs.map((o) => [`upstream:${o.name}`, `output:${o.name}`] as const),
    ...artifact.states.map((s) => [`upstream-final:${s.name}`, `final:${s.name}`] as const),
  ];
  for (const [upstream, name] of names) {
    const weights = at.get(upstream)!.data;
    const values = await session.read(name);
    for (let i = 0; i < weights.length; i++) {
      const term = weights[i]! * values[i]!;
      value += term;
      size += Math.abs(term);
    }
  }
  return { value, size };
}

async function checkBackend(
  job: Job,
  device: Device,
  list: readonly Case[],
  references: readonly ReadonlyMap<string, Tensor>[],
  options: OpenOptions,
): Promise<BackendCheck> {
  const there = await device.available();
  if (!there.ok) throw new DeviceError(`${device.name}: ${there.why}`);
  const session = await device.open(job.artifact, options);
  try {
    const found: BackendCheck["cases"][number][] = [];
    for (const [i, one] of list.entries()) {
      write(session, point(job.artifact, job.seed, job.sizes, one));
      const got = await compute(job, session, one.gradient);
      const tensors = compare(got, references[i]!, job.tolerance.tensor);
      found.push({ name: one.name, ok: tensors.every((t) => t.ok), tensors });
    }
    return { backend: session.report(), ok: found.every((c) => c.ok), cases: found };
  } finally {
    session.close();
  }
}

function compare(
  got: ReadonlyMap<string, Tensor>,
  reference: ReadonlyMap<string, Tensor>,
  tolerance: number,
): readonly TensorCheck[] {
  const kindOf = (name: string): string => (name.startsWith("grad:") ? "gradient" : "value");
  const rms = new Map<string, number>();
  for (const kind of ["gradient", "value"]) {
    const all = [...reference].filter(([name]) => kindOf(name) === kind).map(([, t]) => t.data);
    const count = all.reduce((n, d) => n + d.length, 0);
    rms.set(kind, Math.sqrt(all.reduce((s, d) => s + sumOfSquares(d), 0) / Math.max(1, count)));
  }
  return [...reference].map(([name, { data, shape }]) => {
    const values = got.get(name)!.data;
    const error = relativeL2(values, data, rms.get(kindOf(name))!);
    let at = 0;
    for (let i = 0; i < data.length; i++)
      if (!(Math.abs(values[i]! - data[i]!) <= Math.abs(values[at]! - data[at]!))) at = i;
    const worst = { index: unflatten(at, shape), got: values[at]!, reference: data[at]! };
    return { name, ok: error <= tolerance, error, worst };
  });
}

/**
 * ‖got − reference‖₂ / max(‖reference‖₂, rms √n / 1000). `rms` is the root mean square of all values of
 * the kind, n the tensor's elements: a tensor that is zero but for cancellation, such as the gradient of
 * a shift that normalisation removes, is measured against a thousandth of the others.
 */
export function relativeL2(
  got: ArrayLike<number>,
  reference: ArrayLike<number>,
  rms: number,
): number {
  let gap = 0;
  for (let i = 0; i < reference.length; i++) gap += (got[i]! - reference[i]!) ** 2;
  const floor = (rms * Math.sqrt(reference.length)) / 1000;
  const norm = Math.max(Math.sqrt(sumOfSquares(reference)), floor);
  return gap === 0 ? 0 : Math.sqrt(gap) / norm;
}

function sumOfSquares(data: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! ** 2;
  return sum;
}
