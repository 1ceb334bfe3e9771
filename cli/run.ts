/** @file `cellc run`: a whole batch through a cell or model. In: a spec or artifact, values as JSON. Out:
 *  outputs, final states and, with --grad, gradients. */
import type { Command } from "commander";
import type { Model, Tensors } from "../runtime/model.ts";
import { nested } from "../runtime/values.ts";
import { type BackendOptions, backendOption } from "./backend.ts";
import { Failure } from "./fail.ts";
import { readRunInput } from "./run-input.ts";
import { printJson } from "./render.ts";
import { openModelFile } from "./model-file.ts";
import { type EntryOptions, entryOptions, readJson } from "./source.ts";

interface RunOptions extends EntryOptions, BackendOptions {
  readonly inputs: string;
  readonly weights?: string;
  readonly grad?: boolean;
  readonly json?: boolean;
}

export function runCommand(program: Command): void {
  backendOption(
    entryOptions(
      program
        .command("run <file>")
        .summary("run sequences through a cell or model; gradients with --grad")
        .description(
          'Runs a .cell spec, a compiled artifact or a run folder on the values of a JSON file:\n{"params": {name: …}, "inputs": {name: [B][T][…]}, "initial": {state: [B][…]}, "lengths": [B],\n "upstream": {"outputs": {name: [B][T][…]}, "final": {state: [B][…]}}}; all but inputs optional.\nGradients are of the sum of upstream times what it names.',
        ),
    ),
  )
    .requiredOption("--inputs <file>", "the values, JSON")
    .option("--weights <file>", "trained weights (safetensors); params in the values file go first")
    .option("--grad", "gradients too; needs upstream")
    .option("--json", "one JSON object (this is also the default form); a spec's mistakes as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  cellc run specs/cells/lstm.cell --entry LSTM --set D=5 --set H=4 --inputs in.json --grad --json",
    )
    .action(async (file: string, options: RunOptions) => {
      const values = readRunInput(readJson(options.inputs), options.inputs);
      const model = await openModelFile(file, options);
      try {
        if (values.params !== undefined) await model.setParams(values.params, { partial: false });
        const computed = await compute(model, values, options.grad === true);
        const { backend, threads, vectors } = model.backend;
        printJson({ backend, threads, vectors, ...computed });
      } finally {
        model.close();
      }
    });
}

async function compute(model: Model, values: ReturnType<typeof readRunInput>, grad: boolean) {
  const { params: _, upstream, ...request } = values;
  if (!grad) {
    const { outputs, final } = await model.run(request);
    return { outputs: plain(outputs), final: plain(final) };
  }
  if (upstream === undefined) {
    throw new Failure(
      'error: --grad needs "upstream" in the inputs file: what the gradient is of',
      1,
    );
  }
  const { outputs, final, grads } = await model.grad({ ...request, upstream });
  return {
    outputs: plain(outputs),
    final: plain(final),
    grads: {
      params: plain(grads.params),
      inputs: plain(grads.inputs),
      initial: plain(grads.initial),
    },
  };
}

function plain(tensors: Tensors): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, nested(t)]));
}
