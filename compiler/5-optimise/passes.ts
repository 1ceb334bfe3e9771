/** @file The order of the passes. In: verified graphs. Out: graphs with the same outputs that cost less
 *  to run. Never knows what a pass does: each is a file of its own, opening with what it keeps. */
import type { Graph } from "../ir/ir.ts";
import { verify } from "../ir/verify.ts";
import { cse } from "./cse.ts";
import { dropDead } from "./drop-dead.ts";
import { dropStops } from "./drop-stops.ts";
import { fold } from "./fold.ts";
import { groupSums } from "./group-sums.ts";
import { hoist, hoistProducts } from "./hoist.ts";
import { joinProducts } from "./join-products.ts";
import { packConsts } from "./pack-consts.ts";
import { packParts } from "./pack-parts.ts";
import { padsToConcat } from "./pads-to-concat.ts";
import { pullIn } from "./pull-in.ts";
import { saveEpilogues } from "./save-epilogues.ts";
import { saveGates } from "./save-gates.ts";
import { shareDivisors } from "./share-divisors.ts";
import { sink } from "./sink.ts";
import { splitProducts } from "./split-products.ts";
import { stackParts } from "./stack-parts.ts";
import { throughMasks } from "./through-masks.ts";
import { tidyScans } from "./tidy-scans.ts";
import { unpackGradients } from "./unpack-gradients.ts";

export type Pass = (graph: Graph) => Graph;

/** Neutral ops gone, equal nodes shared, scans tidy: what other passes leave to do. */
const CLEAN: readonly Pass[] = [tidyScans, fold, cse];
/** Shared operands are read once: first in the loop, then, of what left it, outside. */
const JOIN: readonly Pass[] = [joinProducts, fold, packParts, fold];

/** Before differentiation: the backward pass takes after the forward pass it is made from. */
export const FORWARD: readonly Pass[] = [
  ...CLEAN,
  throughMasks,
  splitProducts,
  groupSums,
  ...JOIN,
  stackParts,
  fold,
  hoist,
  sink,
  ...CLEAN,
  ...JOIN,
  pullIn,
  packConsts,
  shareDivisors,
  ...CLEAN,
];

/** After it, on the values and their gradient in one graph. */
export const BACKWARD: readonly Pass[] = [
  dropStops,
  ...CLEAN,
  padsToConcat,
  ...CLEAN,
  sink,
  hoistProducts,
  ...CLEAN,
  ...JOIN,
  pullIn,
  ...CLEAN,
  saveEpilogues,
  saveGates,
  unpackGradients,
  ...CLEAN,
];

export const optimiseForward = (graph: Graph): Graph => run(FORWARD, graph);
export const optimiseBackward = (graph: Graph): Graph => run(BACKWARD, graph);

/** Passes count who reads a value: what nobody needs is dropped after each. Tests verify after each. */
function run(passes: readonly Pass[], graph: Graph): Graph {
  /** By pass: the graph that it left as it was. */
  const settled = new Map<Pass, Graph>();
  const applied = (before: Graph, pass: Pass): Graph => {
    if (settled.get(pass) === before) return before;
    const after = pass(before);
    if (after !== before) return dropDead(after);
    settled.set(pass, before);
    return before;
  };
  return verify(passes.reduce(applied, dropDead(graph)), "optimise");
}
