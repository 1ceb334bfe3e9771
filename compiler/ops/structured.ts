/** @file What structured ops share. In: types, addresses, a builder. Out: addresses of arguments,
 *  adjoints brought to an argument's type. Never knows an op beyond `sum` and `expand`. */
import type { Expr } from "../../runtime/artifact/kernel.ts";
import type { Builder } from "../ir/builder.ts";
import { broken, invariant } from "../ir/invariant.ts";
import type { Dim, NodeId, Tensor } from "../ir/ir.ts";
import { call, lit } from "./expr.ts";
import type { Address, Refusal } from "./op.ts";
import { refuse, show } from "./typing.ts";

/** The address of `axes` in an argument of type `arg`, at the step and sample of `at`. */
export function place(arg: Tensor, at: Address, axes: readonly Expr[]): Address {
  return { step: arg.seq === null ? null : at.step, sample: arg.batch ? at.sample : null, axes };
}

/** i + k, or i itself. */
export function shifted(i: Expr, k: number): Expr {
  if (k === 0) return i;
  return k > 0 ? call("add", i, k) : call("sub", i, -k);
}

export function both(p: Expr, q: Expr): Expr {
  return call("mul", p, q);
}

/** The step of an address, which must have one. */
export function stepOf(at: Address): Expr {
  invariant(at.step !== null, "an address needs a step");
  return at.step;
}

export const ZERO = lit(0);

/** Sums or repeats `id` over steps and samples until it varies over what `to` varies over. */
export function over(b: Builder, id: NodeId, to: Pick<Tensor, "seq" | "batch">): NodeId {
  const from = b.type(id);
  const tooSeq = from.seq !== null && to.seq === null;
  const tooBatch = from.batch && !to.batch;
  const less =
    tooSeq || tooBatch ? b.apply("sum", [id], { axes: [], seq: !tooSeq, batch: !tooBatch }) : id;
  const seq = from.seq === null && to.seq !== null ? to.seq : "";
  const batch = !from.batch && to.batch;
  if (seq === "" && !batch) return less;
  return b.apply("expand", [less], { axes: [], dims: [], seq, batch });
}

/** A constant of any type. */
export function filled(b: Builder, value: number, t: Tensor): NodeId {
  const number = b.lit(value);
  if (t.shape.length === 0 && t.seq === null && !t.batch) return number;
  return b.apply("expand", [number], {
    axes: t.shape.map((_, i) => i),
    dims: t.shape,
    seq: t.seq ?? "",
    batch: t.batch,
  });
}

/** Repeats a reduced last axis: [...lead] → [...lead, 1], which broadcasts with [...lead, n]. */
export function keepLast(b: Builder, id: NodeId): NodeId {
  const rank = b.type(id).shape.length;
  return rank === 0 ? id : b.apply("expand", [id], { axes: [rank], dims: [1] });
}

/** Why `v` cannot be reduced over its last axis, or null. */
export function needsAxis(v: Tensor, arg: number): Refusal | null {
  if (v.dtype !== "real") return refuse("has tokens where numbers are needed", arg);
  return v.shape.length === 0 ? refuse("is a scalar: it has no axis to reduce", arg) : null;
}

/** Why `axis` is no axis of `v`, or, if it must be, not a number; else null. */
export function axisFault(v: Tensor, axis: number, arg: number): Refusal | null {
  if (!Number.isInteger(axis) || axis < 0 || axis >= v.shape.length) {
    return refuse(`is ${show(v.shape)}: it has no axis ${axis}`, arg);
  }
  return null;
}

/** A numeric extent of `v`; its type rule has seen to it. */
export function fixedExtent(v: Tensor, axis: number): number {
  const n: Dim | undefined = v.shape[axis];
  return typeof n === "number" ? n : broken(`axis ${axis} of ${show(v.shape)} must be a number`);
}

/** Why `v` is no length ([] or [batch], real), or null. */
export function lengthFault(v: Tensor | undefined, arg: number): Refusal | null {
  if (v === undefined) return null;
  const fits = v.seq === null && v.shape.length === 0 && v.dtype === "real";
  return fits ? null : refuse("must be one length a sample", arg);
}

export function without(shape: readonly Dim[], ...axes: readonly number[]): Dim[] {
  return shape.filter((_, i) => !axes.includes(i));
}
