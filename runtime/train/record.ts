/** @file What a run records of its gradients, and when. In: a session after an update, settings. Out: a line
 *  for the sink. Depends on settings and step alone, so that a resumed run records the same lines. */
import type { Artifact } from "../artifact/artifact.ts";
import type { Session } from "../devices/device.ts";
import type { TrainSettings } from "./settings.ts";
import type { GradientLine } from "./sink.ts";

/** Records of a run, about, where nobody says how many. */
const RECORDS = 200;
/** Probes of a run, at most, besides the one before the first update. */
const PROBES = 10;

/** Whether the gradients of update `step` (from 1) of `total` are recorded. */
export function isRecorded({ recordEvery }: TrainSettings, step: number, total: number): boolean {
  const every = recordEvery ?? Math.max(1, Math.ceil(total / RECORDS));
  return every > 0 && (step - 1) % every === 0;
}

/** Whether the weights after `epoch` epochs are looked at; 0 is before the first update. */
export function isProbed({ recordEvery, epochs }: TrainSettings, epoch: number): boolean {
  if (recordEvery === 0) return false;
  return epoch % Math.ceil(epochs / PROBES) === 0 || epoch === epochs;
}

/** Reads the gradients that the session's last update took, and clips them as it did. */
export async function gradientNorms(
  artifact: Artifact,
  session: Session,
  { clip }: TrainSettings,
): Promise<Pick<GradientLine, "norm_after" | "grad_norms">> {
  const limit = clip.value ?? Number.POSITIVE_INFINITY;
  const norms: Record<string, number> = {};
  let clamped = 0;
  for (const { name } of artifact.params) {
    let squares = 0;
    for (const g of await session.read(`grad:param:${name}`)) {
      squares += g * g;
      clamped += Math.min(Math.abs(g), limit) ** 2;
    }
    norms[name] = Math.sqrt(squares);
  }
  const norm = Math.sqrt(clamped);
  return { norm_after: Math.min(norm, clip.norm ?? norm), grad_norms: norms };
}
