/** @file Measurements of a spec at given values. In: a spec's text or file, sizes. Out: its loop on the float64 device,
 *  products of its Jacobians, their singular values by another road. */
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import { all, type Blocks, joined, units, widthOf } from "../../cli/analyse/rows.ts";
import type { LoopSession, Run } from "../../cli/analyse/session.ts";
import { openLoop, withPrograms } from "../../cli/analyse/session.ts";
import { noise } from "../../cli/analyse/inputs.ts";
import type { Device } from "../../runtime/devices/device.ts";
import { type Loop, loopsOf } from "../../compiler/analyse/loop.ts";
import { measuring } from "../../compiler/analyse/measuring.ts";
import { type Step, stepOf } from "../../compiler/analyse/paths.ts";
import { outline } from "../../compiler/compile.ts";
import { type Artifact, check, chooseEntry } from "../../compiler/index.ts";
import { hasErrors } from "../../grammar/diagnostic.ts";
import { referenceDevice } from "../../runtime/devices/reference.ts";
import { type InitialTensor, initialise } from "../../runtime/initialise.ts";
import { reader } from "./spec.ts";

export interface Opened {
  readonly artifact: Artifact;
  readonly loop: Loop;
  readonly step: Step;
  readonly session: LoopSession;
}

export async function openSpec(
  request: {
    readonly file: string;
    readonly text?: string;
    readonly entry?: string;
    readonly dims?: Readonly<Record<string, number>>;
  },
  device: Device = referenceDevice,
  isWide = false,
): Promise<Opened> {
  const read = reader(request.file, request.text);
  const checked = check(request.file, read);
  const { entry, diagnostics } = chooseEntry(checked, request);
  if (entry === null || hasErrors(checked.diagnostics))
    throw new Error(JSON.stringify([...checked.diagnostics, ...diagnostics]));
  const { loops } = loopsOf(checked, entry, entry.train !== null);
  const loop = loops[0]!;
  const programs = measuring(loop, entry.train !== null, isWide);
  const artifact = withPrograms(outline(checked, entry), programs);
  return {
    artifact,
    loop,
    step: stepOf(loop),
    session: await openLoop(artifact, programs, device),
  };
}

/** Weights and noise of a seed; `more` replaces or adds tensors by store name. */
export async function runOf(
  { artifact, session, loop }: Opened,
  steps: number,
  seed: number,
  more: ReadonlyMap<string, InitialTensor> = new Map(),
): Promise<Run> {
  const { values, sizes } = noise(artifact, loop.scan.over, steps, seed);
  const weights = [...initialise(artifact.params, seed)].map(
    ([n, w]) => [`param:${n}`, w] as const,
  );
  return session.trajectory(new Map([...values, ...weights, ...more]), sizes);
}

export const weightsOf = (artifact: Artifact, seed: number): ReadonlyMap<string, Float64Array> =>
  new Map([...initialise(artifact.params, seed)].map(([n, w]) => [n, w.data]));

/** ∂s_T/∂s_{T-lag} for every lag, each step's Jacobian multiplied in plain float64. */
export async function products(session: LoopSession, run: Run): Promise<readonly Matrix[]> {
  const { slots } = session.m;
  const width = widthOf(slots, all(slots));
  const ones: Blocks = units(slots, all(slots));
  const found: Matrix[] = [];
  for (let lag = 1; lag <= run.steps; lag++) {
    const rows = joined(await session.back(run, ones, width, lag, 1), slots, all(slots));
    const jacobian = Matrix.from1DArray(width, width, [...rows]);
    found.push(found.at(-1)?.mmul(jacobian) ?? jacobian);
  }
  return found;
}

export const norm2 = (m: Matrix): number =>
  new SingularValueDecomposition(m, { autoTranspose: true }).norm2;
