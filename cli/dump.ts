/** @file `cellc dump`: what a spec becomes, stage by stage. In: a spec, a stage, a program. Out: text. */
import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { createPlaces } from "../compiler/3-lower/places.ts";
import { printKernels, printProgram } from "../compiler/6-schedule/print.ts";
import type { Graph } from "../compiler/ir/ir.ts";
import { print } from "../compiler/ir/print.ts";
import {
  createStager,
  PROGRAM_NAMES,
  type ProgramName,
  type Stages,
} from "../compiler/programs.ts";
import { parse } from "../grammar/parse.ts";
import type { Program } from "../runtime/artifact/kernel.ts";
import { Failure } from "./fail.ts";
import { printJson } from "./render.ts";
import { compileFile, entryOptions, type EntryOptions, needSpec, report } from "./source.ts";

const STAGES = ["ast", "ir", "grad", "optimised", "schedule", "kernels"] as const;
type Stage = (typeof STAGES)[number];

interface DumpOptions extends EntryOptions {
  readonly stage: Stage;
  readonly program?: ProgramName;
  readonly json?: boolean;
}

export function dumpCommand(program: Command): void {
  entryOptions(
    program
      .command("dump <file>")
      .summary("print a stage: ast, ir, grad, optimised, schedule or kernels"),
  )
    .addOption(new Option("--stage <stage>", "the stage to print").choices(STAGES).default("ir"))
    .addOption(
      new Option(
        "--program <name>",
        "which program (default: gradient for grad, else forward)",
      ).choices(PROGRAM_NAMES),
    )
    .option("--json", "the stage as data: a graph, or a program as the artifact has it")
    .addHelpText(
      "after",
      "\nExample:\n  cellc dump specs/cells/lstm.cell --set D=5 --set H=4 --stage schedule --program gradient",
    )
    .action((file: string, options: DumpOptions) => {
      if (options.stage === "ast") {
        needSpec(file);
        const text = readFileSync(file, "utf8");
        const { ast, diagnostics } = parse(text, file);
        report(diagnostics, [{ path: file, text }], options.json === true);
        console.log(JSON.stringify(ast, null, options.json ? undefined : 2));
        return;
      }
      const { checked, entry } = compileFile(file, options, options.json);
      if (entry === null) throw new Failure("", 1);
      const name = options.program ?? (options.stage === "grad" ? "gradient" : "forward");
      const stager = createStager(checked, entry, createPlaces(checked.files));
      const stages = stager.stages(name);
      if (stages === null) {
        const fault = name === "step" || name === "start" ? stager.streamFault() : null;
        const why = fault === null ? "it has no train block" : fault.message;
        throw new Failure(`error: ${entry.name} has no program \`${name}\`: ${why}`, 1);
      }
      if (options.json) printJson(dataOf(options.stage, stages));
      else process.stdout.write(ended(textOf(options.stage, stages)));
    });
}

function textOf(stage: Exclude<Stage, "ast">, stages: Stages): string {
  switch (stage) {
    case "ir":
      return print(stages.lowered);
    case "grad":
      return print(differentiated(stages));
    case "optimised":
      return print(stages.optimised);
    case "schedule":
      return printProgram(stages.program);
    case "kernels":
      return printKernels(stages.program);
  }
}

function dataOf(stage: Exclude<Stage, "ast">, stages: Stages): Graph | Program {
  switch (stage) {
    case "ir":
      return stages.lowered;
    case "grad":
      return differentiated(stages);
    case "optimised":
      return stages.optimised;
    case "schedule":
    case "kernels":
      return stages.program;
  }
}

function differentiated(stages: Stages): Graph {
  if (stages.differentiated !== null) return stages.differentiated;
  throw new Failure("error: nothing is differentiated in this program; try --program gradient", 1);
}

function ended(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}
