/** @file `cellc stream`: one step at a time. In: JSON lines on stdin, one object of inputs a step. Out: JSON
 *  lines of outputs. The states stay between lines; `{"reset": true}` starts over. */
import { createInterface } from "node:readline";
import type { Command } from "commander";
import { RuntimeError } from "../runtime/errors.ts";
import type { Stream } from "../runtime/stream.ts";
import { nested, type Value } from "../runtime/values.ts";
import { backendOption, type BackendOptions } from "./backend.ts";
import { Failure } from "./fail.ts";
import { openModelFile } from "./model-file.ts";
import { printJson } from "./render.ts";
import { entryOptions, type EntryOptions } from "./source.ts";

interface StreamCommand extends EntryOptions, BackendOptions {
  readonly weights?: string;
  readonly states?: boolean;
}

export function streamCommand(program: Command): void {
  backendOption(
    entryOptions(
      program
        .command("stream <file>")
        .summary("one step a line: JSON lines in, JSON lines out")
        .description(
          'Reads one JSON object a line, {"x": [values of one step]}, and answers one, {"y": […]}.\nStates stay between lines. {"reset": true} goes back to the initial states.',
        ),
    ),
  )
    .option("--weights <file>", "trained weights (safetensors)")
    .option("--states", "print the states after every step too")
    .addHelpText(
      "after",
      "\nExample:\n  echo '{\"x\": [0.1, 0.2]}' | cellc stream specs/cells/lstm.cell --entry LSTM --set D=2 --set H=4",
    )
    .action(async (file: string, options: StreamCommand) => {
      const model = await openModelFile(file, options);
      try {
        const stream = await model.stream({ batch: 1 });
        let line = 0;
        for await (const text of createInterface({ input: process.stdin })) {
          line++;
          if (text.trim() !== "") await answer(stream, text, line, options.states === true);
        }
      } finally {
        model.close();
      }
    });
}

async function answer(stream: Stream, text: string, line: number, states: boolean): Promise<void> {
  const values = read(text, line);
  if (values.reset === true) {
    await stream.reset();
    return;
  }
  try {
    stream.fill(
      Object.fromEntries(Object.entries(values).map(([name, v]) => [name, [v as Value]])) as never,
    );
    const outputs = stream.synchronous ? stream.step() : await stream.stepAsync();
    const shown = Object.fromEntries(
      Object.entries(outputs).map(([name, data]) => [name, [...data]]),
    );
    const held = Object.fromEntries(stream.states.map((s) => [s, nested(stream.get(s))]));
    printJson(states ? { ...shown, states: held } : shown);
  } catch (error) {
    if (error instanceof RuntimeError)
      throw new Failure(`error: line ${line}: ${error.message}`, 1);
    throw error;
  }
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
