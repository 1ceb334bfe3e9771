/** @file Why a loss or a gradient is not finite. In: a session whose store has the inputs of the run that
 *  gave it. Out: a fault that names the step, the parameter and the equation. Runs the float64 reference. */
import type { Artifact } from "../artifact/artifact.ts";
import { shapeOf } from "../artifact/extent.ts";
import { type DataFault, fault } from "../data/fault.ts";
import type { Session, Sizes } from "../devices/device.ts";
import type { NonFinite, StoredTensor } from "../devices/reference.ts";
import type { TrainingProgram } from "./feed.ts";

export interface Incident {
  /** "the loss", "the norm of the gradient". */
  readonly what: string;
  readonly value: number;
  /** "at step 12 (epoch 2)". */
  readonly when: string;
  readonly program: TrainingProgram;
  readonly sizes: Sizes;
}

/** D203. The store must still hold the parameters that `program` ran with. */
export async function explain(
  artifact: Artifact,
  session: Session,
  incident: Incident,
): Promise<DataFault> {
  const { program, sizes } = incident;
  const gradients = await judgeGradients(artifact, session, program);
  const { inputs, buffers } = artifact.programs[program]!;
  const store = new Map<string, StoredTensor>();
  for (const { name, buffer } of inputs)
    store.set(name, {
      data: await session.read(name),
      shape: shapeOf(buffers[buffer]!.shape, sizes),
    });
  const { firstNonFinite } = await import("../devices/reference.ts");
  const found = firstNonFinite(artifact, program, store, sizes);
  const place = found?.places[0] ?? null;
  return fault(
    "D203",
    `${incident.what} is ${incident.value} ${incident.when}; ${cause(found)}${gradients}`,
    {
      file: place?.file ?? null,
      row: place?.line ?? null,
      column: null,
      help: "lower lr, clip the norm of the gradient (`clip norm 1.0`), or scale the data",
    },
  );
}

function cause(found: NonFinite | null): string {
  if (found === null) return "in float64 every number is finite, so it passed the range of float32";
  const step = found.step === null ? "" : ` at t = ${found.step}`;
  const equations = [...new Set(found.places.map((p) => `\`${p.of}\``))].join(", ");
  const where =
    found.kind === "input" ? `the input ${found.name}` : equations || `\`${found.name}\``;
  return `the first number that is not finite is ${found.value} in ${where}${step}`;
}

/** The first parameter whose gradient is not finite, else the one with the largest. */
async function judgeGradients(
  artifact: Artifact,
  session: Session,
  program: TrainingProgram,
): Promise<string> {
  if (program === "loss" || program === "lossMasked") return "";
  let largest = { name: "", size: -1 };
  for (const { name } of artifact.params) {
    const gradient = await session.read(`grad:param:${name}`);
    if (!gradient.every(Number.isFinite))
      return `; the first parameter whose gradient is not finite is ${name}`;
    const size = Float64Array.from(gradient).reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    if (size > largest.size) largest = { name, size };
  }
  return `; the parameter with the largest gradient is ${largest.name}`;
}
