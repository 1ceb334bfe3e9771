/** @file Losses against PyTorch's numbers, masks against the samples alone. In: oracles/torch/loss_basic.json,
 *  the table of losses. Gradients by the ops' own derivatives. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createBuilder } from "../compiler/ir/builder.ts";
import { interpret } from "../compiler/ir/interpret.ts";
import { type Attrs, real, type Tensor } from "../compiler/ir/ir.ts";
import { verify } from "../compiler/ir/verify.ts";
import { isLossName, LOSSES, type LossName } from "../compiler/losses/table.ts";
import { isRefusal } from "../compiler/ops/typing.ts";
import { generator, withGradients } from "./harness/ops-samples.ts";

interface Oracle {
  readonly inputs: Readonly<Record<string, { readonly data: readonly number[] }>>;
  readonly outputs: Readonly<Record<string, number>>;
  readonly gradients: Readonly<Record<string, { readonly data: readonly number[] }>>;
}
const file = new URL("oracles/torch/loss_basic.json", import.meta.url);
const oracle: Oracle = JSON.parse(readFileSync(file, "utf8"));
const [T, B, C] = [7, 3, 5];
/** Losses of one element at a time; `ctc` has tests of its own. */
const NAMES = Object.keys(LOSSES)
  .filter(isLossName)
  .filter((name) => name !== "ctc");

interface Run {
  readonly name: LossName;
  readonly shape: readonly number[];
  readonly sizes: { readonly T: number; readonly B: number };
  readonly prediction: Float64Array;
  readonly target: Float64Array;
  readonly mask: Float64Array | null;
  readonly attrs?: Attrs;
}

/** The loss and its gradient by the prediction. */
function run(r: Run): { loss: number; gradient: Float64Array } {
  const loss = LOSSES[r.name];
  const b = createBuilder();
  const prediction: Tensor = { ...real(r.shape, true, "T") };
  const target: Tensor =
    loss.target === "index"
      ? { ...prediction, shape: r.shape.slice(0, -1), dtype: "index" }
      : prediction;
  expect(loss.refuses(prediction, target)).toBeNull();
  const args = [b.leaf("a0", prediction), b.leaf("a1", target)];
  const mask = r.mask === null ? null : b.leaf("mask", real([], true, "T"));
  const y = loss.build(b, args[0]!, args[1]!, mask, r.attrs ?? {});
  expect(b.type(y)).toEqual(real([]));
  const graph = verify(withGradients({ b, args, y }), r.name);
  const inputs = new Map([
    ["a0", r.prediction],
    ["a1", r.target],
    ["upstream", Float64Array.of(1)],
  ]);
  if (r.mask !== null) inputs.set("mask", r.mask);
  const found = interpret(graph, inputs, r.sizes);
  return { loss: found.get("y")![0]!, gradient: found.get("grad0")! };
}

function near(got: number, wanted: number): void {
  expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-10 * (1 + Math.abs(wanted)));
}

describe("PyTorch", () => {
  const values = (name: string) => Float64Array.from(oracle.inputs[name]!.data);
  const CASES: readonly (readonly [LossName, string, string, string])[] = [
    ["mse", "mse", "p", "p_targets"],
    ["mae", "mae", "p", "p_targets"],
    ["huber", "huber", "p", "p_targets"],
    ["binary_cross_entropy", "bce_with_logits", "z", "z_targets"],
    ["cross_entropy", "cross_entropy", "logits", "targets"],
  ];

  test.each(CASES)("%s", (name, key, prediction, target) => {
    const raw = values(target);
    const ignored = name === "cross_entropy" && raw.some((t) => t === -100);
    const { loss, gradient } = run({
      name,
      shape: [C],
      sizes: { T, B },
      prediction: values(prediction),
      target: raw.map((t) => (t === -100 ? 0 : t)),
      mask: ignored ? raw.map((t) => (t === -100 ? 0 : 1)) : null,
    });
    near(loss, oracle.outputs[key]!);
    const wanted = oracle.gradients[`${key} d ${prediction}`]!.data;
    expect(gradient).toHaveLength(wanted.length);
    for (const [i, w] of wanted.entries()) near(gradient[i]!, w);
  });

  test("huber's delta", () => {
    const one = { shape: [1], sizes: { T: 1, B: 1 }, mask: null, name: "huber" } as const;
    const far = { ...one, prediction: Float64Array.of(5), target: Float64Array.of(0) };
    near(run({ ...far, attrs: { delta: 2 } }).loss, 8);
    near(run({ ...far, attrs: { delta: 2 } }).gradient[0]!, 2);
    near(run(far).loss, 4.5);
  });
});

describe("steps outside the mask do not count", () => {
  test.each(NAMES)("%s", (name) => {
    const random = generator(23);
    const draw = (n: number) => Float64Array.from({ length: n }, () => 4 * random() - 2);
    const tokens = (n: number) => Float64Array.from({ length: n }, () => Math.floor(3 * random()));
    const each = LOSSES[name].target === "index" ? 1 : 3;
    const targets = LOSSES[name].target === "index" ? tokens : draw;
    const [prediction, target] = [draw(2 * 2 * 3), targets(2 * 2 * each)];
    // Sample 1 has one step only; then two samples are three steps of one.
    const masked = run({
      name,
      shape: [3],
      sizes: { T: 2, B: 2 },
      prediction,
      target,
      mask: Float64Array.of(1, 1, 1, 0),
    });
    const alone = run({
      name,
      shape: [3],
      sizes: { T: 3, B: 1 },
      prediction: prediction.slice(0, 9),
      target: target.slice(0, 3 * each),
      mask: null,
    });
    near(masked.loss, alone.loss);
    for (const [i, g] of alone.gradient.entries()) near(masked.gradient[i]!, g);
    expect([...masked.gradient.slice(9)].every((g) => g === 0)).toBe(true);

    const none = run({
      name,
      shape: [3],
      sizes: { T: 2, B: 2 },
      prediction,
      target,
      mask: new Float64Array(4),
    });
    expect(none.loss).toBe(0);
  });
});

describe("targets that do not fit are refused", () => {
  test.each(NAMES)("%s", (name) => {
    const loss = LOSSES[name];
    const wrong = loss.target === "index" ? real([]) : { ...real([3]), dtype: "index" as const };
    const short = loss.target === "index" ? { ...real([2]), dtype: "index" as const } : real([2]);
    for (const target of [wrong, short]) {
      const got = loss.refuses(real([3], true), target);
      expect(got !== null && isRefusal(got) && got.arg).toBe(1);
    }
  });
});
