/** @file How far a gradient reaches back. In: a session with weights, a few sequences. Out: the norm of the
 *  gradient of the last output by lag. Knows a model by its programs alone; changes no weight. */
import type { Artifact } from "../artifact/artifact.ts";
import { elements } from "../artifact/extent.ts";
import type { Batch } from "../data/batch.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Real, Session } from "../devices/device.ts";
import { random } from "../random.ts";
import type { TrainSettings } from "./settings.ts";

/**
 * u · y_T for unit vectors u, drawn once a sample: `norms[name][k]` is the root mean square over samples of
 * ‖∂(u · y_T)/∂v‖₂. For `of` "states" v is s_{T−1−k}; for "inputs" it is x_{T−k}.
 */
export interface LagNorms {
  readonly of: "states" | "inputs";
  readonly norms: Readonly<Record<string, readonly number[]>>;
}

export type LagProbe = (session: Session) => Promise<LagNorms | null>;

const SAMPLES = 4;
const LAGS = 128;

/**
 * By its states where the model can be run a step at a time and reads each one step back; else by its real
 * inputs. Null where it has neither, or where no sample has two steps: then there are no lags.
 */
export function openLagProbe(
  artifact: Artifact,
  dataset: Dataset,
  settings: TrainSettings,
): LagProbe {
  const batch = fixedBatch(dataset, settings);
  const seq = soleSequence(artifact);
  const steps = batch === null || seq === null ? 0 : batch.sizes[seq]!;
  if (batch === null || seq === null || steps < 2) return async () => null;
  const isStepped = artifact.programs.step !== null && artifact.states.length > 0;
  return isStepped && artifact.states.every((s) => s.lags === 1)
    ? (session) => byStates(artifact, session, batch, seq, Math.min(steps, LAGS))
    : (session) => byInputs(artifact, session, batch, seq);
}

/** The first samples of the training split that are as long as the first of them: the same at each call. */
function fixedBatch(dataset: Dataset, { seed, truncate }: TrainSettings): Batch | null {
  const plan = { batch: SAMPLES, seed, epoch: 0, shuffle: false, truncate };
  const planned = dataset.trainingPlan(plan);
  const [chunk] = planned.ok ? planned.value : [];
  const length = chunk?.rows[0]?.length ?? 0;
  if (chunk === undefined || length === 0) return null;
  const rows = chunk.rows.filter((row) => row.length === length);
  const batch = dataset.batch({ ...chunk, rows, steps: length });
  return batch.lengths === null ? batch : null;
}

/** The sequence that the model moves over; null where it has none, or several. */
function soleSequence(artifact: Artifact): string | null {
  const seqs = artifact.inputs.flatMap((i) => (i.seq === null || i.memory ? [] : [i.seq]));
  return new Set(seqs).size === 1 ? seqs[0]! : null;
}

/**
 * λ_{t−1} = (∂s_t/∂s_{t−1})ᵀ λ_t, a step at a time: the gradient program over one step is that product. λ is
 * scaled to norm 1 after each step and the scale kept apart, so that what vanishes in float32 is still measured.
 */
async function byStates(
  artifact: Artifact,
  session: Session,
  batch: Batch,
  seq: string,
  steps: number,
): Promise<LagNorms> {
  const B = batch.sizes.B!;
  const sizes = { ...batch.sizes, [seq]: 1 };
  const at = (i: number): number =>
    artifact.entry.direction === "backward" ? batch.sizes[seq]! - 1 - i : i;
  const zeros = (shape: readonly number[]): Real => new Float64Array(B * elements(shape));
  const start = new Map(
    artifact.states.map((s) => [s.name, zeros(s.shape).fill(s.initial ?? 0)] as const),
  );
  const enter = (i: number, states: ReadonlyMap<string, Real>, given: boolean): void => {
    writeInputs(artifact, session, batch, seq, at(i));
    for (const { name, shape } of artifact.states) {
      session.write(`initial:${name}`, states.get(name)!, [B, ...shape]);
      session.write(`given:${name}`, Float64Array.of(given ? 1 : 0), []);
    }
  };
  const reading = async (prefix: string): Promise<ReadonlyMap<string, Real>> => {
    const found = new Map<string, Real>();
    for (const { name } of artifact.states)
      found.set(name, await session.read(`${prefix}:${name}`));
    return found;
  };

  const path = [start];
  for (let i = 0; i < steps - 1; i++) {
    enter(i, path[i]!, i > 0);
    await session.run("forward", sizes);
    path.push(new Map(await reading("final")));
  }
  const norms = Object.fromEntries(artifact.states.map((s) => [s.name, [] as number[]]));
  let adjoint: ReadonlyMap<string, Real> = new Map(
    artifact.states.map((s) => [s.name, zeros(s.shape)] as const),
  );
  let scale = 1;
  for (let i = steps - 1; i > 0 && scale > 0; i--) {
    enter(i, path[i]!, true);
    writeUpstream(artifact, session, sizes, i === steps - 1);
    for (const { name, shape } of artifact.states)
      session.write(`upstream-final:${name}`, adjoint.get(name)!, [B, ...shape]);
    await session.run("gradient", sizes);
    const next = await reading("grad:initial");
    for (const [name, values] of next) norms[name]!.push(scale * rootMeanSquare(values, B));
    const size = Math.hypot(...[...next.values()].map((values) => rootMeanSquare(values, B)));
    scale *= size;
    adjoint = new Map([...next].map(([name, v]) => [name, v.map((x) => x / (size || 1))] as const));
  }
  return { of: "states", norms };
}

/** One run of the gradient program over all steps: row t of an input's gradient is lag T − 1 − t. */
async function byInputs(
  artifact: Artifact,
  session: Session,
  batch: Batch,
  seq: string,
): Promise<LagNorms | null> {
  const inputs = artifact.inputs.filter((i) => i.seq === seq && i.of === null && !i.memory);
  if (inputs.length === 0) return null;
  const { sizes } = batch;
  const [T, B] = [sizes[seq]!, sizes.B!];
  writeInputs(artifact, session, batch, seq, null);
  for (const { name, shape, initial } of artifact.states) {
    const values = new Float64Array(B * elements(shape)).fill(initial ?? 0);
    session.write(`initial:${name}`, values, [B, ...shape]);
    session.write(`given:${name}`, Float64Array.of(0), []);
    session.write(`upstream-final:${name}`, values.fill(0), [B, ...shape]);
  }
  writeUpstream(artifact, session, sizes, true);
  await session.run("gradient", sizes);
  const norms: Record<string, readonly number[]> = {};
  for (const { name, shape } of inputs) {
    const gradient = await session.read(`grad:input:${name}`);
    const row = B * elements(shape);
    norms[name] = Array.from({ length: Math.min(T, LAGS) }, (_, k) =>
      rootMeanSquare(gradient.subarray((T - 1 - k) * row, (T - k) * row), B),
    );
  }
  return { of: "inputs", norms };
}

/** Inputs of step `t` alone, or of all; memories and vectors whole. */
function writeInputs(
  artifact: Artifact,
  session: Session,
  batch: Batch,
  seq: string,
  t: number | null,
): void {
  for (const { name, seq: own, memory } of artifact.inputs) {
    const { data, shape } = batch.inputs.get(name)!;
    const isWhole = t === null || own !== seq || memory;
    const row = data.length / (shape[0] ?? 1);
    if (isWhole) session.write(`input:${name}`, data, shape);
    else session.write(`input:${name}`, data.slice(t * row, (t + 1) * row), [1, ...shape.slice(1)]);
  }
}

/** u at the last step of each output, 0 before it; or 0 everywhere. */
function writeUpstream(
  artifact: Artifact,
  session: Session,
  sizes: Batch["sizes"],
  given: boolean,
): void {
  for (const { name, seq, shape: extents } of artifact.outputs) {
    const shape = extents.map((e) => (typeof e === "number" ? e : sizes[e]!));
    const [steps, B, width] = [seq === null ? 1 : sizes[seq]!, sizes.B!, elements(shape)];
    const data = new Float64Array(steps * B * width);
    if (given) data.set(directions(name, B, width), (steps - 1) * B * width);
    session.write(`upstream:${name}`, data, [...(seq === null ? [] : [steps]), B, ...shape]);
  }
}

/** A unit vector a sample, the same for every run of the model. */
function directions(name: string, B: number, width: number): Float64Array {
  const { normal } = random(0, `lags:${name}`);
  const u = Float64Array.from({ length: B * width }, normal);
  for (let b = 0; b < B; b++) {
    const row = u.subarray(b * width, (b + 1) * width);
    const norm = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    for (let i = 0; i < width; i++) row[i]! /= norm;
  }
  return u;
}

/** √(Σ v² / B) */
function rootMeanSquare(values: Real, B: number): number {
  let sum = 0;
  for (const v of values) sum += v * v;
  return Math.sqrt(sum / B);
}
