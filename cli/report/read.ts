/** @file A run folder as it is now. In: its path. Out: what it was made from and what it recorded so far; reads
 *  on where it stopped. Never writes to it. */
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact } from "../../runtime/artifact/artifact.ts";
import { parse } from "../../runtime/artifact/load.ts";
import { RuntimeError, unwrap } from "../../runtime/errors.ts";
import type { RunConfig } from "../../runtime/train/run-config.ts";
import { readConfig, RUN_FILES } from "../../runtime/train/run-folder.ts";
import type { MetricsLine } from "../../runtime/train/sink.ts";
import { Failure, placed } from "../fail.ts";
import { isRunFolder } from "../model-file.ts";
import { type History, type HistoryReader, openHistory } from "./history.ts";

export interface RunReader {
  readonly folder: string;
  readonly artifact: Artifact;
  /** Read again each time: a run that is resumed for more epochs changes it. */
  config(): Promise<RunConfig>;
  /** What the run recorded up to now. */
  history(): Promise<History>;
}

/** Throws a Failure where the folder holds no run, a RuntimeError where it is damaged. */
export async function openRunReader(folder: string): Promise<RunReader> {
  if (!isRunFolder(folder))
    throw new Failure(
      `error: ${folder} is no run folder; name one that \`cellc train\` has made`,
      1,
    );
  const path = join(folder, RUN_FILES.artifact);
  const artifact = await parse(await readFile(path));
  if (!artifact.ok) throw new RuntimeError(placed(path, artifact.faults));
  const config = async (): Promise<RunConfig> => unwrap(await readConfig(folder));
  await config();
  const metrics = join(folder, RUN_FILES.metrics);
  const state = { reader: openHistory(), at: 0, inode: 0, turn: Promise.resolve() };
  const readOn = async (): Promise<void> => {
    const now = await stat(metrics).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null; // before the first line there is no file
      throw error;
    });
    if (now === null) return;
    // A run that goes on puts a new file in the old one's place.
    if (now.ino !== state.inode || now.size < state.at)
      Object.assign(state, { reader: openHistory(), at: 0, inode: now.ino });
    state.at += await readLines(metrics, state.at, state.reader);
  };
  return {
    folder,
    artifact: artifact.value,
    config,
    history: async () => {
      // One after another: two at once would read the same lines.
      const read = state.turn.then(readOn);
      state.turn = read.catch(() => undefined);
      await read;
      return state.reader.history();
    },
  };
}

const PIECE = 1 << 20;

/** Adds the whole lines from byte `from` on; gives the number of bytes they are. */
async function readLines(path: string, from: number, into: HistoryReader): Promise<number> {
  const file = await open(path, "r");
  try {
    let rest = Buffer.alloc(0);
    let done = 0;
    for (;;) {
      const piece = Buffer.alloc(PIECE);
      const { bytesRead } = await file.read(piece, 0, PIECE, from + done + rest.length);
      if (bytesRead === 0) return done;
      const text = Buffer.concat([rest, piece.subarray(0, bytesRead)]);
      const end = text.lastIndexOf("\n") + 1;
      for (const line of text.toString("utf8", 0, end).split("\n"))
        if (line !== "") into.add(lineOf(line, path));
      done += end;
      rest = text.subarray(end);
    }
  } finally {
    await file.close();
  }
}

function lineOf(text: string, path: string): MetricsLine {
  try {
    return JSON.parse(text) as MetricsLine;
  } catch {
    throw new Failure(`error: ${path} has a line that is no JSON: ${text.slice(0, 60)}`, 1);
  }
}
