/** @file Vectors that a loop takes, as one. In: verified graph. Out: the same outputs; vectors that are
 *  the same at every step and sample are parts of one value. Never touches what products take. */
import type { Graph, NodeId, Scan } from "../ir/ir.ts";
import type { Visit } from "../ir/rewrite.ts";
import { fixedExtent } from "../ops/structured.ts";
import { OPS } from "../ops/table.ts";
import { copyBody, type EditedScan, editScans } from "./edit-scans.ts";
import { usersOf } from "./users.ts";

/**
 * Devices bind few buffers a kernel: peepholes, gains and biases of a cell are one buffer, joined
 * when parameters change, and each use of one is a part of it.
 */
export function packConsts(graph: Graph): Graph {
  return editScans(graph, packed);
}

function packed(scan: Scan, { b, map }: Visit): EditedScan | null {
  const users = usersOf(scan.body);
  const isVector = ({ arg, of }: Scan["consts"][number]): boolean => {
    const { shape, batch, dtype } = b.type(map(of));
    const all = users.get(arg) ?? [];
    const elementwise = all.every((u) => u.kind === "apply" && OPS[u.op].form === "map");
    return (
      shape.length === 1 &&
      typeof shape[0] === "number" &&
      !batch &&
      dtype === "real" &&
      elementwise
    );
  };
  const vectors = scan.consts.filter(isVector);
  if (vectors.length < 2) return null;
  const copy = copyBody(scan, b);
  const whole = b.apply(
    "concat",
    vectors.map((c) => map(c.of)),
    { axis: 0 },
  );
  const arg = copy.body.leaf("arg", b.type(whole));
  let from = 0;
  for (const c of vectors) {
    const size = fixedExtent(b.type(map(c.of)), 0);
    copy.put(c.arg, copy.body.apply("part", [arg], { axis: 0, from, size }));
    from += size;
  }
  copy.rest();
  const bound = (list: Scan["slices"]) => list.map((p) => ({ arg: copy.at(p.arg), of: map(p.of) }));
  const id = b.scan({
    over: scan.over,
    reverse: scan.reverse,
    carries: scan.carries.map((c) => ({
      arg: copy.at(c.arg),
      init: map(c.init),
      next: copy.at(c.next),
    })),
    slices: bound(scan.slices),
    consts: [...bound(scan.consts.filter((c) => !vectors.includes(c))), { arg, of: whole }],
    collects: scan.collects.map(copy.at),
    sums: scan.sums.map(copy.at),
    body: copy.body,
  });
  return { id, item: (index: number): NodeId => b.item(id, index) };
}
