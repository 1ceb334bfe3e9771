/** @file Drops what no output needs. In: verified graph. Out: the same outputs from the nodes they
 *  need; of a scan only the states, inputs and results that matter. Never changes a value. */
import type { Graph, NodeId, Scan } from "../ir/ir.ts";
import { deadCode, type Visit } from "../ir/rewrite.ts";
import { copyBody, type EditedScan, editScans, readBy } from "./edit-scans.ts";

export function dropDead(graph: Graph): Graph {
  const live = deadCode(graph);
  const used = usedResults(live);
  const trimmed = deadCode(
    editScans(live, (scan, c) => trim(scan, c, used.get(scan.id) ?? new Set())),
  );
  return size(trimmed) < size(graph) ? dropDead(trimmed) : graph;
}

/** Number of nodes and of scans' parts. */
function size(graph: Graph): number {
  return graph.nodes.reduce((n, node) => {
    if (node.kind !== "scan") return n + 1;
    const { carries, slices, consts, collects, sums, body } = node;
    const parts = [carries, slices, consts, collects, sums];
    return n + 1 + size(body) + parts.reduce((m, p) => m + p.length, 0);
  }, 0);
}

function usedResults(graph: Graph): ReadonlyMap<NodeId, ReadonlySet<number>> {
  const used = new Map<NodeId, Set<number>>();
  for (const node of graph.nodes) {
    if (node.kind !== "item") continue;
    used.set(node.of, (used.get(node.of) ?? new Set<number>()).add(node.index));
  }
  return used;
}

function trim(scan: Scan, { b, map }: Visit, used: ReadonlySet<number>): EditedScan {
  const firstCollect = scan.carries.length;
  const firstSum = firstCollect + scan.collects.length;
  const taken = (list: readonly NodeId[], first: number) =>
    [...list.keys()].filter((i) => used.has(first + i));
  const collects = taken(scan.collects, firstCollect);
  const sums = taken(scan.sums, firstSum);
  const carries = liveCarries(scan, used, [
    ...collects.map((i) => scan.collects[i]!),
    ...sums.map((i) => scan.sums[i]!),
  ]);
  const ends = [
    ...carries.map((i) => scan.carries[i]!.next),
    ...collects.map((i) => scan.collects[i]!),
    ...sums.map((i) => scan.sums[i]!),
  ];
  const live = readBy(scan.body, ends);
  for (const i of carries) live.add(scan.carries[i]!.arg);
  const copy = copyBody(scan, b);
  copy.rest((id) => live.has(id));
  const bound = <P extends { readonly arg: NodeId; readonly of: NodeId }>(list: readonly P[]) =>
    list.flatMap(({ arg, of }) => (live.has(arg) ? [{ arg: copy.at(arg), of: map(of) }] : []));
  const id = b.scan({
    over: scan.over,
    reverse: scan.reverse,
    carries: carries.map((i) => {
      const { arg, init, next } = scan.carries[i]!;
      return { arg: copy.at(arg), init: map(init), next: copy.at(next) };
    }),
    slices: bound(scan.slices),
    consts: bound(scan.consts),
    collects: collects.map((i) => copy.at(scan.collects[i]!)),
    sums: sums.map((i) => copy.at(scan.sums[i]!)),
    body: copy.body,
  });
  const order = [
    ...carries,
    ...collects.map((i) => firstCollect + i),
    ...sums.map((i) => firstSum + i),
  ];
  return { id, item: (index) => b.item(id, order.indexOf(index)) };
}

/** States that are read at the end, or by something that is needed at any step. */
function liveCarries(scan: Scan, used: ReadonlySet<number>, results: readonly NodeId[]): number[] {
  const live = new Set([...scan.carries.keys()].filter((i) => used.has(i)));
  for (let before = -1; before !== live.size; ) {
    before = live.size;
    const ends = [...results, ...[...live].map((i) => scan.carries[i]!.next)];
    const read = readBy(scan.body, ends);
    for (const [i, c] of scan.carries.entries()) if (read.has(c.arg)) live.add(i);
  }
  return [...live].sort((a, b) => a - b);
}
