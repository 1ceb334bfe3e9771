/** @file Which nodes of a graph become kernels. In: a graph, the nodes that must be buffers. Out: a
 *  draft of a kernel for each node that is stored, everything else computed inside them. Never
 *  changes a value, only where it is computed. */
import { MAX_INPUTS } from "../../runtime/artifact/kernel.ts";
import { invariant } from "../ir/invariant.ts";
import { type NodeId, reads, sameType } from "../ir/ir.ts";
import { OPS } from "../ops/table.ts";
import { cost, elements } from "./cost.ts";
import { type Draft, draft, isPlain, isReduction, type Site } from "./draft.ts";
import { split } from "./split.ts";

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
 * 3. a kernel is within MAX_INPUTS buffers, MAX_TREE nodes and MAX_DEPTH levels (split.ts).
 *
 * Then nodes that several kernels, or many elements, compute again are stored one at a time, the
 * best first, while that lowers the cost (cost.ts).
 */
export function partition(site: Whole, roots: Iterable<NodeId>): ReadonlyMap<NodeId, Draft> {
  const state = createState(site, roots);
  const settle = (): void => {
    if (storeNeeded(site, state) || splitFirst(site, state)) settle();
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
  /** Drafts that change when all of `ids` are stored; what they, and those of `ids`, would be. */
  if(ids: readonly NodeId[]): {
    readonly before: readonly Draft[];
    readonly after: readonly Draft[];
  };
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
    const found = known.get(id) ?? better(site, stored, id);
    known.set(id, found);
    return found;
  };
  /** Drafts that compute `id`, or a piece of it and could load it from the join. */
  const changed = (id: NodeId): readonly Draft[] => {
    const node = site.node(id);
    const pieces = node.kind === "apply" && node.op === "concat" ? node.args : [];
    return [...known.values()].filter(
      (d) =>
        d.root !== id &&
        (d.inlined.has(id) ||
          d.needs.has(id) ||
          pieces.some((p) => d.inlined.has(p) && d.root > id)),
    );
  };
  return {
    roots,
    stored,
    users,
    draft: draftOf,
    drafts: () => [...stored].sort((a, b) => a - b).map(draftOf),
    if(ids) {
      const before = [...new Set(ids.flatMap(changed))].filter((d) => !ids.includes(d.root));
      const more = new Set([...stored, ...ids]);
      const roots = [...before.map((d) => d.root), ...ids];
      return { before, after: roots.map((root) => better(site, more, root)) };
    },
    store(id) {
      invariant(!stored.has(id), `node ${id} is stored twice`);
      for (const d of changed(id)) known.delete(d.root);
      stored.add(id);
    },
  };
}

/** The cheaper draft of two: pieces of stored joins loaded, or computed again, if that fits. */
function better(site: Site, stored: ReadonlySet<NodeId>, root: NodeId): Draft {
  const viewing = draft(site, stored, root, true);
  if (!viewing.viewing) return viewing;
  const computing = draft(site, stored, root, false);
  const over = (d: Draft) => Math.max(0, d.inputs.size - MAX_INPUTS);
  const worse = over(viewing) - over(computing) || cost(viewing) - cost(computing);
  return worse > 0 ? computing : viewing;
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
function splitFirst(site: Whole, state: State): boolean {
  for (const d of state.drafts()) {
    const price = (choice: readonly NodeId[]) => totalOf(state.if(choice).after);
    const chosen = split(site, state.stored, d, price);
    if (chosen === null) continue;
    for (const id of chosen) state.store(id);
    return true;
  }
  return false;
}

function totalOf(drafts: readonly Draft[]): number {
  return drafts.reduce((sum, d) => sum + cost(d), 0);
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
  const gain = (id: NodeId): number => {
    const { before, after } = state.if([id]);
    return totalOf(after) - totalOf(before);
  };
  const gains = again
    .map(([id]) => ({ id, gain: gain(id) }))
    .sort((p, q) => p.gain - q.gain || p.id - q.id);
  const [best] = gains;
  if (best === undefined || best.gain >= 0) return false;
  state.store(best.id);
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
