/** @file What a report shows. In: runs. Out: plain JSON data: `--json` prints it, the page embeds it and draws
 *  nothing else. Never invents a number that the run did not record. */
import { basename } from "node:path";
import type { Artifact } from "../../runtime/artifact/artifact.ts";
import { elements } from "../../runtime/artifact/extent.ts";
import type { RunConfig } from "../../runtime/train/run-config.ts";
import type { EpochLine } from "../../runtime/train/sink.ts";
import { type Difference, differences } from "./compare.ts";
import type { CheckFacts } from "./gradients.ts";
import type { History } from "./history.ts";

export interface Report {
  /** The run that is reported, then those it is compared with. */
  readonly runs: readonly RunFacts[];
  /** Settings, data and sizes that are not the same in all runs. */
  readonly differences: readonly Difference[];
}

export interface RunFacts extends History {
  /** The folder's name, or its path where names are not unique. */
  readonly name: string;
  readonly folder: string;
  readonly model: ModelFacts;
  readonly backend: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: RunConfig["settings"];
  readonly data: RunConfig["data"];
  readonly progress: ProgressFacts;
  /** Null where it was not asked for. */
  readonly gradcheck: CheckFacts | null;
  readonly spec: readonly { readonly path: string; readonly text: string }[];
}

export interface ModelFacts {
  readonly entry: Artifact["entry"];
  readonly dims: Artifact["dims"];
  readonly hash: string;
  readonly loss: string | null;
  readonly optimizer: string | null;
  readonly parameters: number;
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly initialiser: string;
  }[];
}

export interface ProgressFacts {
  /** Null while it may go on: it is training, or was stopped. */
  readonly ended: "epochs" | "patience" | null;
  /** Updates and whole epochs. */
  readonly steps: number;
  readonly epochs: number;
  readonly elapsed_ms: number;
  /** Mean training loss of the last whole epoch. */
  readonly train_loss: number | null;
  readonly best: {
    readonly val_loss: number;
    readonly epoch: number;
    readonly step: number;
  } | null;
  /** Updates whose gradient was clipped by its norm. */
  readonly clipped: number;
  /** Median over the rows of `steps`. */
  readonly tokens_per_s: number | null;
}

export interface RunParts {
  readonly folder: string;
  readonly artifact: Artifact;
  readonly config: RunConfig;
  readonly history: History;
  readonly gradcheck: CheckFacts | null;
}

export function reportOf(parts: readonly RunParts[]): Report {
  const names = parts.map((p) => basename(p.folder));
  const isUnique = new Set(names).size === names.length;
  const runs = parts.map((p, i) => runFacts(p, isUnique ? names[i]! : p.folder));
  return { runs, differences: differences(runs) };
}

function runFacts(
  { folder, artifact, config, history, gradcheck }: RunParts,
  name: string,
): RunFacts {
  const { entry, dims, hash, train, params, source } = artifact;
  return {
    name,
    folder,
    model: {
      entry,
      dims,
      hash,
      loss: train?.loss ?? null,
      optimizer: train?.optimizer.name ?? null,
      parameters: params.reduce((sum, p) => sum + elements(p.shape), 0),
      tensors: params.map((p) => ({
        name: p.name,
        shape: p.shape,
        initialiser: p.initialiser.name,
      })),
    },
    backend: config.backend,
    versions: config.versions,
    settings: config.settings,
    data: config.data,
    progress: progressOf(history, config),
    gradcheck,
    spec: source.files,
    ...history,
  };
}

function progressOf({ steps, epochs }: History, { settings }: RunConfig): ProgressFacts {
  const last = epochs.at(-1);
  const best = epochs.findLast((e) => e.best);
  const speeds = steps.map((s) => s.tokens_per_s).sort((a, b) => a - b);
  return {
    ended: endOf(epochs, best, settings),
    steps: steps.at(-1)?.step ?? 0,
    epochs: last?.epoch ?? 0,
    elapsed_ms: Math.max(steps.at(-1)?.elapsed_ms ?? 0, last?.elapsed_ms ?? 0),
    train_loss: last?.train_loss ?? null,
    best:
      best === undefined || best.val_loss === null
        ? null
        : { val_loss: best.val_loss, epoch: best.epoch, step: best.step },
    clipped: steps.reduce((sum, s) => sum + s.clipped, 0),
    tokens_per_s: speeds[Math.floor(speeds.length / 2)] ?? null,
  };
}

function endOf(
  epochs: readonly EpochLine[],
  best: EpochLine | undefined,
  { epochs: wanted, patience }: RunConfig["settings"],
): ProgressFacts["ended"] {
  const done = epochs.at(-1)?.epoch ?? 0;
  if (patience !== null && done - (best?.epoch ?? 0) >= patience) return "patience";
  return done >= wanted ? "epochs" : null;
}
