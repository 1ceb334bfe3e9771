/** @file A training run in one file. In: a snapshot. Out: safetensors whose metadata say where the run
 *  stands; and back, or the reason why the bytes cannot be resumed from. Never touches a disk. */
import type { Artifact } from "./artifact/artifact.ts";
import { sameShape } from "./artifact/extent.ts";
import { fail, fault, ok, type Result } from "./data/fault.ts";
import type { Real } from "./devices/device.ts";
import { loadTensors, saveTensors } from "./safetensors.ts";
import type { TrainSettings } from "./train/settings.ts";
import { type Progress, type Snapshot, snapshotShapes } from "./train/snapshot.ts";
import type { Tensor } from "./values.ts";

export const CHECKPOINT_FORMAT = "cellc-checkpoint";

/** Settings that decide which chunk comes next: a run resumes with the same ones. */
type Fixed = Pick<TrainSettings, "seed" | "batch" | "truncate">;

/** One file, so that a write that replaces it leaves the old or the new run, never parts of both. */
export function encodeCheckpoint(
  artifact: Artifact,
  settings: TrainSettings,
  snapshot: Snapshot,
): Uint8Array {
  const carried = [...(snapshot.carry ?? [])].map(
    ([name, data]) => [`${CARRY}${name}`, { data, shape: [data.length] }] as const,
  );
  const { seed, batch, truncate } = settings;
  const fixed: Fixed = { seed, batch, truncate };
  return saveTensors(new Map<string, Tensor>([...snapshot.tensors, ...carried]), {
    format: CHECKPOINT_FORMAT,
    version: "1",
    entry: artifact.entry.name,
    hash: artifact.hash,
    progress: JSON.stringify(snapshot.progress),
    settings: JSON.stringify(fixed),
  });
}

/** D205 for bytes that are no checkpoint, D204 for one of another model or of other settings. */
export function decodeCheckpoint(
  artifact: Artifact,
  settings: TrainSettings,
  bytes: Uint8Array,
): Result<Snapshot> {
  const file = loadTensors(bytes);
  if (!file.ok)
    return fail(
      ...file.faults.map((f) => fault("D205", `not a checkpoint: ${f.message}`, { help: f.help })),
    );
  const { tensors, metadata } = file.value;
  if (metadata.format !== CHECKPOINT_FORMAT || metadata.version !== "1")
    return fail(fault("D205", "the file is no checkpoint of a training run"));
  if (metadata.hash !== artifact.hash)
    return fail(
      fault("D204", `the run is of ${metadata.entry} with other equations or sizes`, {
        help: "resume with the spec and sizes that were trained, or start a run in another folder",
      }),
    );
  const progress = parse(metadata.progress);
  const fixed = parse(metadata.settings);
  if (!isProgress(progress) || typeof fixed !== "object" || fixed === null)
    return fail(fault("D205", "the checkpoint does not say where the run stands"));
  const changed = (["seed", "batch", "truncate"] as const).filter(
    (key) => (fixed as Record<string, unknown>)[key] !== settings[key],
  );
  if (changed.length > 0)
    return fail(
      ...changed.map((key) =>
        fault("D204", `the run was started with another ${key}`, {
          help: `resume with ${key} ${String((fixed as Record<string, unknown>)[key])}`,
        }),
      ),
    );
  return snapshotOf(artifact, tensors, progress);
}

const CARRY = "carry:";

function snapshotOf(
  artifact: Artifact,
  tensors: ReadonlyMap<string, Tensor>,
  progress: Progress,
): Result<Snapshot> {
  const wanted = snapshotShapes(artifact);
  const missing = [...wanted].filter(([name, shape]) => {
    const tensor = tensors.get(name);
    return tensor === undefined || !sameShape(tensor.shape, shape);
  });
  if (missing.length > 0)
    return fail(
      fault("D204", `the checkpoint has no ${missing[0]![0]} of shape [${missing[0]![1]}]`, {
        help: "resume with the optimiser that the run was started with",
      }),
    );
  const carry = new Map<string, Real>();
  for (const [name, { data }] of tensors)
    if (name.startsWith(CARRY)) carry.set(name.slice(CARRY.length), data);
  const kept = new Map([...wanted.keys()].map((name) => [name, tensors.get(name)!]));
  return ok({ progress, tensors: kept, carry: carry.size === 0 ? null : carry });
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

function isProgress(json: unknown): json is Progress {
  if (typeof json !== "object" || json === null) return false;
  const p = json as Readonly<Record<string, unknown>>;
  const counts = [p.step, p.epoch, p.chunk, p.sinceBest].every(
    (n) => Number.isSafeInteger(n) && Number(n) >= 0,
  );
  const numbers = [p.lossSum, p.lossWeight, p.elapsedMs].every((n) => Number.isFinite(n));
  const best = p.best as Readonly<Record<string, unknown>> | null | undefined;
  const known =
    best === null ||
    (typeof best === "object" &&
      [best.loss, best.epoch, best.step].every((n) => Number.isFinite(n)));
  return counts && numbers && known;
}
