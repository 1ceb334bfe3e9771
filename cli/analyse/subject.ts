/** @file What is analysed. In: a spec, an artifact or a run folder, an entry, sizes. Out: its recurrent loop, derived
 *  and ready to run. A mistake is a Failure; dims that nobody gave have a size, and it is said which. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Jacobian, jacobianOf } from "../../compiler/analyse/jacobian.ts";
import { type Loop, loopsOf } from "../../compiler/analyse/loop.ts";
import { type Measuring, measuring } from "../../compiler/analyse/measuring.ts";
import { type Step, stepOf } from "../../compiler/analyse/paths.ts";
import { check } from "../../compiler/2-check/check.ts";
import { type CompileResult, outline, resolve } from "../../compiler/compile.ts";
import { dimsWithoutValue } from "../../compiler/entry.ts";
import type { Artifact } from "../../runtime/artifact/artifact.ts";
import { RUN_FILES } from "../../runtime/train/run-folder.ts";
import { Failure, inFile } from "../fail.ts";
import { artifactAt, isRunFolder } from "../model-file.ts";
import { type EntryOptions, needFile, needSpec, reader, report, sourcePath } from "../source.ts";
import { withPrograms } from "./session.ts";

/** The size of a dim that has none. */
const SIZE = 64;

export interface Subject {
  /** Its programs are those that measure. */
  readonly artifact: Artifact;
  readonly programs: Measuring;
  /** The recurrent layer analysed; in a cell the only one. */
  readonly loop: Loop;
  readonly step: Step;
  readonly jacobian: Jacobian;
  /** Dims that were given a size here, with it. */
  readonly assumed: Readonly<Record<string, number>>;
  /** Trained weights that come with what was named. */
  readonly weights: string | null;
}

export async function subjectOf(
  file: string,
  options: EntryOptions & { readonly layer?: string },
  json: boolean,
): Promise<Subject> {
  const { result, assumed } = file.endsWith(".cell")
    ? compiledSpec(file, options, json)
    : { result: await recompiled(file, options, json), assumed: {} };
  const { checked, entry } = result;
  if (entry === null) throw new Failure("", 1);
  const hasLoss = entry.train !== null;
  const { loops, places } = loopsOf(checked, entry, hasLoss);
  const loop = chosen(loops, options.layer, entry.name);
  const programs = measuring(loop, hasLoss);
  const artifact = withPrograms(outline(checked, entry), programs);
  const step = stepOf(loop);
  const jacobian = jacobianOf(loop, step, checked, places);
  const weights = isRunFolder(file) ? join(file, RUN_FILES.best) : null;
  return { artifact, loop, step, jacobian, programs, assumed, weights };
}

function compiledSpec(file: string, options: EntryOptions, json: boolean) {
  needSpec(file);
  const request = {
    file: sourcePath(file),
    read: reader(),
    entry: options.entry,
    direction: options.direction,
  };
  const open = dimsWithoutValue(check(request.file, request.read), {
    ...request,
    dims: options.set,
  });
  const assumed = Object.fromEntries(open.map((name) => [name, SIZE]));
  const result = resolve({ ...request, dims: { ...assumed, ...options.set } });
  report(result.diagnostics, result.checked.files, json);
  return { result, assumed };
}

/** An artifact holds the text it was compiled from: its equations are read from there. */
async function recompiled(
  file: string,
  options: EntryOptions,
  json: boolean,
): Promise<Omit<CompileResult, "artifact">> {
  const artifact = await inFile(file, () => artifactAt(file, options, json));
  const { files } = artifact.source;
  const result = resolve({
    file: files[0]?.path ?? "",
    read: (path) => files.find((f) => f.path === path)?.text ?? null,
    entry: artifact.entry.name,
    dims: artifact.dims,
    direction: artifact.entry.direction,
  });
  report(result.diagnostics, result.checked.files, json);
  const { checked, entry } = result;
  if (entry === null || outline(checked, entry).hash !== artifact.hash)
    throw new Failure(
      `error: ${file} was compiled by another version of cellc: compile its spec again`,
      1,
    );
  return result;
}

function chosen(loops: readonly Loop[], layer: string | undefined, entry: string): Loop {
  const names = loops.map((l) => l.prefix.replace(/\.$/, ""));
  const at = layer === undefined ? (loops.length === 1 ? 0 : -1) : names.indexOf(layer);
  const loop = loops[at];
  if (loop !== undefined) return loop;
  if (loops.length === 0)
    throw new Failure(
      `error: ${entry} has no recurrent layer: there is nothing to go back through`,
      1,
    );
  const list = names.map((n) => `--layer ${n}`).join(", ");
  throw new Failure(
    layer === undefined
      ? `error: ${entry} has ${loops.length} recurrent layers; choose one: ${list}`
      : `error: ${entry} has no recurrent layer ${layer}; there are: ${list}`,
    2,
  );
}

/** A weights file's bytes. */
export function weightBytes(path: string): Uint8Array {
  needFile(path);
  return readFileSync(path);
}
