/** @file Where a training run stands: weights, the optimiser's moments, carried states, position. In: a
 *  session. Out: plain data, and back. With the seed it is all that the rest of the run depends on. */
import type { Artifact } from "../artifact/artifact.ts";
import { elements } from "../artifact/extent.ts";
import type { Session } from "../devices/device.ts";
import { initialise } from "../initialise.ts";
import type { Tensor } from "../values.ts";
import type { Carry } from "./feed.ts";

export interface Progress {
  /** Updates done. */
  readonly step: number;
  /** From 0; `chunk` is the next one of this epoch. An epoch whose chunks are done awaits validation. */
  readonly epoch: number;
  readonly chunk: number;
  /** Of this epoch so far: Σ weight · loss, and Σ weight. */
  readonly lossSum: number;
  readonly lossWeight: number;
  readonly best: Best | null;
  /** Epochs since `best`. */
  readonly sinceBest: number;
  readonly elapsedMs: number;
}

/** The epoch (from 1) with the least validation loss, and the updates done at its end. */
export interface Best {
  readonly loss: number;
  readonly epoch: number;
  readonly step: number;
}

export interface Snapshot {
  readonly progress: Progress;
  /** By store name: `param:W`, `slot:m:W`. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** States that the next chunk goes on from; null where it starts anew. */
  readonly carry: Carry | null;
}

export const START: Progress = {
  step: 0,
  epoch: 0,
  chunk: 0,
  lossSum: 0,
  lossWeight: 0,
  best: null,
  sinceBest: 0,
  elapsedMs: 0,
};

/** Initial weights by the seed, moments zero. */
export function firstSnapshot(artifact: Artifact, seed: number): Snapshot {
  const params = [...initialise(artifact.params, seed)].map(
    ([name, tensor]) => [`param:${name}`, tensor] as const,
  );
  const slots = slotShapes(artifact).map(
    ([name, shape]) => [name, { data: new Float64Array(elements(shape)), shape }] as const,
  );
  return { progress: START, tensors: new Map([...params, ...slots]), carry: null };
}

export async function takeSnapshot(
  artifact: Artifact,
  session: Session,
  progress: Progress,
  carry: Carry | null,
): Promise<Snapshot> {
  const tensors = new Map<string, Tensor>();
  for (const [name, shape] of [...paramShapes(artifact), ...slotShapes(artifact)])
    tensors.set(name, { data: await session.read(name), shape });
  return { progress, tensors, carry };
}

export function restoreSnapshot(session: Session, snapshot: Snapshot): void {
  for (const [name, { data, shape }] of snapshot.tensors) session.write(name, data, shape);
}

/** The parameters alone, by their own names. */
export function paramsOf(snapshot: Snapshot): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(
    [...snapshot.tensors].flatMap(([name, tensor]) =>
      name.startsWith("param:") ? [[name.slice("param:".length), tensor] as const] : [],
    ),
  );
}

/** Store names and shapes of all that a snapshot has. */
export function snapshotShapes(artifact: Artifact): ReadonlyMap<string, readonly number[]> {
  return new Map([...paramShapes(artifact), ...slotShapes(artifact)]);
}

type Named = readonly [name: string, shape: readonly number[]];

function paramShapes(artifact: Artifact): readonly Named[] {
  return artifact.params.map(({ name, shape }) => [`param:${name}`, shape]);
}

function slotShapes(artifact: Artifact): readonly Named[] {
  const slots = artifact.train?.optimizer.slots ?? [];
  return slots.flatMap((slot) =>
    artifact.params.map(({ name, shape }): Named => [`slot:${slot}:${name}`, shape]),
  );
}
