/** @file Programs that measure how far a state reaches. In: a checked entry and one of its loops. Out: one that runs
 *  the loop and keeps what its derivative needs, one that takes adjoints back step by step. Never runs anything. */
import { optimiseForward } from "../5-optimise/passes.ts";
import { schedule } from "../6-schedule/schedule.ts";
import { differentiate } from "../4-differentiate/differentiate.ts";
import { reachedNodes } from "../4-differentiate/reach.ts";
import { createBuilder } from "../ir/builder.ts";
import { invariant } from "../ir/invariant.ts";
import type { Graph, NodeId, Scan, Tensor } from "../ir/ir.ts";
import { deadCode, rewrite } from "../ir/rewrite.ts";
import { verify } from "../ir/verify.ts";
import type { Program } from "../../runtime/artifact/kernel.ts";
import { linearise, type Linearised } from "./linearise.ts";
import type { Loop } from "./loop.ts";

export interface Measuring {
  /** The loop over T steps of one sample: writes `coefficient:k`, and `grad:cut:k` where there is a loss. */
  readonly trajectory: Program;
  /** Reads `lambda:i` (B rows) and the coefficients, step by step in the order given; writes `rows:i`, all steps. */
  readonly back: Program;
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
  /** Zeros that `trajectory` reads where there is a loss: `cut:k` of these types, outputs first, then states. */
  readonly cuts: readonly { readonly key: string; readonly type: Tensor }[];
}

export interface Coefficient {
  /** As `back` reads it; `trajectory` writes it as `name` with "coefficient:" before. */
  readonly key: string;
  readonly written: string;
  readonly isFixed: boolean;
  readonly shape: Tensor["shape"];
}

export function measuring(loop: Loop, withLoss: boolean): Measuring {
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

/** The main graph, its scan collecting the coefficients that vary. */
function trajectoryOf(
  loop: Loop,
  l: Linearised,
  withLoss: boolean,
): { readonly graph: Graph; readonly cuts: Measuring["cuts"] } {
  const { scan } = loop;
  const varying = l.coefficients.filter((c) => !c.isFixed);
  const cuts: { key: string; type: Tensor }[] = [];
  const outputs: { key: string; id: NodeId }[] = [];
  const first = scan.carries.length;
  const kept = scan.collects.length;
  const cut = new Map<number, NodeId>();
  let loss: NodeId | null = null;
  const lossId = loop.graph.outputs.find((o) => o.key === "loss")?.id;
  const graph = rewrite(loop.graph, (node, c) => {
    if (node.kind === "item" && node.of === scan.id && withLoss) {
      const item = c.keep();
      const key = `cut:${node.index}`;
      const leaf = cut.get(node.index) ?? c.b.leaf(key, node.type);
      if (!cut.has(node.index)) cuts.push({ key, type: node.type });
      cut.set(node.index, leaf);
      return c.b.add(item, leaf);
    }
    if (node.id !== scan.id || node.kind !== "scan") return null;
    const all = extended(
      scan,
      l,
      varying.map((v) => v.id),
    );
    const made = c.b.scan({
      ...all,
      carries: all.carries.map((x) => ({ ...x, init: c.map(x.init) })),
      slices: all.slices.map((x) => ({ ...x, of: c.map(x.of) })),
      consts: all.consts.map((x) => ({ ...x, of: c.map(x.of) })),
    });
    for (const [k, { isFixed, id }] of l.coefficients.entries()) {
      const at = varying.findIndex((v) => v.id === id);
      const value = isFixed ? outside(c.b, l, loop, id, c.map) : c.b.item(made, first + kept + at);
      outputs.push({ key: `coefficient:${k}`, id: value });
    }
    return made;
  });
  invariant(outputs.length === l.coefficients.length, "every coefficient is put out");
  loss = lossId === undefined ? null : (graph.outputs.find((o) => o.key === "loss")?.id ?? null);
  const put = loss === null ? outputs : [...outputs, { key: "loss", id: loss }];
  const live = deadCode({ ...graph, outputs: put });
  if (!withLoss || loss === null) return { graph: live, cuts: [] };
  const used = cuts.filter((x) => live.nodes.some((n) => n.kind === "leaf" && n.key === x.key));
  const whole = differentiate(optimiseForward(live), [{ output: "loss", leaf: null }], used);
  const wanted = whole.outputs.filter((o) => o.key !== "loss");
  return { graph: deadCode({ ...whole, outputs: wanted }), cuts: used };
}

/** The scan with more collected after its own; of the body what they and the states need. */
function extended(scan: Scan, l: Linearised, more: readonly NodeId[]): Scan {
  const ends = [...scan.carries.map((c) => c.next), ...scan.collects, ...more];
  const live = reachedNodes(l.body.finish([]), ends);
  const bound = [...scan.carries, ...scan.slices, ...scan.consts].map((x) => x.arg);
  for (const arg of bound) live.add(arg);
  const b = createBuilder();
  const ids = new Map<NodeId, NodeId>();
  const map = (id: NodeId): NodeId => ids.get(id)!;
  for (const id of [...live].sort((p, q) => p - q)) ids.set(id, b.copy(l.body.node(id), map));
  const moved = <T extends { readonly arg: NodeId }>(x: T): T => ({ ...x, arg: map(x.arg) });
  return {
    ...scan,
    carries: scan.carries.map((c) => ({ ...moved(c), next: map(c.next) })),
    slices: scan.slices.map(moved),
    consts: scan.consts.map(moved),
    collects: [...scan.collects, ...more].map(map),
    body: b.finish([]),
  };
}

/** A fixed coefficient where the loop's constants come from. */
function outside(
  b: ReturnType<typeof createBuilder>,
  l: Linearised,
  loop: Loop,
  id: NodeId,
  map: (id: NodeId) => NodeId,
): NodeId {
  const bound = loop.scan.consts.find((c) => c.arg === id);
  if (bound !== undefined) return map(bound.of);
  return b.copy(l.body.node(id), (arg) => outside(b, l, loop, arg, map));
}

/** A loop over adjoints: carry i is slot i's, its value after each step is a row block. */
function backOf(
  loop: Loop,
  l: Linearised,
  coefficients: readonly Coefficient[],
): { readonly graph: Graph; readonly reaches: readonly boolean[] } {
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

function zeros(b: ReturnType<typeof createBuilder>, type: Tensor): NodeId {
  return b.apply("expand", [b.lit(0)], {
    axes: type.shape.map((_, i) => i),
    dims: type.shape,
    batch: true,
  });
}

const size = (shape: readonly (number | string)[]): number =>
  shape.reduce<number>((n, d) => n * Number(d), 1);
