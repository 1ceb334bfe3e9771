/** @file What an artifact means, after the schema: every name refers to something, every program keeps
 *  the rules of `kernel.ts`. In: an artifact of the right form. Out: faults, at most 100. */
import type { Artifact, InputInfo, Programs } from "./artifact.ts";
import type { RuntimeCode } from "./codes.ts";
import { type Fault, fault } from "./fault.ts";
import { INITIALISERS, type InitialiserSpec } from "./initialisers.ts";
import { sequences, signature } from "./signature.ts";
import { verifyProgram } from "./verify-program.ts";

const MOST = 100;

export function verify(artifact: Artifact): readonly Fault[] {
  const faults: Fault[] = [];
  const report: Report = (code, at, message) => {
    faults.push(fault(code, at, message));
  };
  names(artifact, report);
  source(artifact, report);
  present(artifact, report);
  for (const [i, param] of artifact.params.entries())
    initialiser(param.initialiser, `params[${i}]`, report);
  const symbols = new Set([
    "B",
    ...sequences(artifact),
    ...(artifact.train?.targets ?? []).flatMap((t) => (t.seq === null ? [] : [t.seq])),
  ]);
  for (const [i, output] of artifact.outputs.entries())
    for (const extent of [output.seq, ...output.shape])
      if (typeof extent === "string" && !symbols.has(extent))
        report("R108", `outputs[${i}]`, `no input has a sequence ${extent}`);
  for (const [i, random] of artifact.randoms.entries())
    if (random.seq !== null && !symbols.has(random.seq))
      report("R108", `randoms[${i}]`, `no input has a sequence ${random.seq}`);
  for (const name of Object.keys(artifact.programs) as (keyof Programs)[]) {
    const program = artifact.programs[name];
    if (program === null || faults.length > MOST) continue;
    const places = artifact.source.places.length;
    faults.push(
      ...verifyProgram(program, `programs.${name}`, signature(artifact, name), symbols, places),
    );
  }
  return faults.slice(0, MOST);
}

type Report = (code: RuntimeCode, at: string, message: string) => void;

function names(artifact: Artifact, report: Report): void {
  const lists = {
    params: artifact.params,
    inputs: artifact.inputs,
    outputs: artifact.outputs,
    states: artifact.states,
    randoms: artifact.randoms,
    "train.targets": artifact.train?.targets ?? [],
  };
  for (const [list, entries] of Object.entries(lists)) {
    const seen = new Set<string>();
    for (const [i, { name }] of entries.entries()) {
      if (seen.has(name)) report("R106", `${list}[${i}]`, `${name} is declared twice`);
      seen.add(name);
    }
  }
  for (const [i, input] of artifact.inputs.entries()) sequence(input, `inputs[${i}]`, report);
  for (const [i, target] of (artifact.train?.targets ?? []).entries())
    sequence(target, `train.targets[${i}]`, report);
}

function sequence(input: InputInfo, at: string, report: Report): void {
  if (input.seq === "B") report("R108", at, "a sequence cannot be called B, which counts samples");
  if (input.memory && input.seq === null) report("R108", at, "a memory needs a sequence");
  if (input.of !== null && input.shape.length > 0 && input.memory)
    report("R107", at, "a memory of tokens has no shape of its own");
}

function source(artifact: Artifact, report: Report): void {
  const { files, places, reads } = artifact.source;
  for (const [name, list] of Object.entries(reads))
    if (list.some((place) => place >= places.length))
      report("R105", `source.reads.${name}`, "there is no such place");
  for (const [i, place] of places.entries())
    if (place.file >= files.length)
      report("R105", `source.places[${i}]`, `there is no file ${place.file}`);
  const placed = {
    params: artifact.params,
    inputs: artifact.inputs,
    outputs: artifact.outputs,
    states: artifact.states,
    "train.targets": artifact.train?.targets ?? [],
  };
  for (const [list, entries] of Object.entries(placed))
    for (const [i, { place }] of entries.entries())
      if (place >= places.length) report("R105", `${list}[${i}]`, `there is no place ${place}`);
}

/** Programs that come together are all there or all null. */
function present(artifact: Artifact, report: Report): void {
  const { programs, train } = artifact;
  if ((programs.step === null) !== (programs.start === null))
    report("R105", "programs", "step and start come together");
  if ((programs.gradient === null) !== (programs.gradientMasked === null))
    report("R105", "programs", "gradient and gradientMasked come together");
  if (programs.gradient === null && train !== null)
    report("R105", "programs.gradient", "what trains has a gradient");
  for (const name of ["loss", "lossMasked", "train", "trainMasked", "update"] as const)
    if ((programs[name] === null) !== (train === null))
      report("R105", `programs.${name}`, "it is there where, and only where, train is");
}

function initialiser(
  { name, args }: Artifact["params"][number]["initialiser"],
  at: string,
  report: Report,
): void {
  const table: Readonly<Record<string, InitialiserSpec>> = INITIALISERS;
  const specs = table[name]?.args ?? [];
  for (const { name: arg, default: fallback, from, to } of specs) {
    const value = Object.hasOwn(args, arg) ? args[arg] : undefined;
    if (value === undefined && fallback === null)
      report("R104", `${at}.initialiser.args`, `${name} needs ${arg}`);
    if (value !== undefined && !(value >= from && value <= to))
      report(
        "R104",
        `${at}.initialiser.args`,
        `${arg} of ${name} is ${value}, outside [${from}, ${to}]`,
      );
  }
  for (const arg of Object.keys(args))
    if (!specs.some((spec) => spec.name === arg))
      report("R105", `${at}.initialiser.args`, `${name} has no argument ${arg}`);
}
