/** @file What a loop takes, made inside it where that is less to move. In: verified graph. Out: the same
 *  outputs; a slice of a part is a part of a slice, and so with what is larger than it is made of. */
import type { Builder } from "../ir/builder.ts";
import type { Apply, Graph, NodeId, Scan } from "../ir/ir.ts";
import { sameType } from "../ir/ir.ts";
import type { Visit } from "../ir/rewrite.ts";
import { copyBody, type EditedScan, editScans } from "./edit-scans.ts";
import { grows, isRename } from "./lift.ts";
import { leaving, onceAGraph, usersOf } from "./users.ts";

/**
 * Renames need not be copied to be sliced. An outer product that only loops take, say, is not
 * stored for every step: its factors are.
 */
export function pullIn(graph: Graph): Graph {
  const users = onceAGraph((g) => ({ by: usersOf(g), kept: leaving(g, null) }));
  return editScans(graph, (scan, c) => {
    const { by, kept } = users(c);
    const isOnlyTaken = (id: NodeId): boolean =>
      !kept.has(id) && (by.get(id) ?? []).every((u) => u.kind === "scan");
    return pulled(scan, c, isOnlyTaken);
  });
}

function pulled(
  scan: Scan,
  { b, map }: Visit,
  isOnlyTaken: (old: NodeId) => boolean,
): EditedScan | null {
  const copy = copyBody(scan, b);
  const bound = new Map<NodeId, NodeId>();
  let changed = false;
  const bind = (of: NodeId): NodeId => {
    const known = bound.get(of);
    if (known !== undefined) return known;
    const node = b.node(of);
    const arg = copy.body.leaf("arg", { ...node.type, seq: null });
    if (node.name !== undefined) copy.body.named(arg, node.name);
    bound.set(of, arg);
    return arg;
  };
  /** The body's node for one step of `of`. */
  const inside = (of: NodeId, mayGrow: boolean): NodeId => {
    const node = b.node(of);
    if (node.kind === "const") return copy.body.lit(node.value);
    if (node.kind !== "apply" || !(renames(b, node) || (mayGrow && grows(node, b.node))))
      return bind(of);
    changed = true;
    const args = node.args.map((a) => inside(a, mayGrow));
    const attrs = node.op === "expand" ? { ...node.attrs, seq: "" } : node.attrs;
    return copy.body.apply(node.op, args, attrs);
  };
  for (const { arg, of } of [...scan.slices, ...scan.consts]) {
    const type = { ...b.type(map(of)), seq: null };
    const made = inside(map(of), isOnlyTaken(of) && b.type(map(of)).seq !== null);
    const fits = sameType(copy.body.type(made), type);
    copy.put(arg, fits ? made : bind(map(of)));
  }
  if (!changed) return null;
  copy.rest();
  const list = (isSlice: boolean) =>
    [...bound].flatMap(([of, arg]) => ((b.type(of).seq !== null) === isSlice ? [{ arg, of }] : []));
  const id = b.scan({
    over: scan.over,
    reverse: scan.reverse,
    carries: scan.carries.map((c) => ({
      arg: copy.at(c.arg),
      init: map(c.init),
      next: copy.at(c.next),
    })),
    slices: list(true),
    consts: list(false),
    collects: scan.collects.map(copy.at),
    sums: scan.sums.map(copy.at),
    body: copy.body,
  });
  return { id, item: (index) => b.item(id, index) };
}

/** Names elements of a value that varies over the same steps. */
function renames(b: Builder, node: Apply): boolean {
  const [inner] = node.args;
  return isRename(node) && inner !== undefined && b.type(inner).seq === node.type.seq;
}
