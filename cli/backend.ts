/** @file `--backend`. In: a name. Out: an open model that runs where it was told to, or a Failure. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import type { BackendReport, Threads } from "../runtime/devices/device.ts";
import { BACKENDS, deviceNamed } from "../runtime/devices/table.ts";
import { type Model, openModel } from "../runtime/model.ts";

export interface BackendOptions {
  readonly backend: string;
  readonly seed: number;
  readonly threads?: Threads;
}

export function backendOption(command: Command): Command {
  return command
    .addOption(new Option("--backend <name>", "where to compute").choices(BACKENDS).default("auto"))
    .addOption(threadsOption())
    .option("--seed <n>", "seed of what is drawn", wholeNumber, 1);
}

export function threadsOption(): Option {
  return new Option("--threads <n>", "threads of the wasm backend; the results are the same")
    .argParser((text): Threads => (text === "auto" ? "auto" : countOption(text)))
    .default("auto");
}

/** "wasm", or "wasm, 2 threads". */
export function backendText({
  backend,
  threads,
}: Pick<BackendReport, "backend" | "threads">): string {
  return threads === 1 ? backend : `${backend}, ${threads} threads`;
}

export async function openWith(
  artifact: Artifact,
  { backend, seed, threads = "auto" }: BackendOptions,
): Promise<Model> {
  return openModel(artifact, await deviceNamed(backend), seed, { threads });
}

export function countOption(text: string): number {
  const n = Number(text);
  if (Number.isInteger(n) && n >= 1) return n;
  throw new InvalidArgumentError("It has to be a whole number, 1 or more.");
}

export function portNumber(text: string): number {
  const n = Number(text);
  if (Number.isInteger(n) && n >= 0 && n < 65_536) return n;
  throw new InvalidArgumentError("It has to be a port, 1 to 65535, or 0 for any free one.");
}

export function wholeNumber(text: string): number {
  const n = Number(text);
  if (Number.isInteger(n) && n >= 0) return n;
  throw new InvalidArgumentError("It has to be a whole number, 0 or more.");
}
