/** @file The executor of `cpu` and `webasm`. In: gpu.js, loaded. Out: plans and a synchronous stepper over
 *  Float32Arrays. Never hands out an array that a later run writes to. */
import type { Program } from "../../artifact/kernel.ts";
import { DeviceError, type Stepper } from "../device.ts";
import type { Executor, Parameters } from "./executor.ts";
import { type Host, hostPlan } from "./host.ts";

export function hostExecutor(host: Host, close: () => void): Executor<Float32Array> {
  return {
    upload: (data) => Float32Array.from(data),
    download: async (value) => Float32Array.from(value),
    free: () => undefined,
    plan: (program, sizes) => {
      const plan = hostPlan(program, sizes, host);
      return {
        run: async (inputs, prepare) => {
          for (const [i, { buffer }] of program.inputs.entries()) plan.set(buffer, inputs[i]!);
          if (prepare) plan.prepare();
          plan.run();
          return program.outputs.map(({ buffer }) => plan.get(buffer));
        },
        close: async () => plan.close(),
      };
    },
    step: (program, batch, parameters) => stepper(program, batch, parameters, host),
    close,
  };
}

/** Inputs, outputs and states are arrays of its own, zero at first; parameters are the session's. */
function stepper(
  program: Program,
  batch: number,
  parameters: Parameters<Float32Array>,
  host: Host,
): Stepper {
  const plan = hostPlan(program, { B: batch }, host);
  const isState = (name: string): boolean => name.startsWith("state:");
  const isParam = (name: string): boolean => name.startsWith("param:");
  const arrays = (list: Program["inputs"]): Map<string, Float32Array> =>
    new Map(list.map(({ name, buffer }) => [name, new Float32Array(plan.get(buffer).length)]));
  const states = arrays(program.inputs.filter(({ name }) => isState(name)));
  const inputs = arrays(program.inputs.filter(({ name }) => !isState(name) && !isParam(name)));
  const outputs = arrays(program.outputs.filter(({ name }) => !isState(name)));
  const weights = program.inputs.filter(({ name }) => isParam(name));
  const fills = program.inputs.flatMap(({ name, buffer }) => {
    const from = inputs.get(name) ?? states.get(name);
    // Bound to a copy: an output may be an input's buffer, and its array a state written before it.
    return from === undefined ? [] : [{ buffer, from, bound: Float32Array.from(from) }];
  });
  const results = program.outputs.flatMap(({ name, buffer }) => {
    const into = outputs.get(name) ?? states.get(name);
    return into === undefined ? [] : [{ buffer, into }];
  });
  const pick = (kind: string, from: ReadonlyMap<string, Float32Array>) => (name: string) => {
    const array = from.get(name);
    if (array !== undefined) return array;
    throw new DeviceError(`the step has no ${kind} ${name}; it has ${[...from.keys()].join(", ")}`);
  };
  let preparedAt = -1;
  return {
    input: pick("input", inputs),
    output: pick("output", outputs),
    state: pick("state", states),
    step: () => {
      if (preparedAt !== parameters.version()) {
        for (const { name, buffer } of weights) plan.set(buffer, parameters.get(name));
        plan.prepare();
        preparedAt = parameters.version();
      }
      for (const { buffer, from, bound } of fills) {
        bound.set(from);
        plan.set(buffer, bound);
      }
      plan.run();
      for (const { buffer, into } of results) into.set(plan.get(buffer));
    },
  };
}
