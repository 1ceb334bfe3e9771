/** @file Samples and gradients for sweeping the op table. In: an op's probe, a seed. Out: typed
 *  arguments; a small reverse mode of its own, so that ops do not lean on the compiler's. */
import { type Builder, createBuilder } from "../../compiler/ir/builder.ts";
import { type Graph, type NodeId, sameType, type Tensor } from "../../compiler/ir/ir.ts";
import type { OpDef, ProbeCase, Sizes, WholeValue } from "../../compiler/ops/op.ts";
import { OPS, type OpName } from "../../compiler/ops/table.ts";
import { wholeType } from "../../compiler/ops/whole.ts";

export const SIZES: Sizes = { B: 2, T: 4, S: 3 };

/** Uniform numbers in [0, 1), the same for a seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function argumentTypes(c: ProbeCase): Tensor[] {
  return c.shapes.map((shape, i) => ({
    seq: c.seqs?.[i] ?? null,
    batch: c.batches?.[i] ?? false,
    shape,
    dtype: c.dtypes?.[i] ?? "real",
  }));
}

/** Arguments within the probe's range, away from kinks; tokens and lengths are whole numbers. */
export function sample(op: OpDef, c: ProbeCase, random: () => number): WholeValue[] {
  const { from, to, kinks = [] } = op.probe;
  const draw = (): number => {
    const x = from + (to - from) * random();
    return kinks.some((k) => Math.abs(x - k) < 1e-3) ? draw() : x;
  };
  return argumentTypes(c).map((type, i) => {
    const whole = wholeType(type, SIZES);
    const data = new Float64Array(whole.extents.reduce((n, e) => n * e, 1));
    const number = type.dtype === "index" || c.lengths?.[i] ? () => Math.floor(4 * random()) : draw;
    return { ...whole, data: data.map(number) };
  });
}

/** Whether a derivative by argument i is meant to be. */
export function isDifferentiable(c: ProbeCase, i: number): boolean {
  return c.dtypes?.[i] !== "index" && !c.lengths?.[i];
}

export interface OpGraph {
  readonly b: Builder;
  readonly args: readonly NodeId[];
  readonly y: NodeId;
}

/** Leaves `a0`, `a1`, … and the op applied to them. */
export function opGraph(name: OpName, c: ProbeCase): OpGraph {
  const b = createBuilder();
  const args = argumentTypes(c).map((t, i) => b.leaf(`a${i}`, t));
  return { b, args, y: b.apply(name, args, c.attrs ?? {}) };
}

export function inputsOf(args: readonly WholeValue[]): Map<string, Float64Array> {
  return new Map(args.map((a, i) => [`a${i}`, a.data]));
}

/** Outputs `loss` = Σ upstream · y and `grad0`, `grad1`, … where a derivative flows. */
export function withGradients({ b, args, y }: OpGraph): Graph {
  const upstream = b.leaf("upstream", b.type(y));
  const adjoints = new Map<NodeId, NodeId>([[y, upstream]]);
  const add = (id: NodeId, adjoint: NodeId): void => {
    const so = adjoints.get(id);
    adjoints.set(id, so === undefined ? adjoint : b.add(so, adjoint));
  };
  for (let id = y; id >= 0; id--) {
    const dy = adjoints.get(id);
    const node = b.node(id);
    if (dy === undefined || node.kind !== "apply") continue;
    const op: OpDef = OPS[node.op];
    if (op.form === "compound") throw new Error(`${node.op} was not expanded`);
    const found = op.vjp({ b, args: node.args, y: id, dy, attrs: node.attrs });
    if (found.length !== node.args.length) throw new Error(`${node.op}: ${found.length} adjoints`);
    for (const [i, adjoint] of found.entries()) {
      if (adjoint === null) continue;
      const to = node.args[i]!;
      if (op.form === "structured" && !sameType(b.type(adjoint), b.type(to))) {
        throw new Error(`${node.op}: adjoint ${i} is not of its argument's type`);
      }
      add(to, op.form === "map" ? unbroadcast(b, adjoint, b.type(to)) : adjoint);
    }
  }
  const t = b.type(y);
  const axes = t.shape.map((_, i) => i);
  const loss = b.apply("sum", [b.mul(upstream, y)], { axes, seq: false, batch: false });
  return b.finish([
    { key: "loss", id: loss },
    { key: "y", id: y },
    ...args.flatMap((id, i) => {
      const adjoint = adjoints.get(id);
      return adjoint === undefined ? [] : [{ key: `grad${i}`, id: adjoint }];
    }),
  ]);
}

function unbroadcast(b: Builder, id: NodeId, to: Tensor): NodeId {
  const from = b.type(id);
  const lead = from.shape.length - to.shape.length;
  const ones = to.shape.flatMap((d, i) =>
    d === 1 && from.shape[lead + i] !== 1 ? [lead + i] : [],
  );
  const summed = [...Array.from({ length: lead }, (_, i) => i), ...ones];
  const less = b.apply("sum", [id], {
    axes: summed,
    seq: to.seq !== null,
    batch: to.batch,
  });
  if (ones.length === 0) return less;
  return b.apply("expand", [less], { axes: ones.map((i) => i - lead), dims: ones.map(() => 1) });
}
