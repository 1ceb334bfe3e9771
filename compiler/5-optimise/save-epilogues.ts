/** @file Keeps what a step made of a product rather than the product. In: a graph with forward and
 *  reversed loops. Out: the same outputs. Never keeps more values a step than before. */
import { type Apply, type Graph, type NodeId, type Scan, sameType } from "../ir/ir.ts";
import { rewrite } from "../ir/rewrite.ts";
import { OPS } from "../ops/table.ts";
import { copyBody, type EditedScan, rebuilt } from "./edit-scans.ts";
import { recomputed } from "./recomputed.ts";
import { collectedIn, onlySlice, usersOf } from "./users.ts";

/**
 * Where a loop collects z only for others to begin by f(z, x), f elementwise, and does the same to
 * it itself, f(z, x) is collected in its place: the product's kernel ends in f, what f repeated is
 * saved, and x need not be kept for it. Repeats until nothing is left.
 */
export function saveEpilogues(graph: Graph): Graph {
  const found = candidate(graph);
  return found === null ? graph : saveEpilogues(applied(graph, found));
}

interface Saved {
  readonly forward: Scan;
  /** Which of its collects, and the elementwise node that alone reads it there. */
  readonly index: number;
  readonly epilogue: NodeId;
  /** Nodes of the main graph that compute the epilogue again. */
  readonly again: ReadonlySet<NodeId>;
  /** By scan that slices the collect: its leaf, and its node that computes the epilogue again. */
  readonly loops: ReadonlyMap<NodeId, { readonly slice: NodeId; readonly again: NodeId }>;
}

function candidate(graph: Graph): Saved | null {
  for (const { item, forward, index, value, readers } of collectedIn(graph)) {
    const epilogue = onlyUser(forward, value, 1);
    if (epilogue === null) continue;
    const same = recomputed(graph, forward);
    const again = new Set<NodeId>();
    const loops = new Map<NodeId, { slice: NodeId; again: NodeId }>();
    for (const reader of readers) {
      if (reader.kind === "scan") {
        const slice = onlySlice(reader, item.id);
        const user = slice === null ? null : onlyUser(reader, slice, 0);
        if (slice !== null && user !== null && same(epilogue.id, { loop: reader, id: user.id }))
          loops.set(reader.id, { slice, again: user.id });
      } else if (same(epilogue.id, { loop: null, id: reader.id })) again.add(reader.id);
    }
    const all = again.size + loops.size === readers.length;
    if (all) return { forward, index, epilogue: epilogue.id, again, loops };
  }
  return null;
}

/** The one elementwise node of `id`'s type that reads `id` in the body, if `taken` results are `id`. */
function onlyUser(scan: Scan, id: NodeId, taken: number): Apply | null {
  const [user, ...others] = usersOf(scan.body).get(id) ?? [];
  const results = [...scan.carries.map((c) => c.next), ...scan.collects, ...scan.sums];
  if (user?.kind !== "apply" || others.length > 0 || OPS[user.op].form !== "map") return null;
  if (results.filter((x) => x === id).length !== taken) return null;
  const value = scan.body.nodes.find((n) => n.id === id);
  return value !== undefined && sameType(value.type, user.type) ? user : null;
}

function applied(graph: Graph, found: Saved): Graph {
  const edited = new Map<NodeId, EditedScan>();
  const { forward, index, epilogue } = found;
  return rewrite(graph, (node, { b, map }) => {
    if (found.again.has(node.id)) {
      const item = edited.get(forward.id)?.item(forward.carries.length + index);
      return item ?? null;
    }
    if (node.kind === "item") return edited.get(node.of)?.item(node.index) ?? null;
    const reader = found.loops.get(node.id);
    if (node.kind !== "scan" || (node.id !== forward.id && reader === undefined)) return null;
    const copy = copyBody(node, b);
    if (reader !== undefined) {
      const type = node.body.nodes.find((n) => n.id === reader.again)!.type;
      copy.put(reader.again, copy.put(reader.slice, copy.body.leaf("arg", type)));
    }
    copy.rest();
    const collects = node.id === forward.id ? node.collects.with(index, epilogue) : node.collects;
    const made = rebuilt(node, copy, { b, map }, collects.map(copy.at));
    edited.set(node.id, made);
    return made.id;
  });
}
