/** @file Drops what no output needs. In: verified graph. Out: the same outputs from the nodes they
 *  need; of a scan only the states, inputs and results that matter. Never changes a value. */
import { type Graph, type NodeId, reads, type Scan } from "../ir/ir.ts";
import { rewrite, type Visit } from "../ir/rewrite.ts";
import { copyBody, type EditedScan, readBy } from "./edit-scans.ts";

export function dropDead(graph: Graph): Graph {
  const { nodes, scans } = liveness(graph);
  const whole = [...scans].every(([, live]) => live.isWhole);
  if (whole && nodes.size === graph.nodes.length) return graph;
  const edited = new Map<NodeId, EditedScan>();
  const live = { ...graph, nodes: graph.nodes.filter((n) => nodes.has(n.id)) };
  return rewrite(live, (node, c) => {
    if (node.kind === "item") return edited.get(node.of)?.item(node.index) ?? null;
    const parts = scans.get(node.id);
    if (node.kind !== "scan" || parts === undefined || parts.isWhole) return null;
    const made = trimmed(node, c, parts);
    edited.set(node.id, made);
    return made.id;
  });
}

/** What of a scan matters: indices in its lists, and nodes of its body. */
interface LiveScan {
  readonly carries: readonly number[];
  readonly collects: readonly number[];
  readonly sums: readonly number[];
  readonly body: ReadonlySet<NodeId>;
  readonly isWhole: boolean;
}

interface Liveness {
  readonly nodes: ReadonlySet<NodeId>;
  readonly scans: ReadonlyMap<NodeId, LiveScan>;
}

/** One walk from the last node to the first: a scan's results all stand after it. */
function liveness(graph: Graph): Liveness {
  const nodes = new Set(graph.outputs.map((o) => o.id));
  const scans = new Map<NodeId, LiveScan>();
  const used = new Map<NodeId, Set<number>>();
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!nodes.has(node.id)) continue;
    if (node.kind === "item") {
      used.set(node.of, (used.get(node.of) ?? new Set<number>()).add(node.index));
    }
    if (node.kind !== "scan") {
      const read = reads(node);
      for (let k = 0; k < read.length; k++) nodes.add(read[k]!);
      continue;
    }
    const live = liveParts(node, used.get(node.id) ?? new Set());
    scans.set(node.id, live);
    for (const i of live.carries) nodes.add(node.carries[i]!.init);
    for (const { arg, of } of [...node.slices, ...node.consts]) {
      if (live.body.has(arg)) nodes.add(of);
    }
  }
  return { nodes, scans };
}

/** Most passes leave most loops alone: what was found of one, by which of its results are used. */
const known = new WeakMap<Scan, Map<string, LiveScan>>();

function liveParts(scan: Scan, used: ReadonlySet<number>): LiveScan {
  const key = [...used].sort().join();
  const found = known.get(scan)?.get(key) ?? partsNeeded(scan, used);
  known.set(scan, (known.get(scan) ?? new Map()).set(key, found));
  return found;
}

function partsNeeded(scan: Scan, used: ReadonlySet<number>): LiveScan {
  const firstCollect = scan.carries.length;
  const firstSum = firstCollect + scan.collects.length;
  const taken = (list: readonly NodeId[], first: number) =>
    [...list.keys()].filter((i) => used.has(first + i));
  const collects = taken(scan.collects, firstCollect);
  const sums = taken(scan.sums, firstSum);
  const results = [...collects.map((i) => scan.collects[i]!), ...sums.map((i) => scan.sums[i]!)];
  const carries = liveCarries(scan, used, results);
  const body = readBy(scan.body, [...results, ...carries.map((i) => scan.carries[i]!.next)]);
  for (const i of carries) body.add(scan.carries[i]!.arg);
  const isWhole =
    carries.length === scan.carries.length &&
    collects.length === scan.collects.length &&
    sums.length === scan.sums.length &&
    body.size === scan.body.nodes.length;
  return { carries, collects, sums, body, isWhole };
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

function trimmed(scan: Scan, { b, map }: Visit, live: LiveScan): EditedScan {
  const copy = copyBody(scan, b);
  copy.rest((id) => live.body.has(id));
  const bound = (list: Scan["slices"]) =>
    list.flatMap(({ arg, of }) => (live.body.has(arg) ? [{ arg: copy.at(arg), of: map(of) }] : []));
  const id = b.scan({
    over: scan.over,
    reverse: scan.reverse,
    carries: live.carries.map((i) => {
      const { arg, init, next } = scan.carries[i]!;
      return { arg: copy.at(arg), init: map(init), next: copy.at(next) };
    }),
    slices: bound(scan.slices),
    consts: bound(scan.consts),
    collects: live.collects.map((i) => copy.at(scan.collects[i]!)),
    sums: live.sums.map((i) => copy.at(scan.sums[i]!)),
    body: copy.body,
  });
  const firstCollect = scan.carries.length;
  const firstSum = firstCollect + scan.collects.length;
  const order = [
    ...live.carries,
    ...live.collects.map((i) => firstCollect + i),
    ...live.sums.map((i) => firstSum + i),
  ];
  return { id, item: (index) => b.item(id, order.indexOf(index)) };
}
