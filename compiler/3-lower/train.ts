/** @file The settings of a train block. In: the block. Out: the artifact's defaults for training, and the
 *  graph of one optimiser step. Optimisers themselves are in `optimisers/`. */
import type { Expr, TrainDecl, TrainSetting } from "../../grammar/ast.ts";
import type { ParamInfo, TrainInfo } from "../../runtime/artifact/artifact.ts";
import { createBuilder, sharing } from "../ir/builder.ts";
import { invariant } from "../ir/invariant.ts";
import { type Graph, type NodeId, real, SCALAR } from "../ir/ir.ts";
import { isOptimiserName, OPTIMISERS, type OptimiserName } from "../optimisers/table.ts";
import { constantOf, type Dims } from "./dims.ts";
import { numeric } from "./expr.ts";
import { lossCall, targetInfos } from "./loss.ts";
import type { Places } from "./places.ts";

/** What the runtime trains with unless told otherwise. */
export function trainInfo(train: TrainDecl, dims: Dims, places: Places): TrainInfo {
  const setting = (key: string): TrainSetting | undefined =>
    train.settings.find((s) => s.key.text === key);
  const value = (s: TrainSetting | undefined): number | null =>
    s?.value ? number(s.value, dims) : null;
  const clip = (word: string): number | null =>
    value(train.settings.find((s) => s.key.text === "clip" && s.word?.text === word));
  const name = optimiserOf(train);
  const optimizer = namedCall(setting("optimizer")?.value ?? null, dims);
  const schedule = setting("schedule")?.value ?? null;
  return {
    targets: targetInfos(train, dims, places),
    loss: lossCall(train).call.callee.text,
    optimizer: {
      name,
      hyper: { ...OPTIMISERS[name].hyper, ...optimizer?.args },
      slots: OPTIMISERS[name].slots,
    },
    clip: { norm: clip("norm"), value: clip("value") },
    truncate: value(setting("truncate")),
    batch: value(setting("batch")) ?? 32,
    epochs: value(setting("epochs")) ?? 10,
    seed: value(setting("seed")) ?? 1,
    schedule: schedule === null ? null : namedCall(schedule, dims),
    patience: value(setting("patience")),
  };
}

export function optimiserOf(train: TrainDecl): OptimiserName {
  const e = train.settings.find((s) => s.key.text === "optimizer")?.value ?? null;
  const name = e?.kind === "call" ? e.callee.text : e?.kind === "ref" ? e.name : "adam";
  invariant(isOptimiserName(name), `no optimiser is called ${name}`);
  return name;
}

/**
 * One step of the optimiser for every parameter, after clipping:
 * g ← clamp(g, −v, v), then g ← g · min(1, n / (‖g‖₂ + 1e-6)) with the norm over all parameters
 * (Pascanu et al. 2013, alg. 1). `grad-norm` is ‖g‖₂ of the gradients as they came.
 */
export function updateGraph(name: OptimiserName, params: readonly ParamInfo[]): Graph {
  // What parameters have in common (1 - beta1ᵗ) is one node from the start.
  const b = sharing(createBuilder());
  const optimiser = OPTIMISERS[name];
  const hyper = Object.fromEntries(
    Object.keys(optimiser.hyper).map((h) => [h, b.leaf(`hyper:${h}`, SCALAR)]),
  );
  const step = b.leaf("hyper:step", SCALAR);
  const limit = b.leaf("hyper:clip-value", SCALAR);
  const most = b.leaf("hyper:clip-norm", SCALAR);
  const grads = params.map((p) => b.leaf(`grad:param:${p.name}`, real(p.shape)));
  const clamped = grads.map((g) =>
    b.apply("maximum", [b.apply("minimum", [g, limit]), b.neg(limit)]),
  );
  const norm = (list: readonly NodeId[]): NodeId => {
    const squares = list.map((g) =>
      b.apply("sum", [b.mul(g, g)], {
        axes: [...b.type(g).shape.keys()],
        seq: false,
        batch: false,
      }),
    );
    return b.apply("sqrt", [
      squares.length === 0 ? b.lit(0) : squares.reduce((x, y) => b.add(x, y)),
    ]);
  };
  const ratio = b.div(most, b.add(norm(clamped), b.lit(1e-6)));
  const scale = b.apply("minimum", [b.lit(1), ratio]);
  const outputs = params.flatMap((p, i) => {
    const g = clamped[i];
    invariant(g !== undefined, "a gradient a parameter");
    const slots = Object.fromEntries(
      optimiser.slots.map((s) => [s, b.leaf(`slot:${s}:${p.name}`, real(p.shape))]),
    );
    const param = b.leaf(`param:${p.name}`, real(p.shape));
    const next = optimiser.step(b, { param, grad: b.mul(g, scale), slots, hyper, stepCount: step });
    return [
      { key: `param:${p.name}`, id: next.param },
      ...optimiser.slots.map((s) => {
        const id = next.slots[s];
        invariant(id !== undefined, `${name}: no new slot ${s}`);
        return { key: `slot:${s}:${p.name}`, id };
      }),
    ];
  });
  return b.finish([...outputs, { key: "grad-norm", id: norm(grads) }]);
}

/** `adam(lr = 1e-3)`, or a bare word. */
function namedCall(
  e: Expr | null,
  dims: Dims,
): { name: string; args: Record<string, number> } | null {
  if (e === null) return null;
  if (e.kind === "ref") return { name: e.name, args: {} };
  invariant(e.kind === "call", "a call with named numbers");
  const named = e.args.flatMap((a) =>
    a.kind === "named" ? [[a.name.text, number(a.value, dims)] as const] : [],
  );
  return { name: e.callee.text, args: Object.fromEntries(named) };
}

function number(e: Expr, dims: Dims): number {
  const value = constantOf(e, (name) => numeric(dims[name]));
  invariant(value !== null, "a number is needed here");
  return value;
}
