/** @file `cellc stream`: one step at a time. In: JSON lines on stdin, one object of inputs a step. Out: JSON
 *  lines of outputs. The states stay between lines; `{"reset": true}` starts over. */
import { createInterface } from "node:readline";
import type { Command } from "commander";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import { type Codec, openCodec } from "../runtime/data/codec.ts";
import { RuntimeError, unwrap } from "../runtime/errors.ts";
import type { Stream } from "../runtime/stream.ts";
import { readConfig } from "../runtime/train/run-folder.ts";
import { type Nested, nested } from "../runtime/values.ts";
import { backendOption, type BackendOptions } from "./backend.ts";
import { Failure, placed } from "./fail.ts";
import { isRunFolder, openModelFile } from "./model-file.ts";
import { printJson } from "./render.ts";
import { entryOptions, type EntryOptions } from "./source.ts";

interface StreamCommand extends EntryOptions, BackendOptions {
  readonly weights?: string;
  readonly states?: boolean;
  readonly json?: boolean;
  readonly raw?: boolean;
}

export function streamCommand(program: Command): void {
  backendOption(
    entryOptions(
      program
        .command("stream <file>")
        .summary("one step a line: JSON lines in, JSON lines out")
        .description(
          'Reads one JSON object a line, {"x": [values of one step]}, and answers one, {"y": […]}.\nStates stay between lines. {"reset": true} goes back to the initial states.\nA run folder reads rows as its data file has them, {"CO2": 316.1}, and adds the forecast of each\ntarget in the units of the file; rows that a difference needs first are answered with {}.',
        ),
    ),
  )
    .option("--weights <file>", "trained weights (safetensors)")
    .option("--raw", "with a run folder: read the model's inputs, not the data file's columns")
    .option("--json", "JSON lines (this is also the default form); a spec's mistakes as JSON")
    .option("--states", "print the states after every step too")
    .addHelpText(
      "after",
      "\nExample:\n  echo '{\"x\": [0.1, 0.2]}' | cellc stream specs/cells/lstm.cell --entry LSTM --set D=2 --set H=4",
    )
    .action(async (file: string, options: StreamCommand) => {
      const model = await openModelFile(file, options);
      try {
        const stream = await model.stream({ batch: 1 });
        const rows =
          isRunFolder(file) && options.raw !== true ? await openRows(file, model.artifact) : null;
        let line = 0;
        for await (const text of createInterface({ input: process.stdin })) {
          line++;
          if (text.trim() !== "") await answer(stream, rows, text, line, options.states === true);
        }
      } finally {
        model.close();
      }
    });
}

/** Rows of the data file at the model's scale, and back. */
interface Rows {
  readonly open: () => Codec;
  readonly targets: readonly { readonly name: string; readonly output: string }[];
  codec: Codec;
}

async function openRows(folder: string, artifact: Artifact): Promise<Rows> {
  const run = unwrap(await readConfig(folder));
  const open = (): Codec => openCodec(run.data, run.fitted, artifact.inputs);
  const same = (a: readonly unknown[], b: readonly unknown[]): boolean => a.join() === b.join();
  const targets = (artifact.train?.targets ?? []).flatMap((t) => {
    const output = artifact.outputs.find(
      (o) => t.of === null && o.seq === t.seq && same(o.shape, t.shape),
    );
    return output === undefined ? [] : [{ name: t.name, output: output.name }];
  });
  return { open, targets, codec: open() };
}

async function answer(
  stream: Stream,
  rows: Rows | null,
  text: string,
  line: number,
  states: boolean,
): Promise<void> {
  const values = read(text, line);
  if (values.reset === true) {
    await stream.reset();
    if (rows !== null) rows.codec = rows.open();
    return;
  }
  try {
    const step = rows === null ? values : inputsOf(unwrap(rows.codec.push(values)));
    if (step === null) {
      printJson({});
      return;
    }
    stream.fill(Object.fromEntries(Object.entries(step).map(([name, v]) => [name, [v as Nested]])));
    const outputs = stream.synchronous ? stream.step() : await stream.stepAsync();
    const shown = Object.fromEntries(
      Object.entries(outputs).map(([name, data]) => [name, [...data]]),
    );
    const forecast = (rows?.targets ?? []).map(({ name, output }) => {
      const restored = rows?.codec.restore(name, outputs[output] ?? []) ?? [];
      return [name, [...restored]] as const;
    });
    printJson({
      ...shown,
      ...(rows === null ? {} : { forecast: Object.fromEntries(forecast) }),
      ...(states
        ? { states: Object.fromEntries(stream.states.map((s) => [s, nested(stream.get(s))])) }
        : {}),
    });
  } catch (error) {
    if (error instanceof RuntimeError) throw new RuntimeError(placed(`line ${line}`, error.faults));
    throw error;
  }
}

function inputsOf(step: ReadonlyMap<string, Float64Array> | null): Record<string, unknown> | null {
  return step === null
    ? null
    : Object.fromEntries([...step].map(([name, data]) => [name, [...data]]));
}

function read(text: string, line: number): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // said below, together with what is JSON but no object
  }
  throw new Failure(`error: line ${line} is not a JSON object: ${text.slice(0, 60)}`, 1);
}
