/** @file Cells nobody would write. In: a seed. Out: a graph of one or two loops over random equations.
 *  Never the same idea twice on purpose: what the hand-made graphs miss is what this is for. */
import { type Builder, createBuilder } from "../../compiler/ir/builder.ts";
import { type Graph, type NodeId, real, type Tensor } from "../../compiler/ir/ir.ts";
import type { OpName } from "../../compiler/ops/table.ts";
import { random, scan } from "./graphs.ts";

const H = 3;
const D = 2;

type Draw = () => number;
const pick = <T>(draw: Draw, list: readonly T[]): T => list[Math.floor(draw() * list.length)]!;

/** The same graph for the same seed. */
export function randomGraph(seed: number): Graph {
  const draw = random(seed);
  const b = createBuilder();
  const params = [
    ...[...Array(5).keys()].map((i) => b.leaf(`param:U${i}`, real([H, H]))),
    ...[...Array(3).keys()].map((i) => b.leaf(`param:W${i}`, real([H, D]))),
    ...[...Array(3).keys()].map((i) => b.leaf(`param:b${i}`, real([H]))),
    b.leaf("param:k", real([])),
  ];
  const x = b.leaf("input:x", real([D], true, "T"));
  const z = b.leaf("input:z", real([H], draw() < 0.7, "T"));
  const memory = b.leaf("input:m", real(["S", H], true));
  const length = b.leaf("length:T", real([], true));
  const mask = b.apply("steps", [length], { seq: "T", of: "valid" });
  const first = loop(b, draw, {
    states: pick(draw, [[[H]], [[H], [H]], [[H], [H, H]], [[H], []], [[H], [H], [H]]]),
    slices: draw() < 0.5 ? [x, z, mask] : [x, z],
    masked: draw() < 0.5,
    consts: draw() < 0.3 ? [...params, memory] : params,
    name: "a",
  });
  const outputs = [...first.outputs];
  if (draw() < 0.4) {
    const second = loop(b, draw, {
      states: [[H]],
      slices: [x, first.vectors],
      masked: false,
      consts: params,
      name: "b",
    });
    outputs.push(...second.outputs);
  }
  return b.finish(outputs.map((id, i) => ({ key: `output:${i}`, id })));
}

interface LoopParts {
  readonly states: readonly (readonly number[])[];
  readonly slices: readonly NodeId[];
  /** With the last of the slices as the mask, if it is one. */
  readonly masked: boolean;
  readonly consts: readonly NodeId[];
  readonly name: string;
}

function loop(b: Builder, draw: Draw, parts: LoopParts) {
  const carries = parts.states.map((shape, i) =>
    b.leaf(`initial:${parts.name}${i}`, real(shape, true)),
  );
  const reverse = draw() < 0.4;
  const items = scan(b, { reverse, carries, slices: parts.slices, consts: parts.consts }, (s) => {
    const mask = parts.masked && parts.slices.length === 3 ? s.slices[2]! : null;
    const pool = [...s.carries, ...s.slices, ...s.consts];
    for (let i = 0; i < 14; i++) pool.push(equation(s.b, draw, pool));
    const like = (type: Tensor): NodeId => {
      const fits = pool.filter((id) => same(s.b.type(id), type) && !s.consts.includes(id));
      return squash(s.b, fits[fits.length - 1 - Math.floor((draw() * fits.length) / 2)]!);
    };
    const kept = (now: NodeId, old: NodeId) =>
      mask === null ? now : s.b.apply("where", [mask, now, old]);
    const next = s.carries.map((c) => kept(like(s.b.type(c)), c));
    const vector = kept(like(real([H], true)), s.b.lit(0));
    const readout = s.b.apply("matmul", [s.consts[0]!, vector]);
    const any = pool.filter(
      (id) => s.b.type(id).batch && s.b.type(id).shape.every((d) => d !== "S"),
    );
    return { next, collects: [vector, readout, pick(draw, any)], sums: [pick(draw, any)] };
  });
  return { outputs: items, vectors: items[carries.length]! };
}

const UNARY: readonly OpName[] = ["sigmoid", "tanh", "neg", "relu", "softplus", "abs", "silu"];
const BINARY: readonly OpName[] = ["add", "add", "sub", "mul", "mul", "maximum"];

/** A new value from those of the pool, of a size that stays small. */
function equation(b: Builder, draw: Draw, pool: readonly NodeId[]): NodeId {
  const of = (...shape: readonly (number | string)[]): NodeId | null => {
    const fits = pool.filter((id) => b.type(id).shape.join() === shape.join());
    return fits.length === 0
      ? null
      : fits[fits.length - 1 - Math.floor(draw() * draw() * fits.length)]!;
  };
  const vector = of(H)!;
  const [matrix, input, memory, scalar] = [of(H, H), of(D), of("S", H), of()];
  const weights = pool.filter((id) => b.type(id).shape.join() === `${H},${D}`);
  const choices: (() => NodeId)[] = [
    () => b.apply(pick(draw, UNARY), [vector]),
    () => b.apply(pick(draw, BINARY), [vector, of(H)!]),
    () => b.apply(pick(draw, BINARY), [vector, scalar ?? b.lit(0.5)]),
    () => b.apply("matmul", [matrix!, vector]),
    () => b.apply("matmul", [matrix!, vector]),
    () => b.add(b.apply("matmul", [pick(draw, weights), input!]), of(H)!),
    () => b.apply("dot", [vector, of(H)!]),
    () => squash(b, b.apply("outer", [vector, of(H)!])),
    () => b.apply("transpose", [matrix!], { perm: [1, 0] }),
    () => squash(b, b.apply("matmul", [matrix!, of(H, H)!])),
    () => b.mul(matrix!, vector),
    () => b.apply("softmax", [vector]),
    () => b.sub(vector, b.apply("mean", [vector])),
    () => b.apply("max", [vector]),
    () => b.div(vector, b.add(b.lit(1), b.apply("abs", [of(H)!]))),
    () => b.apply("where", [b.apply("ge", [vector, b.lit(0)]), of(H)!, of(H)!]),
    () => joined(b, draw, vector, of(H)!),
    () => b.apply("part", [joinedWith(b, input!, vector)], { axis: 0, from: 1, size: H }),
  ];
  if (memory !== null)
    choices.push(
      () => attended(b, memory, vector),
      () => attended(b, memory, vector),
    );
  return pick(draw, choices)();
}

function attended(b: Builder, memory: NodeId, query: NodeId): NodeId {
  const keys = b.apply("tanh", [b.add(memory, query)]);
  const scores = b.apply("matmul", [keys, query]);
  return b.apply("matmul", [b.apply("softmax", [scores]), memory]);
}

function joinedWith(b: Builder, ...ids: readonly NodeId[]): NodeId {
  return b.apply("concat", ids, { axis: 0 });
}

/** Two vectors joined, worked on as one, and one taken out again. */
function joined(b: Builder, draw: Draw, x: NodeId, y: NodeId): NodeId {
  const both = b.apply("tanh", [joinedWith(b, x, y)]);
  return b.apply("part", [both], { axis: 0, from: Math.floor(draw() * (H + 1)), size: H });
}

function squash(b: Builder, id: NodeId): NodeId {
  return b.apply("tanh", [id]);
}

function same(a: Tensor, b: Tensor): boolean {
  return a.batch === b.batch && a.shape.join() === b.shape.join();
}
