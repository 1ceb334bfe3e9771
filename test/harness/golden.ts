/** @file Golden cases. In: a folder of test/golden with `input.cell`. Out: the text of every stage, as
 *  `cellc dump` prints it, and the programs that they end in. Sizes are the spec's own defaults. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { reader } from "../../cli/source.ts";
import { createPlaces } from "../../compiler/3-lower/places.ts";
import { printKernels, printProgram } from "../../compiler/6-schedule/print.ts";
import { compile } from "../../compiler/compile.ts";
import { print } from "../../compiler/ir/print.ts";
import { createStager, type ProgramName, type Stages } from "../../compiler/programs.ts";
import type { Program, ScanStage } from "../../runtime/artifact/kernel.ts";
import { ROOT } from "./spec.ts";

export interface Golden {
  readonly text: Readonly<Record<"ir" | "grad" | "optimised" | "schedule" | "kernels", string>>;
  /** With its backward pass: `train` where the spec has a train block, else `gradient`. */
  readonly backward: Program;
}

const FOLDER = join(ROOT, "test/golden");

export function goldenCases(): readonly string[] {
  return readdirSync(FOLDER).sort();
}

export function goldenFile(name: string, stage: string): string {
  return join(FOLDER, name, `${stage}.txt`);
}

/** Throws where the spec has a mistake or a warning. */
export function golden(name: string): Golden {
  const file = "./input.cell";
  const text = readFileSync(join(FOLDER, name, "input.cell"), "utf8");
  const library = reader();
  const read = (path: string): string | null => (path === file ? text : library(path));
  const { checked, entry, diagnostics } = compile({ file, read });
  if (entry === null || diagnostics.length > 0)
    throw new Error(diagnostics.map((d) => `${d.span.line}: ${d.message}`).join("\n"));
  const stages = (program: ProgramName): Stages => {
    const found = createStager(checked, entry, createPlaces(checked.files)).stages(program);
    if (found === null) throw new Error(`${name} has no program ${program}`);
    return found;
  };
  const forward = stages("forward");
  const backward = stages(entry.train === null ? "gradient" : "train");
  const { differentiated } = backward;
  if (differentiated === null) throw new Error(`${name}: nothing is differentiated`);
  return {
    text: {
      ir: print(backward.lowered),
      grad: print(differentiated),
      optimised: print(backward.optimised),
      schedule: printProgram(backward.program),
      kernels: printKernels(forward.program),
    },
    backward: backward.program,
  };
}

export function loops(program: Program): readonly ScanStage[] {
  return program.stages.flatMap((s) => (s.kind === "scan" ? [s] : []));
}
