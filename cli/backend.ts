/** @file `--backend`. In: a name. Out: an open model that runs where it was told to, or a Failure. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import type { BackendReport, Threads, Vectors } from "../runtime/devices/device.ts";
import { BACKENDS, deviceNamed } from "../runtime/devices/table.ts";
import { type Model, openModel } from "../runtime/model.ts";

export interface BackendOptions {
  readonly backend: string;
  readonly seed: number;
  readonly threads?: Threads;
  readonly vectors?: Vectors;
}

export function backendOption(command: Command): Command {
  return command
    .addOption(new Option("--backend <name>", "where to compute").choices(BACKENDS).default("auto"))
    .addOption(threadsOption())
    .addOption(vectorsOption())
    .option("--seed <n>", "seed of what is drawn", wholeNumber, 1);
}

export function threadsOption(): Option {
  return new Option("--threads <n>", "threads of the wasm backend; the results are the same")
    .argParser((text): Threads => (text === "auto" ? "auto" : countOption(text)))
    .default("auto");
}

export function vectorsOption(): Option {
  return new Option(
    "--vectors <bits>",
    "vectors of the wasm backend: auto, 128 or 256; the results are the same",
  )
    .argParser((text): Vectors => {
      if (text === "auto") return text;
      const bits = Number(text);
      if (bits === 128 || bits === 256) return bits;
      throw new InvalidArgumentError("It has to be auto, 128 or 256.");
    })
    .default("auto");
}

/** "wasm", or "wasm, 2 threads, 256-bit vectors". */
export function backendText({
  backend,
  threads,
  vectors,
}: Pick<BackendReport, "backend" | "threads" | "vectors">): string {
  return [
    backend,
    ...(threads === 1 ? [] : [`${threads} threads`]),
    ...(vectors === 256 ? ["256-bit vectors"] : []),
  ].join(", ");
}

export async function openWith(
  artifact: Artifact,
  { backend, seed, threads = "auto", vectors = "auto" }: BackendOptions,
): Promise<Model> {
  return openModel(artifact, await deviceNamed(backend), seed, { threads, vectors });
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
