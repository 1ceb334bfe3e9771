/** @file Optimisers' graphs against plain loops written from PyTorch's documentation. In: the table
 *  of optimisers, seeded gradients. Losses of whole trainings are compared elsewhere. */
import { describe, expect, test } from "vitest";
import { createBuilder } from "../compiler/ir/builder.ts";
import { interpret } from "../compiler/ir/interpret.ts";
import { type Graph, real, SCALAR } from "../compiler/ir/ir.ts";
import { verify } from "../compiler/ir/verify.ts";
import type { Optimiser } from "../compiler/optimisers/optimiser.ts";
import { isOptimiserName, OPTIMISERS, type OptimiserName } from "../compiler/optimisers/table.ts";
import { generator } from "./harness/ops-samples.ts";

type Hyper = Readonly<Record<string, number>>;
/** One number's update; `m` keeps what it likes from step to step. */
type Reference = (p: number, g: number, h: Hyper, m: Record<string, number>, t: number) => number;

function adamStep(
  p: number,
  g: number,
  h: Hyper,
  m: Record<string, number>,
  t: number,
  max: boolean,
) {
  m.m = h.beta1! * (m.m ?? 0) + (1 - h.beta1!) * g;
  m.v = h.beta2! * (m.v ?? 0) + (1 - h.beta2!) * g * g;
  m.top = max ? Math.max(m.top ?? 0, m.v) : m.v;
  const root = Math.sqrt(m.top) / Math.sqrt(1 - h.beta2! ** t) + h.eps!;
  return p - ((h.lr! / (1 - h.beta1! ** t)) * m.m) / root;
}

const REFERENCES: Readonly<Record<OptimiserName, Reference>> = {
  sgd: (p, g, h) => p - h.lr! * (g + h.weight_decay! * p),
  momentum: (p, grad, h, m, t) => {
    const g = grad + h.weight_decay! * p;
    m.v = t === 1 ? g : h.momentum! * m.v! + g;
    return p - h.lr! * (h.nesterov ? g + h.momentum! * m.v : m.v);
  },
  rmsprop: (p, grad, h, m) => {
    const g = grad + h.weight_decay! * p;
    m.s = h.alpha! * (m.s ?? 0) + (1 - h.alpha!) * g * g;
    return p - (h.lr! * g) / (Math.sqrt(m.s) + h.eps!);
  },
  adam: (p, g, h, m, t) => adamStep(p, g + h.weight_decay! * p, h, m, t, false),
  adamw: (p, g, h, m, t) => adamStep(p * (1 - h.lr! * h.weight_decay!), g, h, m, t, false),
  amsgrad: (p, g, h, m, t) => adamStep(p, g + h.weight_decay! * p, h, m, t, true),
  adagrad: (p, grad, h, m) => {
    const g = grad + h.weight_decay! * p;
    m.s = (m.s ?? 0) + g * g;
    return p - (h.lr! * g) / (Math.sqrt(m.s) + h.eps!);
  },
  adadelta: (p, grad, h, m) => {
    const g = grad + h.weight_decay! * p;
    m.s = h.rho! * (m.s ?? 0) + (1 - h.rho!) * g * g;
    const d = (Math.sqrt((m.d ?? 0) + h.eps!) / Math.sqrt(m.s + h.eps!)) * g;
    m.d = h.rho! * (m.d ?? 0) + (1 - h.rho!) * d * d;
    return p - h.lr! * d;
  },
};

const SIZE = 4;
const NAMES = Object.keys(OPTIMISERS).filter(isOptimiserName);
const CASES: readonly (readonly [OptimiserName, Hyper])[] = [
  ...NAMES.map((name) => [name, {}] as const),
  ...NAMES.map((name) => [name, { lr: 0.05, weight_decay: 0.1 }] as const),
  ["momentum", { nesterov: 1, weight_decay: 0.01 }],
  ["adam", { beta1: 0, beta2: 0.5 }],
];

function updateGraph(optimiser: Optimiser): Graph {
  const b = createBuilder();
  const leaves = (prefix: string, names: readonly string[], type = real([SIZE])) =>
    Object.fromEntries(names.map((n) => [n, b.leaf(`${prefix}:${n}`, type)]));
  const next = optimiser.step(b, {
    param: b.leaf("param", real([SIZE])),
    grad: b.leaf("grad", real([SIZE])),
    slots: leaves("slot", optimiser.slots),
    hyper: leaves("hyper", Object.keys(optimiser.hyper), SCALAR),
    stepCount: b.leaf("step", SCALAR),
  });
  expect(Object.keys(next.slots).sort()).toEqual([...optimiser.slots].sort());
  const slots = Object.entries(next.slots).map(([n, id]) => ({ key: `slot:${n}`, id }));
  return b.finish([{ key: "param", id: next.param }, ...slots]);
}

describe("six updates equal the loop", () => {
  test.each(CASES)("%s %j", (name, given) => {
    const optimiser: Optimiser = OPTIMISERS[name];
    const graph = verify(updateGraph(optimiser), name);
    const hyper = { ...optimiser.hyper, ...given };
    const random = generator(29);
    const draw = () => Float64Array.from({ length: SIZE }, () => 2 * random() - 1);
    let store = new Map<string, Float64Array>([["param", draw()]]);
    for (const slot of optimiser.slots) store.set(`slot:${slot}`, new Float64Array(SIZE));
    const kept = Array.from({ length: SIZE }, (): Record<string, number> => ({}));
    let wanted = [...store.get("param")!];
    for (let t = 1; t <= 6; t++) {
      const grad = t === 3 ? new Float64Array(SIZE) : draw();
      const inputs = new Map(store).set("grad", grad).set("step", Float64Array.of(t));
      for (const [h, v] of Object.entries(hyper)) inputs.set(`hyper:${h}`, Float64Array.of(v));
      store = interpret(graph, inputs, {});
      wanted = wanted.map((p, i) => REFERENCES[name](p, grad[i]!, hyper, kept[i]!, t));
      for (const [i, w] of wanted.entries()) {
        expect(Math.abs(store.get("param")![i]! - w)).toBeLessThanOrEqual(
          1e-12 * (1 + Math.abs(w)),
        );
      }
    }
  });
});
