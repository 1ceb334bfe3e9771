/** @file What was chosen for pieces that were equal: programs of an artifact share their loops, parameters
 *  their optimiser. In: a piece of a graph. Out: a key, equal for equal choices. Never decides: `partition` does. */
import { absurd } from "../ir/invariant.ts";
import { type NodeId, reads } from "../ir/ir.ts";
import type { Stored } from "./draft.ts";
import type { Whole } from "./partition.ts";
import type { Piece } from "./pieces.ts";

/** By what a piece looks like: the places in it of the nodes that are stored. */
export type Choices = Map<string, readonly number[]>;

/** All that a choice depends on, with nodes and buffers numbered as they are met. */
export function pieceKey(site: Whole, { ids, shared }: Piece, stored: Stored): string {
  const buffers = new Map<number, number>();
  const numbered = (id: NodeId): number => {
    const buffer = site.buffer(id);
    const known = buffers.get(buffer);
    if (known !== undefined) return known;
    buffers.set(buffer, buffers.size);
    return buffers.size - 1;
  };
  const places = new Map<NodeId, number>();
  const described: unknown[] = [];
  const describe = (id: NodeId, own: boolean): void => {
    const n = site.node(id);
    const { seq, batch, shape, dtype } = n.type;
    const type = [seq, batch, shape, dtype, site.prepared(id)];
    switch (n.kind) {
      case "const":
        described.push([type, Object.is(n.value, -0) ? "-0" : String(n.value)]);
        break;
      case "apply": {
        const args = own ? [n.op, reads(n).map(placeOf), n.attrs] : [];
        described.push([type, ...args, stored.has(id) ? numbered(id) : null]);
        break;
      }
      case "leaf":
      case "item":
        described.push([type, numbered(id)]);
        break;
      case "scan":
        break;
      default:
        absurd(n);
    }
    places.set(id, described.length - 1);
  };
  const placeOf = (id: NodeId): number => {
    if (!places.has(id)) describe(id, false);
    return places.get(id)!;
  };
  for (const id of ids) describe(id, true);
  const placesOf = (list: Iterable<NodeId>) => [...list].map((id) => places.get(id));
  return JSON.stringify([described, placesOf(ids), placesOf(shared)]);
}
