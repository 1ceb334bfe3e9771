/** @file Keeps what a step made of a product rather than the product. In: a graph with forward and
 *  reversed loops. Out: the same outputs. Never keeps more values a step than before. */
import type { Graph, Item, Node, NodeId, Scan } from "../ir/ir.ts";
import { rewrite } from "../ir/rewrite.ts";
import { copyBody, type EditedScan } from "./edit-scans.ts";
import { isReduction } from "./lift.ts";
import { leaving, usersOf } from "./users.ts";

/**
 * Where a loop collects a product z only for another loop that begins by z + x, with the same x,
 * z + x is collected in its place: the product's kernel ends in the sum, and x is not sliced twice.
 * One step a call; repeats until nothing is left.
 */
export function saveEpilogues(graph: Graph): Graph {
  const found = candidate(graph);
  return found === null ? graph : saveEpilogues(applied(graph, found));
}

interface Saved {
  /** Collects `product`; `sum` is the elementwise op that alone follows it. */
  readonly forward: Scan;
  readonly index: number;
  readonly sum: NodeId;
  readonly reader: Scan;
  /** The reader's leaf for the product, and its node that is the same sum. */
  readonly slice: NodeId;
  readonly again: NodeId;
}

function candidate(graph: Graph): Saved | null {
  const users = usersOf(graph);
  const kept = leaving(graph, null);
  const scans = new Map(graph.nodes.flatMap((n) => (n.kind === "scan" ? [[n.id, n]] : [])));
  for (const item of graph.nodes) {
    if (item.kind !== "item" || kept.has(item.id)) continue;
    const forward = scans.get(item.of);
    const readers = users.get(item.id) ?? [];
    const [reader] = readers;
    if (forward === undefined || reader?.kind !== "scan" || readers.length !== 1) continue;
    const found = sameSum(forward, item, reader);
    if (found !== null) return found;
  }
  return null;
}

function sameSum(forward: Scan, item: Item, reader: Scan): Saved | null {
  const index = item.index - forward.carries.length;
  const product = forward.collects[index];
  const slice = reader.slices.find((s) => s.of === item.id)?.arg;
  if (product === undefined || slice === undefined || reader.reverse === forward.reverse)
    return null;
  const sum = onlyUser(forward, product, [product]);
  const again = onlyUser(reader, slice, []);
  const isProduct = forward.body.nodes.some((n) => n.id === product && isReduction(n));
  if (!isProduct || sum?.kind !== "apply" || again?.kind !== "apply") return null;
  if (sum.op !== "add" || again.op !== "add") return null;
  const other = sum.args.find((a) => a !== product);
  const same = again.args.find((a) => a !== slice);
  if (other === undefined || same === undefined) return null;
  if (!sameValue(forward, other, reader, same)) return null;
  return { forward, index, sum: sum.id, reader, slice, again: again.id };
}

/** The one node that reads `id` in the body, if only `but` take it out of the loop. */
function onlyUser(scan: Scan, id: NodeId, but: readonly NodeId[]): Node | null {
  const [user, ...others] = usersOf(scan.body).get(id) ?? [];
  const leaves = [...scan.carries.map((c) => c.next), ...scan.collects, ...scan.sums];
  const taken = leaves.filter((x) => x === id).length;
  return user !== undefined && others.length === 0 && taken === but.length ? user : null;
}

/** Are p in one loop and q in another made the same way of the same outer values? */
function sameValue(one: Scan, p: NodeId, other: Scan, q: NodeId): boolean {
  const [x, y] = [nodeOf(one, p), nodeOf(other, q)];
  if (x?.kind === "apply" && y?.kind === "apply") {
    const alike = x.op === y.op && JSON.stringify(x.attrs) === JSON.stringify(y.attrs);
    return alike && x.args.every((a, i) => sameValue(one, a, other, y.args[i]!));
  }
  if (x?.kind === "const" && y?.kind === "const") return x.value === y.value;
  const of = outerOf(one, p);
  return of !== null && of === outerOf(other, q);
}

function nodeOf(scan: Scan, id: NodeId): Node | undefined {
  return scan.body.nodes.find((n) => n.id === id);
}

function outerOf(scan: Scan, arg: NodeId): NodeId | null {
  return [...scan.slices, ...scan.consts].find((p) => p.arg === arg)?.of ?? null;
}

function applied(graph: Graph, found: Saved): Graph {
  const edited = new Map<NodeId, EditedScan>();
  return rewrite(graph, (node, { b, map }) => {
    if (node.kind === "item") return edited.get(node.of)?.item(node.index) ?? null;
    if (node.kind !== "scan") return null;
    const isForward = node.id === found.forward.id;
    if (!isForward && node.id !== found.reader.id) return null;
    const copy = copyBody(node, b);
    if (!isForward) {
      const type = node.body.nodes.find((n) => n.id === found.again)!.type;
      copy.put(found.again, copy.put(found.slice, copy.body.leaf("arg", type)));
    }
    copy.rest();
    const collects = isForward ? node.collects.with(found.index, found.sum) : node.collects;
    const id = b.scan({
      ...node,
      carries: node.carries.map((c) => ({
        arg: copy.at(c.arg),
        init: map(c.init),
        next: copy.at(c.next),
      })),
      slices: node.slices.map((s) => ({ arg: copy.at(s.arg), of: map(s.of) })),
      consts: node.consts.map((s) => ({ arg: copy.at(s.arg), of: map(s.of) })),
      collects: collects.map(copy.at),
      sums: node.sums.map(copy.at),
      body: copy.body,
    });
    edited.set(node.id, { id, item: (index) => b.item(id, index) });
    return id;
  });
}
