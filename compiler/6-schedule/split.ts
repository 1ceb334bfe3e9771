/** @file Kernels that are too large, made smaller. In: a draft over a device's limits, a way to price
 *  choices. Out: nodes to store so that it fits. Never stores what is a plain load anyway. */
import { MAX_INPUTS } from "../../runtime/artifact/kernel.ts";
import { invariant } from "../ir/invariant.ts";
import { type NodeId, reads } from "../ir/ir.ts";
import { MAX_DEPTH, MAX_TREE } from "./cost.ts";
import { type Draft, isNumber, isPlain, type Site, type Stored } from "./draft.ts";
import { inputsUnder } from "./inputs.ts";
import { treeOf } from "./tree.ts";

/** Choices of nodes that are priced by drafting; the rest are told apart by their buffers alone. */
const PRICED = 24;
/** What kernels cost when the nodes of a choice are stored. */
export interface Prices {
  of(choice: readonly NodeId[]): number;
  /** A bound that takes no drafting. */
  atLeast(choice: readonly NodeId[]): number;
}

/** Pairs are tried only among so many nodes. */
const PAIRED = 60;

/** Does a draft bind, or nest, more than devices and artifacts take? */
export function isTooLarge(d: Draft): boolean {
  if (d.inputs.size > MAX_INPUTS) return true;
  const trees = [d.value, ...d.reductions.map((r) => r.of)];
  return trees.some((e) => {
    const { size, depth } = treeOf(e);
    return depth > MAX_DEPTH || size > MAX_TREE;
  });
}

/**
 * What to store so that the kernel fits: one node or two after which all parts are within
 * MAX_INPUTS, the cheapest first; where no two are enough, or it is a number made of numbers,
 * which all cost the same, the node that takes most buffers with it, to be called again.
 */
export function split(site: Site, stored: Stored, d: Draft, prices: Prices): readonly NodeId[] {
  const choices = [...d.inlined.keys()].filter((id) => id !== d.root && !isPlain(site, stored, id));
  if (d.inputs.size > MAX_INPUTS) return byInputs(site, stored, d.root, choices, prices);
  return [bySize(site, stored, d.root, choices)];
}

function byInputs(
  site: Site,
  stored: Stored,
  root: NodeId,
  choices: readonly NodeId[],
  prices: Prices,
): readonly NodeId[] {
  const inputs = inputsUnder(site, stored, root);
  const numbers = isNumber(site.node(root)) ? choices.filter((id) => isNumber(site.node(id))) : [];
  const cuts = (numbers.length > 0 ? numbers : choices).map((id): Cut => {
    const [left, own] = inputs([id]);
    return { id, left: left!, own: own! };
  });
  const within = cuts.filter((c) => c.own <= MAX_INPUTS);
  const most = (): readonly NodeId[] => {
    const [first] = within.sort((p, q) => p.left - q.left || p.id - q.id);
    const best = first?.id ?? choices[0];
    invariant(best !== undefined, `the kernel of node ${root} cannot be split`);
    return [best];
  };
  if (numbers.length > 0) return most();
  const single = cuts.filter((c) => c.left <= MAX_INPUTS && c.own <= MAX_INPUTS);
  if (single.length > 0)
    return cheapest(
      single.slice(0, PRICED).map((c) => [c.id]),
      prices,
    );
  const pairs = pairsThatFit(cuts.length <= PAIRED ? cuts : [], inputs);
  if (pairs.length > 0) return cheapest(pairs, prices);
  return most();
}

/** A node to store, and how many buffers the kernel that is left, and its own, load then. */
interface Cut {
  readonly id: NodeId;
  readonly left: number;
  readonly own: number;
}

/** The first PRICED pairs after which all three kernels are within MAX_INPUTS. */
function pairsThatFit(
  cuts: readonly Cut[],
  inputs: (cut: readonly NodeId[]) => readonly number[],
): readonly (readonly NodeId[])[] {
  const found: NodeId[][] = [];
  for (const [i, p] of cuts.entries())
    for (const q of cuts.slice(i + 1)) {
      // A second cut takes away no more than what its own kernel loads.
      const isHopeless =
        Math.max(p.left - q.own, q.left - p.own, p.own - q.own, q.own - p.own) > MAX_INPUTS;
      if (isHopeless || inputs([p.id, q.id]).some((n) => n > MAX_INPUTS)) continue;
      found.push([p.id, q.id]);
      if (found.length === PRICED) return found;
    }
  return found;
}

/** The first of those that cost least; what cannot be it is not priced. */
function cheapest(choices: readonly (readonly NodeId[])[], prices: Prices): readonly NodeId[] {
  const hopeful = choices
    .map((choice, place) => ({ choice, place, least: prices.atLeast(choice) }))
    .sort((p, q) => p.least - q.least || p.place - q.place);
  let best = { ...hopeful[0]!, at: Number.POSITIVE_INFINITY };
  for (const next of hopeful) {
    if (next.least > best.at) break;
    const at = prices.of(next.choice);
    if (at < best.at || (at === best.at && next.place < best.place)) best = { ...next, at };
  }
  return best.choice;
}

/** The node that leaves the larger of the two parts smallest. */
function bySize(site: Site, stored: Stored, root: NodeId, choices: readonly NodeId[]): NodeId {
  const measure = (id: NodeId, cut: NodeId | null) => {
    const known = new Map<NodeId, { size: number; depth: number }>();
    const of = (x: NodeId): { size: number; depth: number } => {
      const there = known.get(x);
      if (there !== undefined) return there;
      const node = site.node(x);
      const isLoad = x !== id && (x === cut || stored.has(x) || node.kind !== "apply");
      const inner = isLoad ? [] : reads(node).map(of);
      const m = {
        size: inner.reduce((n, i) => n + i.size, 1),
        depth: inner.reduce((n, i) => Math.max(n, i.depth), 0) + 1,
      };
      known.set(x, m);
      return m;
    };
    const { size, depth } = of(id);
    return Math.max(size / MAX_TREE, depth / MAX_DEPTH);
  };
  const larger = choices.map((id) => ({ id, at: Math.max(measure(root, id), measure(id, null)) }));
  const [first] = larger;
  invariant(first !== undefined, `the kernel of node ${root} cannot be split`);
  return larger.reduce((best, next) => (next.at < best.at ? next : best)).id;
}
