/** @file A gated recurrence as a graph built by hand, and as a plain loop. In: seeds. Out: what tests
 *  of the IR's tools look at. */
import { createBuilder, NOWHERE } from "../../compiler/ir/builder.ts";
import { type Graph, real } from "../../compiler/ir/ir.ts";
import { generator } from "./ops-samples.ts";

export const D = 2;
export const H = 3;

/** z = W x + U h + b cut in four: c' = σ(f) c + σ(i) tanh(g), h' = σ(o) tanh(c'). */
export function recurrence(reverse: boolean): Graph {
  const b = createBuilder();
  const leaves = {
    x: b.leaf("input:x", real([D], true, "T")),
    W: b.leaf("param:W", real([4 * H, D])),
    U: b.leaf("param:U", real([4 * H, H])),
    bias: b.leaf("param:b", real([4 * H])),
    h: b.leaf("initial:h", real([H], true)),
    c: b.leaf("initial:c", real([H], true)),
  };
  const body = b.body();
  const x = body.leaf("arg", real([D], true));
  const h = body.leaf("arg", real([H], true));
  const c = body.leaf("arg", real([H], true));
  const [W, U, bias] = [real([4 * H, D]), real([4 * H, H]), real([4 * H])].map((t) =>
    body.leaf("arg", t),
  );
  const z = body.add(body.add(body.apply("matmul", [W!, x]), body.apply("matmul", [U!, h])), bias!);
  const gate = (k: number) => body.call("part", [z], { from: k * H, size: H });
  const sigmoid = (v: number) => body.apply("sigmoid", [v]);
  const next = body.within(NOWHERE, "c", () =>
    body.add(
      body.mul(sigmoid(gate(0)), c),
      body.mul(sigmoid(gate(1)), body.apply("tanh", [gate(2)])),
    ),
  );
  const out = body.named(body.mul(sigmoid(gate(3)), body.apply("tanh", [next])), "h");
  const scan = b.scan({
    over: "T",
    reverse,
    carries: [
      { arg: h, init: leaves.h, next: out },
      { arg: c, init: leaves.c, next },
    ],
    slices: [{ arg: x, of: leaves.x }],
    consts: [
      { arg: W!, of: leaves.W },
      { arg: U!, of: leaves.U },
      { arg: bias!, of: leaves.bias },
    ],
    collects: [out],
    sums: [next],
    body,
  });
  return b.finish([
    { key: "final:h", id: b.item(scan, 0) },
    { key: "final:c", id: b.item(scan, 1) },
    { key: "output:h", id: b.item(scan, 2) },
    { key: "sum:c", id: b.item(scan, 3) },
  ]);
}

export const T = 4;
export const B = 2;

export function randomInputs(seed: number): Map<string, Float64Array> {
  const random = generator(seed);
  const draw = (n: number) => Float64Array.from({ length: n }, () => 2 * random() - 1);
  return new Map([
    ["input:x", draw(T * B * D)],
    ["param:W", draw(4 * H * D)],
    ["param:U", draw(4 * H * H)],
    ["param:b", draw(4 * H)],
    ["initial:h", draw(B * H)],
    ["initial:c", draw(B * H)],
  ]);
}

/** The same recurrence, one number at a time. */
export function loop(
  inputs: Map<string, Float64Array>,
  reverse: boolean,
): Map<string, Float64Array> {
  const [x, W, U, bias, h0, c0] = [...inputs.values()] as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let h = h0;
  let c = c0;
  const y = new Float64Array(T * B * H);
  const total = new Float64Array(B * H);
  const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
  for (let n = 0; n < T; n++) {
    const t = reverse ? T - 1 - n : n;
    const [nextH, nextC] = [new Float64Array(B * H), new Float64Array(B * H)];
    for (let s = 0; s < B; s++) {
      const z = (row: number): number => {
        let v = bias[row]!;
        for (let i = 0; i < D; i++) v += W[row * D + i]! * x[(t * B + s) * D + i]!;
        for (let i = 0; i < H; i++) v += U[row * H + i]! * h[s * H + i]!;
        return v;
      };
      for (let j = 0; j < H; j++) {
        const at = s * H + j;
        nextC[at] = sigmoid(z(j)) * c[at]! + sigmoid(z(H + j)) * Math.tanh(z(2 * H + j));
        nextH[at] = sigmoid(z(3 * H + j)) * Math.tanh(nextC[at]!);
        y[t * B * H + at] = nextH[at]!;
        total[at]! += nextC[at]!;
      }
    }
    h = nextH;
    c = nextC;
  }
  return new Map([
    ["final:h", h],
    ["final:c", c],
    ["output:h", y],
    ["sum:c", total],
  ]);
}
