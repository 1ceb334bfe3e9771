/** @file Losses that are a mean over elements. In: the loss of one element. Out: a Loss, and the
 *  weighted mean itself. Never knows which loss. */
import type { Builder } from "../ir/builder.ts";
import type { Attrs, NodeId, Tensor } from "../ir/ir.ts";
import type { Param, Refusal } from "../ops/op.ts";
import { over } from "../ops/structured.ts";
import { refuse, show } from "../ops/typing.ts";
import type { Loss } from "./loss.ts";

interface Elementwise {
  readonly doc: string;
  readonly params?: readonly Param[];
  readonly of: (b: Builder, prediction: NodeId, target: NodeId, attrs: Attrs) => NodeId;
}

/** The mean of `of` over every element of predictions and targets of one shape. */
export function elementwise({ doc, params = [], of }: Elementwise): Loss {
  return {
    doc,
    params,
    target: "real",
    refuses: sameShape,
    build: (b, prediction, target, mask, attrs) =>
      weightedMean(b, of(b, prediction, target, withParams(params, attrs)), mask),
  };
}

/**
 * Σ mask · v / (Σ mask · n): the mean over steps, samples and the n features of each. 0 where the
 * mask leaves nothing. mask [] over steps and samples, or null for 1 everywhere.
 */
export function weightedMean(b: Builder, v: NodeId, mask: NodeId | null): NodeId {
  const weighted = mask === null ? v : b.mul(mask, v);
  const t = b.type(weighted);
  const weights = all(b, over(b, mask ?? b.lit(1), t));
  const features = t.shape.map((d) =>
    typeof d === "number" ? b.lit(d) : b.apply("size", [], { seq: d }),
  );
  const count = features.reduce((n, d) => b.mul(n, d), weights);
  const some = b.apply("where", [b.apply("eq", [count, b.lit(0)]), b.lit(1), count]);
  return b.div(all(b, weighted), some);
}

/** The sum over every axis, step and sample. */
function all(b: Builder, v: NodeId): NodeId {
  const axes = b.type(v).shape.map((_, i) => i);
  return b.apply("sum", [v], { axes, seq: false, batch: false });
}

function sameShape(prediction: Tensor, target: Tensor): Refusal | null {
  if (target.dtype !== "real") return refuse("has tokens where numbers are needed", 1);
  if (target.seq !== prediction.seq) {
    return refuse(
      `varies over ${target.seq ?? "no"} steps, the prediction over ${prediction.seq ?? "none"}`,
      1,
    );
  }
  const same =
    target.shape.length === prediction.shape.length &&
    target.shape.every((d, i) => d === prediction.shape[i]);
  if (same) return null;
  return refuse(`has ${show(target.shape)}, the prediction ${show(prediction.shape)}`, 1);
}

function withParams(params: readonly Param[], attrs: Attrs): Attrs {
  const defaults = params.flatMap((p) =>
    p.default === null ? [] : [[p.name, p.default] as const],
  );
  return { ...Object.fromEntries(defaults), ...attrs };
}
