/** @file The order of the passes. In: verified graphs. Out: graphs with the same outputs that cost less
 *  to run. Never knows what a pass does: each is a file of its own, opening with what it keeps. */
import type { Graph } from "../ir/ir.ts";
import { verify } from "../ir/verify.ts";
import { cse } from "./cse.ts";
import { dropDead } from "./drop-dead.ts";
import { fold } from "./fold.ts";

export type Pass = (graph: Graph) => Graph;

/** Before differentiation. */
export const FORWARD: readonly Pass[] = [fold, cse, dropDead];

/** After it, on the values and their gradient in one graph. */
export const BACKWARD: readonly Pass[] = [fold, cse, dropDead];

export const optimiseForward = (graph: Graph): Graph => run(FORWARD, graph);
export const optimiseBackward = (graph: Graph): Graph => run(BACKWARD, graph);

function run(passes: readonly Pass[], graph: Graph): Graph {
  return passes.reduce((g, pass) => verify(pass(g), pass.name), graph);
}
