/** @file Renames of what a loop takes, inside the loop. In: verified graph. Out: the same outputs; a
 *  slice of a part is a part of a slice, so that the part need not be copied. */
import type { Graph, NodeId, Scan } from "../ir/ir.ts";
import type { Visit } from "../ir/rewrite.ts";
import { copyBody, type EditedScan, editScans } from "./edit-scans.ts";
import { isRename } from "./lift.ts";

export function pullRenames(graph: Graph): Graph {
  return editScans(graph, pulled);
}

function pulled(scan: Scan, { b, map }: Visit): EditedScan | null {
  const copy = copyBody(scan, b);
  let changed = false;
  const take = (list: Scan["slices"]) =>
    list.map(({ arg, of }) => {
      const { leaf, base } = under(map(of));
      changed ||= base !== map(of);
      copy.put(arg, leaf.top);
      return { arg: leaf.bottom, of: base };
    });
  /** A leaf for what `of` renames, and the renames of that leaf. */
  const under = (of: NodeId): { leaf: { top: NodeId; bottom: NodeId }; base: NodeId } => {
    const node = b.node(of);
    const [inner] = node.kind === "apply" ? node.args : [];
    const same = inner !== undefined && b.type(inner).seq === node.type.seq;
    if (node.kind !== "apply" || inner === undefined || !isRename(node) || !same) {
      const id = copy.body.leaf("arg", { ...node.type, seq: null });
      if (node.name !== undefined) copy.body.named(id, node.name);
      return { leaf: { top: id, bottom: id }, base: of };
    }
    const below = under(inner);
    const attrs = node.op === "expand" ? { ...node.attrs, seq: "" } : node.attrs;
    const top = copy.body.apply(node.op, [below.leaf.top], attrs);
    return { leaf: { top, bottom: below.leaf.bottom }, base: below.base };
  };
  const slices = take(scan.slices);
  const consts = take(scan.consts);
  if (!changed) return null;
  copy.rest();
  const id = b.scan({
    over: scan.over,
    reverse: scan.reverse,
    carries: scan.carries.map((c) => ({
      arg: copy.at(c.arg),
      init: map(c.init),
      next: copy.at(c.next),
    })),
    slices,
    consts,
    collects: scan.collects.map(copy.at),
    sums: scan.sums.map(copy.at),
    body: copy.body,
  });
  return { id, item: (index) => b.item(id, index) };
}
