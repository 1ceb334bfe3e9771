/** @file Moves what no state enters out of time loops. In: verified graph. Out: the same outputs; such
 *  values are computed for all steps at once and sliced. Never reorders a sum. */
import type { Builder } from "../ir/builder.ts";
import { broken, invariant } from "../ir/invariant.ts";
import type { Apply, Graph, Node, NodeId, Scan } from "../ir/ir.ts";
import type { Visit } from "../ir/rewrite.ts";
import { copyBody, type EditedScan, editScans } from "./edit-scans.ts";
import { canLift, isReduction, isRename, isTranscendental, lift, volume } from "./lift.ts";
import { dependences, leaving, usersOf } from "./users.ts";
import { nodesOf } from "../ir/lookup.ts";

/**
 * Products, other reductions and transcendentals of vectors that depend on this step's inputs alone,
 * with the cheap ops around them: W x[t] + b becomes one product for all steps.
 */
export function hoist(graph: Graph): Graph {
  return editScans(graph, (scan, c) =>
    hoisted(scan, c, (n) => isReduction(n) || (isTranscendental(n) && n.type.shape.length < 2)),
  );
}

/**
 * Reductions alone, for loops that compute again what they need: elementwise work fuses with what
 * uses it, and slicing its result would only move more memory.
 */
export function hoistProducts(graph: Graph): Graph {
  return editScans(graph, (scan, c) => hoisted(scan, c, isReduction));
}

function hoisted(scan: Scan, { b, map }: Visit, isWorth: (n: Node) => boolean): EditedScan | null {
  const frontier = frontierOf(scan, isWorth);
  if (frontier.size === 0) return null;
  const outside = outer(scan, b, map);
  const copy = copyBody(scan, b);
  const moved = [...frontier].map((id) => {
    const of = outside(id);
    const { seq, ...type } = b.type(of);
    const arg = copy.put(id, copy.body.leaf("arg", { ...type, seq: null }));
    const { name } = b.node(of);
    if (name !== undefined) copy.body.named(arg, name);
    return { arg, of, seq };
  });
  copy.rest();
  const bound = (list: Scan["slices"]) => list.map((p) => ({ arg: copy.at(p.arg), of: map(p.of) }));
  const added = (isSlice: boolean) =>
    moved.flatMap(({ arg, of, seq }) => ((seq !== null) === isSlice ? [{ arg, of }] : []));
  const id = b.scan({
    over: scan.over,
    reverse: scan.reverse,
    carries: scan.carries.map((c) => ({
      arg: copy.at(c.arg),
      init: map(c.init),
      next: copy.at(c.next),
    })),
    slices: [...bound(scan.slices), ...added(true)],
    consts: [...bound(scan.consts), ...added(false)],
    collects: scan.collects.map(copy.at),
    sums: scan.sums.map(copy.at),
    body: copy.body,
  });
  return { id, item: (index) => b.item(id, index) };
}

/** The outer value of a body node, all steps at once; built when first asked for. */
export function outer(scan: Scan, b: Builder, map: (id: NodeId) => NodeId): (id: NodeId) => NodeId {
  const nodes = nodesOf(scan.body);
  const known = new Map([...scan.slices, ...scan.consts].map((p) => [p.arg, map(p.of)]));
  const of = (id: NodeId): NodeId => {
    const there = known.get(id);
    if (there !== undefined) return there;
    const node = nodes.get(id) ?? broken(`no node ${id} in the scan's body`);
    const made =
      node.kind === "const"
        ? b.lit(node.value)
        : lift(b, liftable(node), node.kind === "apply" ? node.args.map(of) : []);
    known.set(id, made);
    return made;
  };
  return of;
}

function liftable(node: Node): Apply {
  invariant(canLift(node), `node ${node.id} cannot leave its loop`);
  return node;
}

/** Nodes to compute outside that something left inside reads. */
function frontierOf(scan: Scan, isWorth: (n: Node) => boolean): ReadonlySet<NodeId> {
  const { body } = scan;
  const by = dependences(body, scan);
  const users = usersOf(body);
  const kept = leaving(body, scan);
  const free = new Set<NodeId>();
  for (const n of body.nodes) {
    const liftable = n.kind !== "apply" || (canLift(n) && n.args.every((a) => free.has(a)));
    const fits = by.get(n.id) === "fixed" || kept.has(n.id) || !isTable(n);
    if (by.get(n.id) !== "state" && liftable && fits) free.add(n.id);
  }
  const volumes = new Map(body.nodes.map((n) => [n.id, volume(n)]));
  const volumeOf = (id: NodeId): number => volumes.get(id) ?? 0;
  const moved = new Set<NodeId>();
  /** Leaves, numbers, and their elements under other indices. */
  const naming = new Set<NodeId>();
  for (const n of body.nodes) {
    if (n.kind !== "apply" || (isRename(n) && n.args.every((a) => naming.has(a)))) naming.add(n.id);
    if (n.kind !== "apply" || !free.has(n.id)) continue;
    // What is the same at every step leaves, unless it only names elements of something outside.
    const once = by.get(n.id) === "fixed" && !naming.has(n.id);
    if (once || isWorth(n) || n.args.some((a) => moved.has(a))) moved.add(n.id);
  }
  const isFrontier = (id: NodeId): boolean =>
    moved.has(id) && (kept.has(id) || (users.get(id) ?? []).some((u) => !moved.has(u.id)));
  // Renames of a value stay inside, and cheap ops where slicing what they read takes less.
  for (const n of [...body.nodes].reverse()) {
    if (n.kind !== "apply" || !isFrontier(n.id) || isWorth(n)) continue;
    const sources = n.args.filter((a) => moved.has(a));
    const more = sources.filter((a) => !isFrontier(a)).reduce((sum, a) => sum + volumeOf(a), 0);
    const light = by.get(n.id) !== "fixed" && more < volume(n);
    if (sources.length > 0 && (isRename(n) || light)) moved.delete(n.id);
  }
  return new Set(body.nodes.flatMap((n) => (isFrontier(n.id) ? [n.id] : [])));
}

/** Something at every position of a sequence: not kept for every step of another as well. */
function isTable({ type }: Node): boolean {
  return type.shape.length > 1 && type.shape.some((d) => typeof d === "string");
}
