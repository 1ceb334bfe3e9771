/** @file A model from whatever names one. In: a `.cell` spec, an artifact, or the folder of a training run.
 *  Out: an open model with its weights. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import { unwrap } from "../runtime/errors.ts";
import type { Model } from "../runtime/model.ts";
import { loadWeights } from "../runtime/weights.ts";
import { type BackendOptions, openWith } from "./backend.ts";
import { artifactOf, type EntryOptions, needFile } from "./source.ts";

export interface ModelFileOptions extends EntryOptions, BackendOptions {
  /** safetensors; a run folder has its own. */
  readonly weights?: string;
}

/** Files of a run folder, as training writes them. */
export const RUN = {
  artifact: "artifact.json",
  best: "best.safetensors",
  checkpoint: "checkpoint.safetensors",
  config: "config.json",
  metrics: "metrics.jsonl",
} as const;

export function isRunFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory() && existsSync(join(path, RUN.artifact));
}

/** The artifact that `path` names, whichever of the three it is. */
export function artifactAt(path: string, options: EntryOptions, json = false): Artifact {
  return artifactOf(isRunFolder(path) ? join(path, RUN.artifact) : path, options, json);
}

/** Initial weights where there are none to load. */
export async function openModelFile(path: string, options: ModelFileOptions): Promise<Model> {
  const artifact = artifactAt(path, options);
  const weights = options.weights ?? (isRunFolder(path) ? join(path, RUN.best) : undefined);
  const model = await openWith(artifact, options);
  if (weights === undefined) return model;
  needFile(weights);
  const tensors = unwrap(loadWeights(artifact, readFileSync(weights)));
  await model.setParams(Object.fromEntries(tensors));
  return model;
}
