/** @file A run on disk. In: a folder. Out: a sink whose files are replaced whole, and what evaluation and
 *  streams need to use the run: artifact, settings, data declaration, scales. Needs Node. */
import { appendFileSync, existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { fail, fault, ok, type Result } from "../data/fault.ts";
import { parseConfig, type RunConfig, type RunConfigParts, writeConfigText } from "./run-config.ts";
import { isBefore, type MetricsLine, type RunSink } from "./sink.ts";
import type { Progress } from "./snapshot.ts";

/** The files of a run folder. */
export const RUN_FILES = {
  config: "config.json",
  artifact: "artifact.json",
  metrics: "metrics.jsonl",
  checkpoint: "checkpoint.safetensors",
  best: "best.safetensors",
} as const;

/** Makes the folder and writes config and artifact (its JSON text); D204 where a run is there already. */
export async function createRunFolder(
  folder: string,
  config: RunConfigParts,
  artifact: string,
): Promise<Result<RunSink>> {
  if (existsSync(join(folder, RUN_FILES.config)))
    return fail(
      fault("D204", `${folder} holds a run already`, {
        file: join(folder, RUN_FILES.config),
        help: "resume it, or name another folder",
      }),
    );
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(join(folder, RUN_FILES.artifact), artifact);
  await writeConfig(folder, config);
  return ok(folderSink(folder));
}

/** Replaces `config.json`, say when a run resumes for more epochs. */
export async function writeConfig(folder: string, config: RunConfigParts): Promise<void> {
  await writeFileAtomic(join(folder, RUN_FILES.config), writeConfigText(config));
}

/** D205 where the folder has no config of ours. */
export async function readConfig(folder: string): Promise<Result<RunConfig>> {
  const path = join(folder, RUN_FILES.config);
  const bytes = await readOrNull(path);
  return bytes === null
    ? fail(
        fault("D205", `${folder} holds no run`, {
          file: path,
          help: "name the folder of a training run",
        }),
      )
    : parseConfig(bytes.toString("utf8"), path);
}

/** A file is written beside its place, synced and renamed: a reader meets the old one or the new one. */
export function folderSink(folder: string): RunSink {
  const path = (file: keyof typeof RUN_FILES): string => join(folder, RUN_FILES[file]);
  return {
    start: async (from) => {
      const text = from === null ? null : await readOrNull(path("metrics"));
      await writeFileAtomic(path("metrics"), keptLines(text?.toString("utf8") ?? "", from));
    },
    metrics: (line) => {
      appendFileSync(path("metrics"), `${JSON.stringify(line)}\n`);
    },
    checkpoint: (bytes) => writeFileAtomic(path("checkpoint"), Buffer.from(bytes)),
    readCheckpoint: () => readOrNull(path("checkpoint")),
    best: (bytes) => writeFileAtomic(path("best"), Buffer.from(bytes)),
    readBest: () => readOrNull(path("best")),
  };
}

/** Lines that stay when a run goes on from `from`; a last line that was not finished goes too. */
function keptLines(text: string, from: Progress | null): string {
  return text
    .split("\n")
    .filter((line) => {
      const parsed = parseLine(line);
      return parsed !== null && isBefore(parsed, from);
    })
    .map((line) => `${line}\n`)
    .join("");
}

function parseLine(line: string): MetricsLine | null {
  if (!line.startsWith("{")) return null;
  try {
    return JSON.parse(line) as MetricsLine;
  } catch {
    return null; // cut off in the middle of a write
  }
}

async function readOrNull(path: string): Promise<Buffer | null> {
  return existsSync(path) ? readFile(path) : null;
}
