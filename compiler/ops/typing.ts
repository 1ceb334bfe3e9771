/** @file Type rules. In: an op's definition, its arguments' types. Out: the result's type, or why
 *  there is none. Never throws on what a user wrote. */
import { type Attrs, type Dim, sameType, type Tensor } from "../ir/ir.ts";
import type { OpDef, Refusal } from "./op.ts";

/** The type of `op` applied to `args`; `attrs` complete (see `withDefaults`). */
export function resultType(op: OpDef, args: readonly Tensor[], attrs: Attrs): Tensor | Refusal {
  if (op.arity !== null && args.length !== op.arity) {
    return refuse(`takes ${op.arity} value${op.arity === 1 ? "" : "s"}, got ${args.length}`);
  }
  if (op.params.length > 0) {
    const missing = op.params.find((p) => typeof attrs[p.name] !== "number");
    if (missing !== undefined) return refuse(`needs a number for ${missing.name}`);
  }
  return op.form === "map" ? mapType(args) : op.type(args, attrs);
}

/** `attrs` with what was left out taken from the op's params and defaults. */
export function withDefaults(op: OpDef, attrs: Attrs): Attrs {
  const all: Record<string, Attrs[string]> = {};
  if (op.form === "structured") Object.assign(all, op.defaults);
  for (const p of op.params) if (p.default !== null) all[p.name] = p.default;
  return { ...all, ...attrs };
}

export function isRefusal(t: object): t is Refusal {
  return "refused" in t;
}

export function refuse(refused: string, arg: number | null = null): Refusal {
  return { refused, arg };
}

/** Union of seqs and batches, trailing-axis broadcast of shapes: an extent meets itself or 1. */
export function mapType(args: readonly Tensor[]): Tensor | Refusal {
  const [first] = args;
  if (first?.dtype === "real" && args.every((a) => sameType(a, first))) return first;
  const over = union(args);
  if (isRefusal(over)) return over;
  let shape: readonly Dim[] = [];
  for (let i = 0; i < args.length; i++) {
    const a = args[i]!;
    if (a.dtype !== "real") return refuse("has tokens where numbers are needed", i);
    const joined = broadcast(shape, a.shape);
    if (joined === null)
      return refuse(`has ${show(a.shape)}, which does not broadcast with ${show(shape)}`, i);
    shape = joined;
  }
  return { ...over, shape, dtype: "real" };
}

/** The sequence and batch that any of `args` varies over; two different sequences are refused. */
export function union(args: readonly Tensor[]): { seq: string | null; batch: boolean } | Refusal {
  let seq: string | null = null;
  let batch = false;
  for (let i = 0; i < args.length; i++) {
    const a = args[i]!;
    batch ||= a.batch;
    if (a.seq === null) continue;
    if (seq !== null && seq !== a.seq)
      return refuse(`varies over ${a.seq}, the others over ${seq}`, i);
    seq = a.seq;
  }
  return { seq, batch };
}

/** The common shape of a and b aligned at the last axis, or null. */
export function broadcast(a: readonly Dim[], b: readonly Dim[]): readonly Dim[] | null {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return null;
    out.push(x === 1 ? y : x);
  }
  return out;
}

/** `[H, 4]`. */
export function show(shape: readonly Dim[]): string {
  return `[${shape.join(", ")}]`;
}
