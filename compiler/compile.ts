/** @file The compiler's pipeline on one screen. In: a `.cell` file, an entry, values for its dims. Out: an
 *  artifact, or what is wrong with the file. Never reads the disk itself: `read` does. */
import { createHash } from "node:crypto";
import type { Diagnostic } from "../grammar/diagnostic.ts";
import { type Artifact, FORMAT, type Programs, VERSION } from "../runtime/artifact/artifact.ts";
import type { Program } from "../runtime/artifact/kernel.ts";
import { check, checkSizes } from "./2-check/check.ts";
import type { Checked } from "./2-check/checked.ts";
import type { Entry, Lowered } from "./3-lower/lower.ts";
import { createPlaces, type Places } from "./3-lower/places.ts";
import { trainInfo } from "./3-lower/train.ts";
import { chooseEntry } from "./entry.ts";
import { print } from "./ir/print.ts";
import {
  createStager,
  INFERENCE_PROGRAMS,
  PROGRAM_NAMES,
  type ProgramName,
  type Stager,
} from "./programs.ts";

export interface CompileRequest {
  /** Path of the entry file, as `read` takes it. */
  readonly file: string;
  /** A file's text, or null where there is none. */
  readonly read: (path: string) => string | null;
  /** A cell or a model; may be left out where the file has one model, or declares one thing only. */
  readonly entry?: string | undefined;
  /** Values of the entry's dims: { D: 5, H: 4 }. */
  readonly dims?: Readonly<Record<string, number>> | undefined;
  /** For a cell: the order in which it runs over time. */
  readonly direction?: "forward" | "backward" | undefined;
  /** Only what runs and streams: no gradient, no training; weights of the whole artifact fit. */
  readonly inference?: boolean | undefined;
}

export interface CompileResult {
  /** Null exactly where a diagnostic is an error. */
  readonly artifact: Artifact | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly checked: Checked;
  /** What was compiled; null where the artifact is. */
  readonly entry: Entry | null;
}

/** Never throws for a user's mistake: those are `diagnostics`, with the spans of `checked.files`. */
export function compile(request: CompileRequest): CompileResult {
  const found = resolve(request);
  const { checked, entry } = found;
  return { ...found, artifact: entry === null ? null : emit(checked, entry, request) };
}

/** `compile` up to where programs are made: what analyses start from. */
export function resolve(request: CompileRequest): Omit<CompileResult, "artifact"> {
  const checked = check(request.file, request.read, request.dims);
  const failed = checked.diagnostics.some((d) => d.severity === "error");
  const chosen = failed ? null : chooseEntry(checked, request);
  const named = chosen?.entry ?? null;
  const misfits = named === null ? [] : checkSizes(checked, named.name, named.dims);
  const diagnostics = [...checked.diagnostics, ...(chosen?.diagnostics ?? []), ...misfits];
  const entry = misfits.length > 0 ? null : named;
  return { diagnostics, checked, entry };
}

/** Every program of an entry whose declarations are proven. Same source, same bytes. */
function emit(checked: Checked, whole: Entry, { inference = false }: CompileRequest): Artifact {
  const entry = inference ? { ...whole, train: null } : whole;
  const isLeftOut = (name: ProgramName) => inference && !INFERENCE_PROGRAMS.has(name);
  const places = createPlaces(checked.files);
  const stager = createStager(checked, entry, places);
  const lowered = lowerBoth(stager, entry);
  const programOf = (name: ProgramName): Program | null =>
    isLeftOut(name) ? null : (stager.stages(name)?.program ?? null);
  const programs = PROGRAM_NAMES.map((name) => [name, programOf(name)]);
  return {
    ...described(entry, lowered, places),
    programs: Object.fromEntries(programs) as unknown as Programs,
  };
}

/** An artifact but for its programs: parameters, inputs, states, the hash. */
export function outline(checked: Checked, entry: Entry): Omit<Artifact, "programs"> {
  const places = createPlaces(checked.files);
  return described(entry, lowerBoth(createStager(checked, entry, places), entry), places);
}

interface Both {
  readonly plain: Lowered;
  /** Null where nothing says how to train. */
  readonly training: Lowered | null;
}

function lowerBoth(stager: Stager, entry: Entry): Both {
  const plain = stager.lowered({}, false);
  const training =
    entry.train === null ? null : stager.lowered({ mode: "training", slots: true }, true);
  return { plain, training };
}

function described(
  entry: Entry,
  { plain, training }: Both,
  places: Places,
): Omit<Artifact, "programs"> {
  const { train } = entry;
  return {
    format: FORMAT,
    version: VERSION,
    entry: { name: entry.name, kind: entry.kind, direction: entry.direction },
    dims: entry.dims,
    hash: hashOf(entry, plain),
    params: plain.build.params,
    inputs: plain.build.inputs,
    outputs: plain.outputs,
    states: plain.build.states,
    randoms: training?.build.randoms ?? [],
    train: train === null ? null : trainInfo(train, entry.dims, places),
    source: places.info(plain.graph),
  };
}

/** SHA-256 over what weights mean: the entry, its sizes, its parameters and states, its equations as IR. */
export function hashOf(entry: Entry, { build, graph }: Lowered): string {
  const { name, direction, dims } = entry;
  const params = build.params.map((p) => [p.name, p.shape]);
  const states = build.states.map((s) => [s.name, s.shape, s.lags, s.initial]);
  const meaning = JSON.stringify({ name, direction, dims, params, states });
  return createHash("sha256").update(meaning).update(print(graph)).digest("hex");
}
