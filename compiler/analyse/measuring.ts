/** @file Programs that measure how far a state reaches. In: a checked entry and one of its loops. Out: one that runs
 *  the loop and keeps what its derivative needs, one that takes adjoints back step by step. Never runs anything. */
import { optimiseForward } from "../5-optimise/passes.ts";
import { schedule } from "../6-schedule/schedule.ts";
import { createAdjoints, pullBack } from "../4-differentiate/adjoint.ts";
import { type Builder, createBuilder } from "../ir/builder.ts";
import { type Graph, type NodeId, reads, type Tensor } from "../ir/ir.ts";
import { verify } from "../ir/verify.ts";
import type { Program } from "../../runtime/artifact/kernel.ts";
import { linearise, type Linearised } from "./linearise.ts";
import type { Loop } from "./loop.ts";
import { type Cut, trajectoryOf } from "./trajectory.ts";
import { trimmed } from "./trim-scan.ts";

export interface Measuring {
  /** The loop over T steps of one sample: writes `coefficient:k`, and `grad:cut:k` where there is a loss. */
  readonly trajectory: Program;
  /** Reads `lambda:i` (B rows) and the coefficients, step by step in the order given; writes `rows:i`, all steps. */
  readonly back: Program;
  /**
   * Reads `vector:i` (B rows) and the coefficients in that same order, taken last to first; writes `image:i`: J v.
   * Null of a loop that is not wide.
   */
  readonly forth: Program | null;
  /** Adjoints of the states before one step from those of its outputs: reads `upsilon:j`, writes `lambda:i`. */
  readonly enter: Program;
  readonly coefficients: readonly Coefficient[];
  /** By slot; a slot on which nothing after the step depends writes no rows: they are zero. */
  readonly slots: readonly {
    readonly shape: readonly number[];
    readonly size: number;
    readonly reaches: boolean;
  }[];
  /** The scan's outputs: `upsilon:j`; its sizes. */
  readonly outputs: readonly { readonly shape: readonly number[]; readonly size: number }[];
  /** The sequence that the loop runs over, and whether from its end. */
  readonly over: string;
  readonly reverse: boolean;
  /** Zeros that `trajectory` reads where there is a loss: `cut:k` of these types, k a result of the scan: states, then outputs. */
  readonly cuts: readonly Cut[];
}

/** Rows up to which all are taken back. */
export const MOST = 384;

const widthOf = (loop: Loop): number => loop.slots.reduce((n, s) => n + size(s.shape), 0);

export interface Coefficient {
  /** As `back`, `forth` and `enter` read it, and as `trajectory` writes it. */
  readonly key: string;
  readonly written: string;
  readonly isFixed: boolean;
  readonly shape: Tensor["shape"];
}

/** `isWide`: are there too many states to take a row of each back? */
export function measuring(loop: Loop, withLoss: boolean, isWide = widthOf(loop) > MOST): Measuring {
  const l = linearise(loop);
  const coefficients = l.coefficients.map(({ id, isFixed }, k): Coefficient => {
    const { shape } = l.body.type(id);
    // `param:` inputs are packed once, before the first step.
    return {
      key: isFixed ? `param:${k}` : `coefficient:${k}`,
      written: `coefficient:${k}`,
      isFixed,
      shape,
    };
  });
  const { graph, cuts } = trajectoryOf(loop, l, withLoss);
  const back = backOf(loop, l, coefficients);
  return {
    trajectory: programOf(graph),
    back: programOf(back.graph),
    forth: isWide ? programOf(forthOf(loop, l, coefficients)) : null,
    enter: programOf(enterOf(loop, l, coefficients)),
    coefficients,
    slots: loop.slots.map((s, i) => ({
      shape: s.shape,
      size: size(s.shape),
      reaches: back.reaches[i]!,
    })),
    outputs: loop.scan.collects.map((id) => {
      const shape = l.body.type(id).shape.map(Number);
      return { shape, size: size(shape) };
    }),
    over: loop.scan.over,
    reverse: loop.scan.reverse,
    cuts,
  };
}

function programOf(graph: Graph): Program {
  return schedule(optimiseForward(verify(graph, "analyse")), { placeOf: () => null });
}

/** A loop's body under construction, its coefficients bound. */
interface Bound {
  readonly b: Builder;
  readonly body: Builder;
  readonly slices: { arg: NodeId; of: NodeId }[];
  readonly consts: { arg: NodeId; of: NodeId }[];
  readonly args: readonly NodeId[];
}

function boundBody(coefficients: readonly Coefficient[]): Bound {
  const b = createBuilder();
  const body = b.body();
  const slices: { arg: NodeId; of: NodeId }[] = [];
  const consts: { arg: NodeId; of: NodeId }[] = [];
  const args = coefficients.map(({ key, isFixed, shape }) => {
    const type: Tensor = { seq: null, batch: false, shape, dtype: "real" };
    const of = b.leaf(key, { ...type, seq: isFixed ? null : "T" });
    const arg = body.leaf("arg", type);
    (isFixed ? consts : slices).push({ arg, of });
    return arg;
  });
  return { b, body, slices, consts, args };
}

/** A loop over adjoints: carry i is slot i's, its value after each step is a row block. */
function backOf(
  loop: Loop,
  l: Linearised,
  coefficients: readonly Coefficient[],
): { readonly graph: Graph; readonly reaches: readonly boolean[] } {
  const { b, body, slices, consts, args } = boundBody(coefficients);
  const lambdas = loop.slots.map((s) => body.leaf("arg", adjointOf(s.shape)));
  const none = loop.scan.collects.map(() => null);
  const results = l.apply(body, lambdas, none, (k) => args[k]!);
  const nexts = results.map((id, i) => id ?? zeros(body, adjointOf(loop.slots[i]!.shape)));
  const scan = b.scan({
    over: "T",
    reverse: false,
    carries: loop.slots.map((s, i) => ({
      arg: lambdas[i]!,
      init: b.leaf(`lambda:${i}`, adjointOf(s.shape)),
      next: nexts[i]!,
    })),
    slices,
    consts,
    collects: nexts,
    sums: [],
    body,
  });
  const reaches = results.map((id) => id !== null);
  const outputs = nexts.flatMap((_, i) =>
    reaches[i] ? [{ key: `rows:${i}`, id: b.item(scan, nexts.length + i) }] : [],
  );
  return { graph: b.finish(outputs), reaches };
}

/** The transpose of a linear map's derivative is the map: J v is the derivative of vᵀ (Jᵀ λ) by λ. */
function forthOf(loop: Loop, l: Linearised, coefficients: readonly Coefficient[]): Graph {
  const { b, body, slices, consts, args } = boundBody(coefficients);
  const lambdas = loop.slots.map((s) => body.leaf("lambda", adjointOf(s.shape)));
  const vectors = loop.slots.map((s) => body.leaf("arg", adjointOf(s.shape)));
  const none = loop.scan.collects.map(() => null);
  const results = l.apply(body, lambdas, none, (k) => args[k]!);
  const { nodes } = body.finish([]);
  const active = new Set(lambdas);
  for (const node of nodes) if (reads(node).some((id) => active.has(id))) active.add(node.id);
  const adjoints = createAdjoints(body, (id) => body.type(id));
  for (const [i, id] of results.entries()) if (id !== null) adjoints.add(id, vectors[i]!);
  for (const node of [...nodes].reverse()) {
    const dy = node.kind === "apply" && active.has(node.id) ? adjoints.of(node.id) : null;
    if (node.kind === "apply" && dy !== null)
      pullBack(body, node, dy, adjoints, active, (id) => id);
  }
  const nexts = loop.slots.map(
    (s, i) => adjoints.of(lambdas[i]!) ?? zeros(body, adjointOf(s.shape)),
  );
  const scan = trimmed({
    over: "T",
    reverse: true,
    carries: loop.slots.map((s, i) => ({
      arg: vectors[i]!,
      init: b.leaf(`vector:${i}`, adjointOf(s.shape)),
      next: nexts[i]!,
    })),
    slices,
    consts,
    collects: [],
    sums: [],
    body: body.finish([]),
  });
  const made = b.scan(scan);
  return b.finish(nexts.map((_, i) => ({ key: `image:${i}`, id: b.item(made, i) })));
}

/** One step for adjoints of the outputs alone. */
function enterOf(loop: Loop, l: Linearised, coefficients: readonly Coefficient[]): Graph {
  const b = createBuilder();
  const args = coefficients.map(({ key, shape }) =>
    b.leaf(key, { seq: null, batch: false, shape, dtype: "real" }),
  );
  const upsilons = loop.scan.collects.map((id, j) =>
    b.leaf(`upsilon:${j}`, { ...l.body.type(id), batch: true }),
  );
  const none = loop.slots.map(() => null);
  const results = l.apply(b, none, upsilons, (k) => args[k]!);
  return b.finish(results.flatMap((id, i) => (id === null ? [] : [{ key: `lambda:${i}`, id }])));
}

const adjointOf = (shape: readonly number[]): Tensor => ({
  seq: null,
  batch: true,
  shape,
  dtype: "real",
});

function zeros(b: Builder, type: Tensor): NodeId {
  return b.apply("expand", [b.lit(0)], {
    axes: type.shape.map((_, i) => i),
    dims: type.shape,
    batch: true,
  });
}

const size = (shape: readonly (number | string)[]): number =>
  shape.reduce<number>((n, d) => n * Number(d), 1);
