/** @file Making a value fill a type. In: a node, a type it broadcasts to. Out: a node of that type. */
import type { Builder } from "../ir/builder.ts";
import { invariant } from "../ir/invariant.ts";
import { type NodeId, sameType, type Tensor } from "../ir/ir.ts";

/** Repeats a value over the leading axes, samples and steps that `type` has and it has not. */
export function broadcastTo(b: Builder, id: NodeId, type: Tensor): NodeId {
  const from = b.type(id);
  if (sameType(from, type)) return id;
  const missing = type.shape.length - from.shape.length;
  invariant(
    from.shape.every((d, i) => d === type.shape[missing + i]),
    `[${from.shape.join(", ")}] does not fill [${type.shape.join(", ")}]`,
  );
  return b.apply("expand", [id], {
    axes: [...Array(missing).keys()],
    dims: type.shape.slice(0, missing),
    seq: from.seq === null && type.seq !== null ? type.seq : "",
    batch: type.batch && !from.batch,
  });
}
