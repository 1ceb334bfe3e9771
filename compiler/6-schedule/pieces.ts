/** @file Pieces of a graph that kernels never cross. In: a graph, the nodes stored so far. Out: its nodes
 *  in groups; what is stored in one changes no kernel of another. Never decides what is stored. */
import { type NodeId, reads, sameType } from "../ir/ir.ts";
import { OPS } from "../ops/table.ts";
import { CHEAP, workOfMap } from "./cost.ts";
import { isNumber, type Stored } from "./draft.ts";
import type { Whole } from "./partition.ts";

export interface Piece {
  /** In the graph's order. */
  readonly ids: readonly NodeId[];
  /** Nodes that other pieces compute for themselves too: storing them would save nothing. */
  readonly shared: ReadonlySet<NodeId>;
}

export type Users = ReadonlyMap<NodeId, readonly NodeId[]>;

/** By node, those that read it, each once. */
export function usersOf(site: Whole): Users {
  const users = new Map<NodeId, NodeId[]>();
  for (const id of site.ids) {
    for (const arg of new Set(reads(site.node(id)))) {
      const list = users.get(arg);
      if (list === undefined) users.set(arg, [id]);
      else list.push(id);
    }
  }
  return users;
}

/**
 * A node that is not stored is computed in the kernels that read it, or loaded from a join that it is a
 * part of: it belongs with both. Buffers and numbers belong to whoever reads them, and so does what takes no more
 * than CHEAP to compute again (a clamped gradient: in the norm of all, and in one parameter's update).
 */
export function piecesOf(site: Whole, stored: Stored, users: Users): readonly Piece[] {
  const computed = site.ids.filter((id) => {
    const { kind } = site.node(id);
    return kind === "apply" || (kind === "const" && stored.has(id));
  });
  const inline = new Set(computed.filter((id) => !stored.has(id)));
  const shared = sharedOf(site, inline, users);
  const groups = createGroups();
  for (const id of inline) {
    if (shared.has(id)) continue;
    for (const user of users.get(id) ?? [])
      if (site.node(user).kind === "apply" && !shared.has(user)) groups.join(id, user);
    for (const { join } of site.views(id)) groups.join(id, join);
  }
  const pieces = new Map<NodeId, NodeId[]>();
  for (const id of computed) {
    if (shared.has(id)) continue;
    const first = groups.firstOf(id);
    const piece = pieces.get(first);
    if (piece === undefined) pieces.set(first, [id]);
    else piece.push(id);
  }
  const places = new Map(computed.map((id, place) => [id, place]));
  return [...pieces.values()].map((own) => {
    const used = under(site, own, shared);
    const ordered = (ids: readonly NodeId[]) =>
      [...ids].sort((p, q) => places.get(p)! - places.get(q)!);
    return { ids: ordered([...own, ...used]), shared: new Set(ordered([...used])) };
  });
}

/** Of the nodes that are not stored, those that several others read and that take CHEAP at most, with what they read. */
function sharedOf(site: Whole, inline: ReadonlySet<NodeId>, users: Users): ReadonlySet<NodeId> {
  /** Work of computing `id` again; more than `most` once that is known. */
  const workOf = (id: NodeId, most: number): number => {
    const node = site.node(id);
    const def = node.kind === "apply" ? OPS[node.op] : null;
    const isAlone = site.views(id).length > 0 || site.prepared(id);
    if (node.kind !== "apply" || def?.form !== "map" || isAlone) return Number.POSITIVE_INFINITY;
    let work = workOfMap(def, node.attrs);
    for (const arg of node.args)
      if (work <= most && inline.has(arg)) work += workOf(arg, most - work);
    return work;
  };
  const shared = new Set<NodeId>();
  for (const id of [...inline].reverse()) {
    const by = users.get(id) ?? [];
    // A value that is spread over more elements than it has would be computed for each.
    const isOnceEach = () => isNumber(site.node(id)) || by.every((user) => isSame(site, user, id));
    const isWanted = by.some((user) => shared.has(user)) || (by.length > 1 && isOnceEach());
    if (isWanted && workOf(id, CHEAP) <= CHEAP) shared.add(id);
  }
  return shared;
}

function isSame(site: Whole, user: NodeId, id: NodeId): boolean {
  const node = site.node(user);
  return node.kind === "apply" && sameType(node.type, site.node(id).type);
}

/** Those of `shared` that the kernels of `own` compute. */
function under(
  site: Whole,
  own: readonly NodeId[],
  shared: ReadonlySet<NodeId>,
): ReadonlySet<NodeId> {
  const found = new Set<NodeId>();
  const queue = [...own];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    for (const arg of reads(site.node(id))) {
      if (!shared.has(arg) || found.has(arg)) continue;
      found.add(arg);
      queue.push(arg);
    }
  }
  return found;
}

/** Nodes that belong together; a group goes by its first. */
function createGroups() {
  const parents = new Map<NodeId, NodeId>();
  const firstOf = (id: NodeId): NodeId => {
    let first = id;
    for (let up = parents.get(first); up !== undefined; up = parents.get(first)) first = up;
    if (first !== id) parents.set(id, first);
    return first;
  };
  const join = (p: NodeId, q: NodeId): void => {
    const [a, b] = [firstOf(p), firstOf(q)];
    if (a !== b) parents.set(Math.max(a, b), Math.min(a, b));
  };
  return { firstOf, join };
}
