/** @file `cellc inspect`: what is in an artifact. In: a spec or artifact. Out: states, parameters, cost of a
 *  step, kernels; text or JSON. */
import type { Command } from "commander";
import { costOf } from "../compiler/6-schedule/count.ts";
import { at } from "../compiler/6-schedule/formula.ts";
import type { Artifact, Programs } from "../runtime/artifact/artifact.ts";
import type { Program, Stage } from "../runtime/artifact/kernel.ts";
import { artifactAt } from "./model-file.ts";
import { printJson, short, table } from "./render.ts";
import { entryOptions, type EntryOptions } from "./source.ts";

export function inspectCommand(program: Command): void {
  entryOptions(
    program
      .command("inspect <file>")
      .summary("an artifact's states, parameters, FLOPs and bytes a step, kernels"),
  )
    .option("--json", "print as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  cellc inspect specs/cells/lstm.cell --entry LSTM --set D=128 --set H=128",
    )
    .action(async (file: string, options: EntryOptions & { json?: boolean }) => {
      const artifact = await artifactAt(file, options, options.json);
      const facts = describe(artifact);
      if (options.json) printJson(facts);
      else process.stdout.write(textOf(facts));
    });
}

type Facts = ReturnType<typeof describe>;

function describe(artifact: Artifact) {
  const size = (shape: readonly number[]): number => shape.reduce((x, y) => x * y, 1);
  const programs = Object.entries(artifact.programs).flatMap(
    ([name, p]: [string, Program | null]) =>
      p === null ? [] : [{ name: name as keyof Programs, ...counts(artifact, p) }],
  );
  return {
    entry: artifact.entry,
    dims: artifact.dims,
    hash: artifact.hash,
    parameters: {
      total: artifact.params.reduce((sum, p) => sum + size(p.shape), 0),
      tensors: artifact.params.map((p) => ({
        name: p.name,
        shape: p.shape,
        initialiser: p.initialiser.name,
      })),
    },
    inputs: artifact.inputs.map(({ name, seq, shape, of }) => ({ name, seq, shape, of })),
    outputs: artifact.outputs.map(({ name, seq, shape }) => ({ name, seq, shape })),
    states: artifact.states.map((s) => ({
      name: s.name,
      shape: s.shape,
      lags: s.lags,
      initial: s.initial ?? "computed",
    })),
    programs,
  };
}

/** Work of one step of one sample: the whole program at T = 1, B = 1 (all sequences one step long). */
function counts(artifact: Artifact, program: Program) {
  const sizes = {
    B: 1,
    ...Object.fromEntries(artifact.inputs.flatMap((i) => (i.seq === null ? [] : [[i.seq, 1]]))),
  };
  const cost = costOf(program);
  const kernels = (stages: readonly Stage[]): number =>
    stages.reduce((n, s) => n + (s.kind === "kernel" ? 1 : 0), 0);
  const loops = program.stages.flatMap((s) => (s.kind === "scan" ? [s.kernels.length] : []));
  return {
    flops: at(cost.flops, sizes),
    bytes: at(cost.bytes, sizes),
    kernels: {
      prepare: kernels(program.prepare),
      outside: kernels(program.stages),
      perStep: loops,
    },
  };
}

function textOf(f: Facts): string {
  const shape = (s: readonly (number | string)[]): string => `[${s.join(", ")}]`;
  const seq = (s: string | null): string => (s === null ? "" : `${s} × `);
  const dims = Object.entries(f.dims).map(([k, v]) => `${k} = ${v}`);
  return [
    `${f.entry.kind} ${f.entry.name}${dims.length > 0 ? `  ${dims.join(", ")}` : ""}\nhash ${f.hash}\n`,
    table([
      ["input", "shape"],
      ...f.inputs.map((i) => [
        i.name,
        `${seq(i.seq)}${shape(i.shape)}${i.of === null ? "" : ` of ${i.of}`}`,
      ]),
    ]),
    table([
      ["output", "shape"],
      ...f.outputs.map((o) => [o.name, `${seq(o.seq)}${shape(o.shape)}`]),
    ]),
    table([
      ["state", "shape", "lags", "starts at"],
      ...f.states.map((s) => [s.name, shape(s.shape), s.lags, s.initial]),
    ]),
    table([
      ["parameter", "shape", "initialiser"],
      ...f.parameters.tensors.map((p) => [p.name, shape(p.shape), p.initialiser]),
    ]),
    `${short(f.parameters.total)} parameters\n`,
    table([
      ["program", "FLOP a step", "bytes a step", "kernels: prepare", "outside", "in loops, a step"],
      ...f.programs.map((p) => [
        p.name,
        short(p.flops),
        short(p.bytes),
        p.kernels.prepare,
        p.kernels.outside,
        p.kernels.perStep.join(" + ") || "–",
      ]),
    ]),
  ].join("\n");
}
