/** @file A model, and data, from whatever names them. In: a `.cell` spec, an artifact, or the folder of a
 *  training run. Out: an open model with its weights; a dataset bound to it. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import { type Dataset, openDataset } from "../runtime/data/dataset.ts";
import type { DataDecl } from "../runtime/data/declaration.ts";
import type { Fitted } from "../runtime/data/fitted.ts";
import { folderOf, loadDeclaration, loadTable } from "../runtime/data/node.ts";
import { prepare } from "../runtime/data/prepare.ts";
import { unwrap } from "../runtime/errors.ts";
import type { Model } from "../runtime/model.ts";
import type { RunConfig } from "../runtime/train/run-config.ts";
import { RUN_FILES } from "../runtime/train/run-folder.ts";
import { type BackendOptions, openWith } from "./backend.ts";
import { inFile } from "./fail.ts";
import { artifactOf, type EntryOptions, needFile } from "./source.ts";

export interface ModelFileOptions extends EntryOptions, BackendOptions {
  /** safetensors; a run folder has its own. */
  readonly weights?: string;
  readonly json?: boolean;
}

export function isRunFolder(path: string): boolean {
  return (
    existsSync(path) && statSync(path).isDirectory() && existsSync(join(path, RUN_FILES.artifact))
  );
}

/** The artifact that `path` names, whichever of the three it is. */
export async function artifactAt(
  path: string,
  options: EntryOptions,
  json = false,
): Promise<Artifact> {
  return artifactOf(isRunFolder(path) ? join(path, RUN_FILES.artifact) : path, options, json);
}

/** Initial weights where there are none to load. */
export async function openModelFile(path: string, options: ModelFileOptions): Promise<Model> {
  const artifact = await artifactAt(path, options, options.json);
  const weights = options.weights ?? (isRunFolder(path) ? join(path, RUN_FILES.best) : undefined);
  const model = await openWith(artifact, options);
  if (weights === undefined) return model;
  needFile(weights);
  await inFile(weights, () => model.loadWeights(readFileSync(weights)));
  return model;
}

/** The data that a declaration file names; scales and vocabularies are fitted unless they are given. */
export async function datasetOf(
  artifact: Artifact,
  path: string,
  fitted: Fitted | null = null,
): Promise<{ readonly dataset: Dataset; readonly decl: DataDecl }> {
  needFile(path);
  const decl = unwrap(await loadDeclaration(path));
  const table = unwrap(await loadTable(decl, folderOf(path)));
  return { dataset: unwrap(openDataset(unwrap(prepare(decl, table, fitted)), artifact)), decl };
}

/** The data that a run was trained on, at the run's scales. */
export async function datasetOfRun(artifact: Artifact, run: RunConfig): Promise<Dataset> {
  const table = unwrap(await loadTable(run.data, run.dataFolder));
  return unwrap(openDataset(unwrap(prepare(run.data, table, run.fitted)), artifact));
}
