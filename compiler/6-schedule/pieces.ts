/** @file Pieces of a graph that kernels never cross. In: a graph, the nodes stored so far. Out: its nodes
 *  in groups; what is stored in one changes no kernel of another. Never decides what is stored. */
import type { NodeId } from "../ir/ir.ts";
import type { Stored } from "./draft.ts";
import type { Whole } from "./partition.ts";

/**
 * A node that is not stored is computed in the kernels that read it, or loaded from a join that it is a
 * part of: it belongs with both. Buffers and numbers belong to whoever reads them. Groups are in the order of
 * their first nodes, nodes in the graph's.
 */
export function piecesOf(
  site: Whole,
  stored: Stored,
  users: ReadonlyMap<NodeId, readonly NodeId[]>,
): readonly (readonly NodeId[])[] {
  const computed = site.ids.filter((id) => {
    const { kind } = site.node(id);
    return kind === "apply" || (kind === "const" && stored.has(id));
  });
  const parents = new Map<NodeId, NodeId>();
  const first = (id: NodeId): NodeId => {
    let root = id;
    for (let up = parents.get(root); up !== undefined; up = parents.get(root)) root = up;
    if (root !== id) parents.set(id, root);
    return root;
  };
  const join = (p: NodeId, q: NodeId): void => {
    const [a, b] = [first(p), first(q)];
    if (a !== b) parents.set(Math.max(a, b), Math.min(a, b));
  };
  for (const id of computed) {
    if (stored.has(id) || site.node(id).kind !== "apply") continue;
    for (const user of users.get(id) ?? []) if (site.node(user).kind === "apply") join(id, user);
    for (const { join: whole } of site.views(id)) join(id, whole);
  }
  const pieces = new Map<NodeId, NodeId[]>();
  for (const id of computed) {
    const root = first(id);
    const piece = pieces.get(root);
    if (piece === undefined) pieces.set(root, [id]);
    else piece.push(id);
  }
  return [...pieces.values()];
}
