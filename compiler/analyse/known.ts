/** @file What is known of a loop at given weights. In: the loop, values of parameters. Out: numbers of all that
 *  depends on parameters alone, and bounds of states before the first step. Never assumes an input. */
import type { StateInfo } from "../../runtime/artifact/artifact.ts";
import type { Graph, NodeId } from "../ir/ir.ts";
import { evaluator, leavesOf } from "./evaluate.ts";
import type { Loop } from "./loop.ts";
import type { Step } from "./paths.ts";
import { extent, type Known } from "./ranges.ts";

/** Values by parameter name; row-major. */
export type Weights = ReadonlyMap<string, Float64Array>;

export function knownOf(
  loop: Loop,
  step: Step,
  weights: Weights,
  states: readonly StateInfo[],
): Known {
  const leaf = (id: NodeId): Float64Array | null => {
    const node = loop.graph.nodes[id]!;
    return node.kind === "leaf" ? givenValue(node.key, node.type.shape, weights, states) : null;
  };
  const outer = memoised((id) => valueIn(loop.graph, id, leaf));
  const bound = new Map(loop.scan.consts.map((c) => [c.arg, c.of]));
  const atStep = (id: NodeId): Float64Array | null => {
    const of = bound.get(id);
    return of === undefined ? null : outer(of);
  };
  const constant = memoised((id) => {
    const of = bound.get(id);
    return of === undefined ? valueIn(step.c.b.finish([]), id, atStep) : outer(of);
  });
  const inits = loop.scan.carries.map((c) => outer(c.init));
  return { constant, initial: inits.map((v) => (v === null ? null : extent(v))) };
}

function memoised(f: (id: NodeId) => Float64Array | null): (id: NodeId) => Float64Array | null {
  const found = new Map<NodeId, Float64Array | null>();
  return (id) => {
    const there = found.get(id);
    if (there !== undefined) return there;
    const value = f(id);
    found.set(id, value);
    return value;
  };
}

/** What the runtime starts from: weights as given, states at their initial number, nothing from a caller. */
function givenValue(
  key: string,
  shape: readonly unknown[],
  weights: Weights,
  states: readonly StateInfo[],
): Float64Array | null {
  const [kind, ...rest] = key.split(":");
  const name = rest.join(":");
  if (kind === "param") return weights.get(name) ?? null;
  if (kind === "given") return Float64Array.of(0);
  if (kind !== "initial") return null;
  const state = states.find((s) => s.name === name.replace(/#\d+$/, ""));
  const count = shape.reduce<number>((n, d) => n * Number(d), 1);
  return new Float64Array(count).fill(state?.initial ?? 0);
}

function valueIn(
  graph: Graph,
  id: NodeId,
  leaf: (id: NodeId) => Float64Array | null,
): Float64Array | null {
  const leaves = leavesOf(graph, id);
  const values = leaves.map((l) => [l, leaf(l)] as const);
  if (values.some(([, v]) => v === null)) return null;
  const given = new Map(values.flatMap(([l, v]) => (v === null ? [] : [[l, v] as const])));
  return evaluator(graph, [id], { B: 1, T: 1 })(given)[0]!;
}
