/** @file `--backend`. In: a name. Out: an open model that runs where it was told to, or a Failure. */
import { type Command, Option } from "commander";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import { openArtifact } from "../runtime/index.ts";
import { BACKENDS, type BackendName } from "../runtime/devices/table.ts";
import type { Model } from "../runtime/model.ts";

export interface BackendOptions {
  readonly backend: BackendName;
  readonly seed?: number;
}

export function backendOption(command: Command): Command {
  const names = BACKENDS;
  return command
    .addOption(new Option("--backend <name>", "where to compute").choices(names).default("auto"))
    .option("--seed <n>", "seed of the initial weights", Number, 1);
}

export function openWith(artifact: Artifact, { backend, seed }: BackendOptions): Promise<Model> {
  return openArtifact(artifact, { backend, ...(seed === undefined ? {} : { seed }) });
}
