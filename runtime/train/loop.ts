/** @file One training step. In: a session with weights, a chunk, states to go on from. Out: loss, the
 *  norm of the gradient, the states it leaves. The weights never leave the device. */
import type { Artifact } from "../artifact/artifact.ts";
import { type DataFault, fault } from "../data/fault.ts";
import type { Batch } from "../data/batch.ts";
import type { Session } from "../devices/device.ts";
import { type Carry, feed, programFor, readCarry, type TrainingProgram } from "./feed.ts";
import { rateAt } from "./schedule.ts";
import type { TrainSettings } from "./settings.ts";

export interface Loop {
  /** Loss and gradients of a batch; `step` counts updates from 0. */
  gradient(batch: Batch, carry: Carry | null, step: number): Promise<GradientStep>;
  /** One optimiser step; gives ‖g‖₂ before clipping. */
  update(step: number): Promise<number>;
  /** The learning rate of a step. */
  rate(step: number): number;
}

export interface GradientStep {
  readonly loss: number;
  readonly program: TrainingProgram;
  /** Reads the states that the next chunk goes on from. */
  readonly carry: () => Promise<Carry>;
}

/** Stands for "no limit": the largest power of ten that float32 holds, three times. */
export const OFF = 3e38;

/** `total`: the updates of the whole run, for schedules. */
export function openLoop(
  artifact: Artifact,
  session: Session,
  settings: TrainSettings,
  total: number,
): Loop {
  const written = new Map<string, number>();
  const rate = (step: number): number =>
    rateAt(settings.schedule, settings.hyper.lr ?? 0, step, total);
  const hyper = artifact.programs.update!.inputs.flatMap(({ name }) =>
    name.startsWith("hyper:") ? [name.slice("hyper:".length)] : [],
  );
  const hyperAt = (name: string, step: number): number => {
    switch (name) {
      case "lr":
        return rate(step);
      case "step":
        return step + 1;
      case "clip-norm":
        return settings.clip.norm ?? OFF;
      case "clip-value":
        return settings.clip.value ?? OFF;
      default:
        return settings.hyper[name] ?? 0;
    }
  };
  return {
    rate,
    gradient: async (batch, carry, step) => {
      const program = programFor("train", batch);
      feed(artifact, session, program, batch, { carry, seed: settings.seed, step });
      await session.run(program, batch.sizes);
      const [loss] = await session.read("loss");
      return { loss: loss!, program, carry: () => readCarry(artifact, session, program) };
    },
    update: async (step) => {
      for (const name of hyper) {
        const value = hyperAt(name, step);
        if (written.get(name) === value) continue;
        session.write(`hyper:${name}`, Float64Array.of(value), []);
        written.set(name, value);
      }
      await session.run("update", {});
      const [norm] = await session.read("grad-norm");
      return norm!;
    },
  };
}

/** D112 where the settings cut a model whose states cannot be handed from chunk to chunk. */
export function cannotCut(artifact: Artifact, settings: TrainSettings): readonly DataFault[] {
  if (settings.truncate === null || artifact.programs.step !== null) return [];
  return [
    fault("D112", `${artifact.entry.name} reads its whole sequence at once, so it cannot be cut`, {
      help: "take `truncate` off, or use forward layers alone",
    }),
  ];
}
