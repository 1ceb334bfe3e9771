/** @file Which nodes of a graph become kernels. In: a graph, the nodes that must be buffers. Out: a
 *  draft of a kernel for each node that is stored, everything else computed inside them. Never
 *  changes a value, only where it is computed. */
import { MAX_INPUTS } from "../../runtime/artifact/kernel.ts";
import { invariant } from "../ir/invariant.ts";
import { type NodeId, reads, sameType } from "../ir/ir.ts";
import { OPS } from "../ops/table.ts";
import { cost, elements, MAX_TREE, treeSize } from "./cost.ts";
import { type Draft, draft, isPlain, isReduction, type Site } from "./draft.ts";

export interface Whole extends Site {
  /** Every node of the graph in order. */
  readonly ids: readonly NodeId[];
}

/**
 * Drafts by stored node, in the graph's order. First what correctness and the devices ask for:
 *
 * 1. `roots` are stored;
 * 2. operands of products are plain loads; no reduction runs under a select or inside another that
 *    it depends on; each is computed once (it moves with the elementwise nodes after it, so that
 *    a product keeps its epilogue);
 * 3. a kernel has at most MAX_INPUTS buffers and MAX_TREE nodes.
 *
 * Then nodes that several kernels, or many elements, compute again are stored one at a time, the
 * best first, while that lowers the cost (cost.ts).
 */
export function partition(site: Whole, roots: Iterable<NodeId>): ReadonlyMap<NodeId, Draft> {
  const state = createState(site, roots);
  const settle = (): void => {
    if (storeNeeded(site, state) || splitLargest(site, state)) settle();
  };
  do settle();
  while (storeBest(site, state));
  return new Map(site.ids.flatMap((id) => (state.stored.has(id) ? [[id, state.draft(id)]] : [])));
}

interface State {
  readonly roots: ReadonlySet<NodeId>;
  readonly stored: ReadonlySet<NodeId>;
  readonly users: ReadonlyMap<NodeId, readonly NodeId[]>;
  draft(id: NodeId): Draft;
  drafts(): readonly Draft[];
  /** Drafts that change when `id` is stored, and those they would be. */
  if(id: NodeId): { readonly before: readonly Draft[]; readonly after: readonly Draft[] };
  store(id: NodeId): void;
}

function createState(site: Whole, start: Iterable<NodeId>): State {
  const roots = new Set(start);
  const stored = new Set(roots);
  const users = new Map<NodeId, NodeId[]>();
  for (const id of site.ids) {
    for (const arg of new Set(reads(site.node(id))))
      users.set(arg, [...(users.get(arg) ?? []), id]);
  }
  const known = new Map<NodeId, Draft>();
  const draftOf = (id: NodeId): Draft => {
    const found = known.get(id) ?? draft(site, stored, id);
    known.set(id, found);
    return found;
  };
  const changed = (id: NodeId) =>
    [...known.values()].filter((d) => d.root !== id && d.inlined.has(id));
  return {
    roots,
    stored,
    users,
    draft: draftOf,
    drafts: () => [...stored].sort((a, b) => a - b).map(draftOf),
    if(id) {
      const before = changed(id);
      const more = new Set(stored).add(id);
      return {
        before,
        after: [...before.map((d) => d.root), id].map((root) => draft(site, more, root)),
      };
    },
    store(id) {
      invariant(!stored.has(id), `node ${id} is stored twice`);
      for (const d of changed(id)) known.delete(d.root);
      // A draft that asked for it counts its work as a load already, but has it in `needs`.
      for (const d of [...known.values()]) if (d.needs.has(id)) known.delete(d.root);
      stored.add(id);
    },
  };
}

/** Stores what drafts cannot do without; true where there was something. */
function storeNeeded(site: Whole, state: State): boolean {
  const wanted = new Set<NodeId>();
  const uses = new Map<NodeId, number>();
  for (const d of state.drafts()) {
    for (const id of d.needs) wanted.add(id);
    for (const [id, once] of d.reducing) uses.set(id, (uses.get(id) ?? 0) + (once ? 1 : 2));
  }
  for (const [id, n] of uses) if (n > 1) wanted.add(id);
  if (wanted.size === 0) return false;
  for (const id of new Set([...wanted].map((w) => epilogue(site, state, w)))) {
    if (!state.stored.has(id)) state.store(id);
  }
  return true;
}

/** The last of the elementwise nodes that alone follow a reduction; the node itself where none do. */
function epilogue(site: Whole, state: State, id: NodeId): NodeId {
  if (!isReduction(site.node(id))) return id;
  let last = id;
  for (;;) {
    const [next, ...others] = state.users.get(last) ?? [];
    if (next === undefined || others.length > 0 || state.roots.has(last)) break;
    if (!isElementwiseOf(site, next, last) || site.prepared(next) !== site.prepared(id)) break;
    last = next;
  }
  return state.stored.has(last) ? id : last;
}

function isElementwiseOf(site: Whole, next: NodeId, id: NodeId): boolean {
  const node = site.node(next);
  const mapped = node.kind === "apply" && OPS[node.op].form === "map";
  return mapped && sameType(node.type, site.node(id).type);
}

/** Makes the first kernel that is too large smaller; true where there was one. */
function splitLargest(site: Whole, state: State): boolean {
  for (const d of state.drafts()) {
    const inputs = d.inputs.size > MAX_INPUTS;
    const size = treeOf(d);
    if (!inputs && size <= MAX_TREE) continue;
    const choices = [...d.inlined.keys()].filter((id) => id !== d.root && isWorth(site, state, id));
    const measure = (id: NodeId): readonly number[] => {
      const { after } = state.if(id);
      const left = need(after.find((x) => x.root === d.root));
      const made = need(after.find((x) => x.root === id));
      const over = (x: Draft) => Math.max(0, x.inputs.size - MAX_INPUTS);
      return inputs
        ? [over(left) + over(made), after.reduce((sum, x) => sum + cost(x), 0), -id]
        : [Math.max(treeOf(left), treeOf(made)), -id];
    };
    const best = leastBy(choices, measure);
    invariant(best !== null, `the kernel of node ${d.root} cannot be split`);
    state.store(best);
    return true;
  }
  return false;
}

function treeOf(d: Draft): number {
  return d.reductions.reduce((sum, r) => sum + treeSize(r.of), treeSize(d.value));
}

/** Stores the node that saves most, if one saves anything. */
function storeBest(site: Whole, state: State): boolean {
  const computed = new Map<NodeId, number>();
  for (const d of state.drafts()) {
    for (const [id, n] of d.inlined) {
      if (id !== d.root) computed.set(id, (computed.get(id) ?? 0) + n);
    }
  }
  const again = [...computed].filter(([id, n]) => n > count(site, id) && isWorth(site, state, id));
  const gain = (id: NodeId): readonly number[] => {
    const { before, after } = state.if(id);
    const total = (list: readonly Draft[]) => list.reduce((sum, d) => sum + cost(d), 0);
    return [total(after) - total(before), id];
  };
  const best = leastBy(
    again.map(([id]) => id),
    gain,
  );
  if (best === null || need(gain(best)[0]) >= 0) return false;
  state.store(best);
  return true;
}

function count(site: Site, id: NodeId): number {
  const { seq, batch, shape } = site.node(id).type;
  return elements([...(seq === null ? [] : [seq]), ...(batch ? ["B"] : []), ...shape]);
}

/** Storing an index rename of a buffer saves nothing. */
function isWorth(site: Site, state: State, id: NodeId): boolean {
  return !isPlain(site, state.stored, id);
}

function leastBy<T>(list: readonly T[], measure: (x: T) => readonly number[]): T | null {
  let best: { readonly x: T; readonly m: readonly number[] } | null = null;
  for (const x of list) {
    const m = measure(x);
    const at = best === null ? 0 : m.findIndex((v, i) => v !== best?.m[i]);
    if (best === null || (at >= 0 && need(m[at]) < need(best.m[at]))) best = { x, m };
  }
  return best?.x ?? null;
}

function need<T>(x: T | undefined): T {
  invariant(x !== undefined, "a draft that was asked for");
  return x;
}
