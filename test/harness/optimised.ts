/** @file Graphs on their way through the compiler, for sweeps. In: a graph. Out: it with gradients of all
 *  its leaves; the programs run in float64. Never through a device's own code. */
import { differentiate } from "../../compiler/4-differentiate/differentiate.ts";
import { BACKWARD, FORWARD } from "../../compiler/5-optimise/passes.ts";
import { schedule } from "../../compiler/6-schedule/schedule.ts";
import { interpret } from "../../compiler/ir/interpret.ts";
import type { Graph } from "../../compiler/ir/ir.ts";
import type { Sizes } from "../../compiler/ops/op.ts";
import type { Program } from "../../runtime/artifact/kernel.ts";
import { plan } from "../../runtime/devices/reference/plan.ts";
import { leafValues } from "./graphs.ts";

export type Values = ReadonlyMap<string, Float64Array>;

/** Every pass by name, each once. */
export const PASSES = new Map([...FORWARD, ...BACKWARD].map((pass) => [pass.name, pass] as const));

/** With `grad:` outputs by every real leaf, seeds on every output (1 on `loss`). */
export function withGradients(graph: Graph): Graph {
  const seeds = graph.outputs.map(({ key }) => ({
    output: key,
    leaf: key === "loss" ? null : `upstream:${key}`,
  }));
  const wanted = graph.nodes.flatMap((n) =>
    n.kind === "leaf" && n.type.dtype === "real" && !n.key.startsWith("length:")
      ? [{ key: n.key, type: n.type }]
      : [],
  );
  const once = new Map(wanted.map((w) => [w.key, w]));
  return differentiate(graph, seeds, [...once.values()]);
}

/** What an artifact says of places is not looked at here. */
export const scheduled = (graph: Graph): Program => schedule(graph, { placeOf: () => null });

/** Values of the outputs of `program`; inputs by name. */
export function runProgram(
  program: Program,
  inputs: Values,
  sizes: Sizes,
): Map<string, Float64Array> {
  const { buffers, prepare, run } = plan(program, sizes);
  for (const { name, buffer } of program.inputs) buffers[buffer]!.data.set(inputs.get(name)!);
  prepare();
  run();
  return new Map(program.outputs.map((o) => [o.name, buffers[o.buffer]!.data]));
}

/** Seeded values of a graph's leaves, and of its outputs by the interpreter. */
export function oracle(graph: Graph, sizes: Sizes, seed: number) {
  const inputs = leafValues(graph, sizes, seed);
  return { inputs, outputs: interpret(graph, inputs, sizes) };
}

/**
 * The worst |got − wanted| of any output, relative to the larger of |wanted| and a thousandth of the
 * output's largest element (below, what cancelled is noise); infinite where one is not finite or missing.
 */
export function worstError(got: Values, wanted: Values): number {
  let worst = got.size === wanted.size ? 0 : Number.POSITIVE_INFINITY;
  for (const [key, values] of wanted) {
    const found = got.get(key);
    const scale = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    values.forEach((v, i) => {
      const error =
        Math.abs(v - (found?.[i] ?? Number.NaN)) / Math.max(Math.abs(v), 1e-3 * scale, 1e-9);
      worst = Number.isFinite(error) ? Math.max(worst, error) : Number.POSITIVE_INFINITY;
    });
  }
  return worst;
}
