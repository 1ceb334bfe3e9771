/** @file A batch → the device's store. In: a program, a batch, states to go on from. Out: every input of
 *  the program but parameters and the optimiser's. Never runs it. */
import type { Artifact } from "../artifact/artifact.ts";
import { elements, shapeOf } from "../artifact/extent.ts";
import type { Batch } from "../data/batch.ts";
import type { Real, Session } from "../devices/device.ts";
import { keepMask } from "../random.ts";

/** States by slot name (`h`, `h#2`), [B][…]: what a chunk leaves to the next. */
export type Carry = ReadonlyMap<string, Real>;

export type TrainingProgram = "train" | "trainMasked" | "loss" | "lossMasked";

/** The plain program where every row has all steps, else its masked twin. */
export function programFor(kind: "train" | "loss", batch: Batch): TrainingProgram {
  return batch.lengths === null ? kind : `${kind}Masked`;
}

/** `carry` null: states start anew. `seed` and `step` choose the masks of dropout. */
export function feed(
  artifact: Artifact,
  session: Session,
  program: TrainingProgram,
  batch: Batch,
  {
    carry,
    seed,
    step,
  }: { readonly carry: Carry | null; readonly seed: number; readonly step: number },
): void {
  const { inputs, buffers } = artifact.programs[program]!;
  const states = new Map(artifact.states.map((s) => [s.name, s]));
  for (const { name, buffer } of inputs) {
    const colon = name.indexOf(":");
    const key = name.slice(colon + 1);
    const shape = shapeOf(buffers[buffer]!.shape, batch.sizes);
    switch (name.slice(0, colon)) {
      case "input":
        session.write(name, batch.inputs.get(key)!.data, shape);
        break;
      case "target":
        session.write(name, batch.targets.get(key)!.data, shape);
        break;
      case "length":
        session.write(name, batch.lengths!.get(key)!.data, shape);
        break;
      case "given":
        session.write(name, Float64Array.of(carry === null ? 0 : 1), []);
        break;
      case "initial": {
        const state = states.get(key.replace(/#\d+$/, ""))!;
        const fresh = (): Real => new Float64Array(elements(shape)).fill(state.initial ?? 0);
        session.write(name, carry?.get(key) ?? fresh(), shape);
        break;
      }
      case "random": {
        const mask = keepMask(
          artifact.randoms.find((r) => r.name === key)!,
          batch.sizes,
          seed,
          step,
        );
        session.write(name, mask.data, mask.shape);
        break;
      }
    }
  }
}

/** The final states of the run before, for the chunk after. */
export async function readCarry(
  artifact: Artifact,
  session: Session,
  program: TrainingProgram,
): Promise<Carry> {
  const carry = new Map<string, Real>();
  for (const { name } of artifact.programs[program]!.outputs)
    if (name.startsWith("final:")) carry.set(name.slice("final:".length), await session.read(name));
  return carry;
}
