/** @file What was chosen for graphs that were equal: the programs of an artifact share their loops. In: a
 *  site, its roots. Out: the nodes stored, chosen once. Never decides: `partition` does. */
import { absurd } from "../ir/invariant.ts";
import { type NodeId, reads } from "../ir/ir.ts";
import type { Whole } from "./partition.ts";

/** By what a site looks like: the nodes that are stored in it. */
export type Choices = Map<string, readonly NodeId[]>;

/** All that a choice depends on, with buffers numbered as they are met: equal keys, equal choices. */
export function siteKey(site: Whole, roots: Iterable<NodeId>): string {
  const buffers = new Map<number, number>();
  const numbered = (id: NodeId): number => {
    const buffer = site.buffer(id);
    if (!buffers.has(buffer)) buffers.set(buffer, buffers.size);
    return buffers.get(buffer)!;
  };
  const nodes = site.ids.map((id) => {
    const n = site.node(id);
    const { seq, batch, shape, dtype } = n.type;
    const type = [seq, batch, shape, dtype, site.prepared(id)];
    switch (n.kind) {
      case "const":
        return [id, type, Object.is(n.value, -0) ? "-0" : String(n.value)];
      case "apply":
        return [id, type, n.op, n.args, n.attrs];
      case "leaf":
      case "item":
        return [id, type, numbered(id), reads(n)];
      case "scan":
        return [id, reads(n)];
      default:
        return absurd(n);
    }
  });
  return JSON.stringify([nodes, [...roots]]);
}
