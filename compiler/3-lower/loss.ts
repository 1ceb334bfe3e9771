/** @file The loss of a train block. In: the block, the model's flows. Out: a scalar node, and the targets'
 *  leaves. Losses themselves are in `losses/`. */
import type { TrainDecl } from "../../grammar/ast.ts";
import type { InputInfo } from "../../runtime/artifact/artifact.ts";
import { invariant } from "../ir/invariant.ts";
import type { NodeId } from "../ir/ir.ts";
import { isLossName, LOSSES } from "../losses/table.ts";
import type { Build } from "./build.ts";
import { constantOf, type Dims, evalDim, evalShape, numbers } from "./dims.ts";
import { numeric } from "./expr.ts";
import type { Flow } from "./flow.ts";
import type { Places } from "./places.ts";

/** Mean of the loss over every step inside a sample and every sample. */
export function lowerLoss(
  build: Build,
  train: TrainDecl,
  dims: Dims,
  flows: ReadonlyMap<string, Flow>,
): NodeId {
  const { b } = build;
  const { call, span } = lossCall(train);
  const name = call.callee.text;
  invariant(isLossName(name), `no loss is called ${name}`);
  const first = call.args[0];
  invariant(first?.kind === "positional" && first.value.kind === "ref", "a loss of a named output");
  const prediction = flows.get(first.value.name)?.node;
  invariant(prediction !== undefined, "a loss of an output");
  const targets = call.args.flatMap((a) => (a.kind === "target" ? [a] : []));
  const [target] = targets.map((t) => {
    const shape = evalShape(t.shape, dims);
    const seq = typeof shape[0] === "string" ? shape[0] : null;
    return b.leaf(`target:${t.name.text}`, {
      seq,
      batch: true,
      shape: seq === null ? shape : shape.slice(1),
      dtype: t.of === null ? "real" : "index",
    });
  });
  invariant(target !== undefined, "a loss has a target");
  const attrs: Record<string, number> = {};
  for (const a of call.args) {
    if (a.kind !== "named") continue;
    const value = constantOf(a.value, (n) => numeric(dims[n]));
    invariant(value !== null, `${a.name.text} is a number`);
    attrs[a.name.text] = value;
  }
  const inside = (id: NodeId): NodeId | null => {
    const { seq } = b.type(id);
    const length = seq === null ? null : build.length(seq);
    return seq === null || length === null
      ? null
      : b.apply("steps", [length], { seq, of: "valid" });
  };
  return b.within(span, "loss", () =>
    LOSSES[name].build(b, prediction, target, inside(prediction), attrs, inside(target)),
  );
}

/** Targets of a train block, as inputs of the artifact. */
export function targetInfos(train: TrainDecl, dims: Dims, places: Places): InputInfo[] {
  return lossCall(train).call.args.flatMap((t) => {
    if (t.kind !== "target") return [];
    const shape = evalShape(t.shape, dims);
    const seq = typeof shape[0] === "string" ? shape[0] : null;
    const of = t.of === null ? null : evalDim(t.of, dims);
    invariant(typeof of !== "string", "the number of classes is a number");
    const name = t.name.text;
    const own = numbers(seq === null ? shape : shape.slice(1));
    return [
      { name, seq, memory: false, shape: own, of, place: places.add(`target ${name}`, t.span) },
    ];
  });
}

export function lossCall(train: TrainDecl) {
  const setting = train.settings.find((s) => s.key.text === "loss");
  const call = setting?.value;
  invariant(setting !== undefined && call?.kind === "call", "a train block has a loss");
  return { call, span: setting.span };
}
