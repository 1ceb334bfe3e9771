/** @file A scan without what its results do not need. In: a scan whose body has nodes left over. Out: the scan with
 *  what matters in its body, ids in order. Never drops a state or an input. */
import { reachedNodes } from "../4-differentiate/reach.ts";
import { createBuilder, type ScanParts } from "../ir/builder.ts";
import type { NodeId, Scan } from "../ir/ir.ts";

export function trimmed(scan: Omit<Scan, "kind" | "id" | "type" | "at">): ScanParts {
  const live = reachedNodes(scan.body, [...scan.carries.map((c) => c.next), ...scan.collects]);
  for (const { arg } of [...scan.carries, ...scan.slices, ...scan.consts]) live.add(arg);
  const b = createBuilder();
  const ids = new Map<NodeId, NodeId>();
  const map = (id: NodeId): NodeId => ids.get(id)!;
  for (const id of [...live].sort((p, q) => p - q)) ids.set(id, b.copy(scan.body.nodes[id]!, map));
  const moved = <T extends { readonly arg: NodeId }>(x: T): T => ({ ...x, arg: map(x.arg) });
  return {
    ...scan,
    carries: scan.carries.map((c) => ({ ...moved(c), next: map(c.next) })),
    slices: scan.slices.map(moved),
    consts: scan.consts.map(moved),
    collects: scan.collects.map(map),
    body: b.finish([]),
  };
}
