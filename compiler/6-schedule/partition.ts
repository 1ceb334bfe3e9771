/** @file Which nodes of a graph become kernels. In: a graph, the nodes that must be buffers. Out: a
 *  draft of a kernel for each node that is stored, everything else computed inside them. Never
 *  changes a value, only where it is computed. */
import { invariant } from "../ir/invariant.ts";
import { type NodeId, sameType } from "../ir/ir.ts";
import { OPS } from "../ops/table.ts";
import { type Choices, type Chosen, chosenFor, describePiece } from "./choices.ts";
import { elements, leastCost, savedByNumber } from "./cost.ts";
import { type Draft, extentsOf, isNumber, isPlain, isReduction, type Site } from "./draft.ts";
import { createDrafts, type Drafts } from "./drafts.ts";
import { type Piece, piecesOf, type Users, usersOf } from "./pieces.ts";
import { isTooLarge, type Prices, split } from "./split.ts";

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
 * best first, while that lowers the cost (cost.ts). Pieces of the graph that share nothing but buffers, and
 * what is cheap, are chosen for one by one, and equal ones once: an optimiser does the same to every parameter.
 */
export function partition(
  site: Whole,
  roots: readonly NodeId[],
  choices: Choices,
): ReadonlyMap<NodeId, Chosen> {
  const users = usersOf(site);
  const stored = new Set(roots);
  const whole = createState(site, site.ids, stored, users);
  storeReductions(site, whole);
  storeNumbers(site, whole);
  const drafts = new Map<NodeId, Chosen>();
  for (const piece of piecesOf(site, stored, users)) {
    const of = describePiece(site, piece, stored);
    const before = choices.get(of.key);
    const chosen =
      before === undefined ? choose(site, piece, stored, users) : chosenFor(of, before);
    if (before === undefined) choices.set(of.key, { of, drafts: chosen });
    for (const d of chosen) {
      stored.add(d.root);
      drafts.set(d.root, d);
    }
  }
  return new Map(site.ids.flatMap((id) => (drafts.has(id) ? [[id, drafts.get(id)!]] : [])));
}

function choose(
  site: Whole,
  { ids, shared }: Piece,
  stored: Set<NodeId>,
  users: Users,
): readonly Draft[] {
  const state = createState(site, ids, stored, users);
  const settle = (): void => {
    if (storeNeeded(site, state) || splitFirst(site, state)) settle();
  };
  do settle();
  while (storeBest(site, state, shared));
  return state.drafts();
}

interface State {
  readonly roots: ReadonlySet<NodeId>;
  readonly stored: ReadonlySet<NodeId>;
  readonly users: Users;
  /** Drafts known to be within limits. */
  readonly fitting: Set<Draft>;
  draft(id: NodeId): Draft;
  drafts(): readonly Draft[];
  /** Drafts that compute `id`, or a piece of it and could load it from the join. */
  changed(id: NodeId): readonly Draft[];
  /** The draft of `id` if all of `more` were stored. */
  drafted(id: NodeId, more: readonly NodeId[]): Draft;
  /** Drafts that change when all of `ids` are stored; what they, and those of `ids`, would be. */
  if(ids: readonly NodeId[]): {
    readonly before: readonly Draft[];
    readonly after: readonly Draft[];
  };
  total(drafts: readonly Draft[]): number;
  spared: Drafts["spared"];
  workIn: Drafts["workIn"];
  store(id: NodeId): void;
}

/** The kernels of `ids`, which no other node of the site is computed in. `stored` grows as they are chosen. */
function createState(
  site: Whole,
  ids: readonly NodeId[],
  stored: Set<NodeId>,
  users: Users,
): State {
  const roots = new Set(ids.filter((id) => stored.has(id)));
  const all = createDrafts(site, stored);
  const known = new Map<NodeId, Draft>();
  const draftOf = (id: NodeId): Draft => {
    const there = known.get(id);
    if (there !== undefined) return there;
    const made = all.of(id, []);
    known.set(id, made);
    holders = null;
    return made;
  };
  /** Drafts by what they compute or need, in the order of `known`; null once that has changed. */
  let holders: ReadonlyMap<NodeId, readonly Draft[]> | null = null;
  const changed = (id: NodeId): readonly Draft[] => {
    const node = site.node(id);
    if (node.kind === "apply" && node.op === "concat")
      return [...known.values()].filter(
        (d) =>
          d.root !== id &&
          (d.inlined.has(id) ||
            d.needs.has(id) ||
            node.args.some((p) => d.inlined.has(p) && d.root > id)),
      );
    holders ??= holdersOf(known.values());
    return (holders.get(id) ?? []).filter((d) => d.root !== id);
  };
  return {
    roots,
    stored,
    users,
    fitting: new Set(),
    draft: draftOf,
    changed,
    drafted: all.of,
    drafts: () => ids.filter((id) => stored.has(id)).map(draftOf),
    if(more) {
      const before = [...new Set(more.flatMap(changed))].filter((d) => !more.includes(d.root));
      const after = [...before.map((d) => d.root), ...more].map((root) => all.of(root, more));
      return { before, after };
    },
    total: (drafts) => drafts.reduce((sum, d) => sum + all.costOf(d), 0),
    spared: all.spared,
    workIn: all.workIn,
    store(id) {
      invariant(!stored.has(id), `node ${id} is stored twice`);
      stored.add(id);
      for (const root of all.store(id)) known.delete(root);
      holders = null;
    },
  };
}

function holdersOf(drafts: Iterable<Draft>): ReadonlyMap<NodeId, readonly Draft[]> {
  const by = new Map<NodeId, Draft[]>();
  const hold = (id: NodeId, d: Draft): void => {
    const list = by.get(id);
    if (list === undefined) by.set(id, [d]);
    else list.push(d);
  };
  for (const d of drafts) {
    for (const id of d.inlined.keys()) hold(id, d);
    for (const id of d.needs) if (!d.inlined.has(id)) hold(id, d);
  }
  return by;
}

/**
 * Stores reductions to a number (a loss, a norm) that several roots would compute, before each root is
 * drafted with all that is in them. What can be loaded from a join is left to the drafts.
 */
function storeReductions(site: Whole, state: State): void {
  const SEVERAL = -1;
  /** The one root whose kernel would compute the node. */
  const owner = new Map<NodeId, NodeId>();
  for (const id of [...site.ids].reverse()) {
    if (site.views(id).length > 0) continue;
    for (const user of state.users.get(id) ?? []) {
      const by = state.roots.has(user) ? user : owner.get(user);
      if (by === undefined) continue;
      const before = owner.get(id) ?? by;
      owner.set(id, before === by ? by : SEVERAL);
    }
  }
  const shared = site.ids.filter((id) => {
    const node = site.node(id);
    return (
      owner.get(id) === SEVERAL && isReduction(node) && isNumber(node) && !state.stored.has(id)
    );
  });
  storeAll(
    state,
    shared.map((id) => epilogue(site, state, id)),
  );
}

/**
 * Stores other numbers that several roots would compute for each of their elements, where that costs more
 * than a kernel (1 - beta1ᵗ of every parameter's update): without them the graph falls into pieces.
 */
function storeNumbers(site: Whole, state: State): void {
  /** The roots whose kernels would compute a node. */
  const owners = new Map<NodeId, ReadonlySet<NodeId>>();
  for (const id of [...site.ids].reverse()) {
    const by = (state.users.get(id) ?? []).flatMap((user) =>
      state.stored.has(user) ? [user] : [...(owners.get(user) ?? [])],
    );
    const own = new Set(by);
    owners.set(id, own);
    const node = site.node(id);
    if (own.size < 2 || node.kind !== "apply" || !isNumber(node) || state.stored.has(id)) continue;
    const times = [...own].reduce((n, root) => n + elements(extentsOf(site.node(root).type)), 0);
    if (savedByNumber(state.drafted(id, [id]), times) > 0) state.store(id);
  }
}

function storeAll(state: State, ids: readonly NodeId[]): void {
  for (const id of new Set(ids)) if (!state.stored.has(id)) state.store(id);
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
  storeAll(
    state,
    [...wanted].map((id) => epilogue(site, state, id)),
  );
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
    if (state.fitting.has(d)) continue;
    if (!isTooLarge(d)) {
      state.fitting.add(d);
      continue;
    }
    for (const id of split(site, state.stored, d, pricesOf(site, state))) state.store(id);
    return true;
  }
  return false;
}

function pricesOf(site: Whole, state: State): Prices {
  return {
    of: (choice) => state.total(state.if(choice).after),
    atLeast(choice) {
      const users = [...new Set(choice.flatMap(state.changed))];
      const others = users.filter((d) => !choice.includes(d.root));
      // Of two, the later may load the first.
      const [first, ...rest] = [...choice].sort((p, q) => p - q);
      const own = rest.reduce(
        (sum, id) => sum + leastCost(extentsOf(site.node(id).type)),
        ownCost(site, state, first!),
      );
      return others.reduce(
        (sum, d) => sum - sparedAtMost(site, state, d, choice),
        own + state.total(others),
      );
    },
  };
}

/** What a draft would cost less at most if `ids` were stored; pieces of a join could be loaded from it. */
function sparedAtMost(site: Site, state: State, d: Draft, ids: readonly NodeId[]): number {
  const all = state.total([d]) - leastCost(d.axes);
  const isJoin = (id: NodeId): boolean => {
    const node = site.node(id);
    return node.kind === "apply" && node.op === "concat";
  };
  if (ids.some(isJoin)) return all;
  return Math.min(
    all,
    ids.reduce((sum, id) => sum + state.spared(d, id), 0),
  );
}

/** What the kernel of `id` would cost at least, as its value is computed in others. */
function ownCost(site: Site, state: State, id: NodeId): number {
  const axes = extentsOf(site.node(id).type);
  const each = Math.min(...state.changed(id).map((d) => state.workIn(d, id)));
  return leastCost(axes) + (Number.isFinite(each) ? elements(axes) * each : 0);
}

/** Stores the node that saves most, if one saves anything; none of `shared` does. */
function storeBest(site: Whole, state: State, shared: ReadonlySet<NodeId>): boolean {
  const computed = new Map<NodeId, number>();
  for (const d of state.drafts()) {
    for (const [id, n] of d.inlined) {
      if (id !== d.root) computed.set(id, (computed.get(id) ?? 0) + n);
    }
  }
  const again = [...computed].filter(
    ([id, n]) =>
      n > elements(extentsOf(site.node(id).type)) && !shared.has(id) && isWorth(site, state, id),
  );
  const hopes = again
    .map(([id]) => ({ id, hope: hopeOf(site, state, id) }))
    .filter(({ hope }) => hope > 0)
    .sort((p, q) => q.hope - p.hope);
  let best: { readonly id: NodeId; readonly saved: number } | null = null;
  for (const { id, hope } of hopes) {
    if (best !== null && hope < best.saved) break;
    const { before, after } = state.if([id]);
    const saved = state.total(before) - state.total(after);
    const better = best === null || saved > best.saved || (saved === best.saved && id < best.id);
    if (saved > 0 && better) best = { id, saved };
  }
  if (best === null) return false;
  state.store(best.id);
  return true;
}

/** What storing `id` could save at most, for one more kernel. */
function hopeOf(site: Site, state: State, id: NodeId): number {
  const spared = state.changed(id).reduce((sum, d) => sum + sparedAtMost(site, state, d, [id]), 0);
  return spared - ownCost(site, state, id);
}

/** Storing an index rename of a buffer saves nothing. */
function isWorth(site: Site, state: State, id: NodeId): boolean {
  return !isPlain(site, state.stored, id);
}
