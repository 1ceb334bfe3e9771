/** @file Layers of models. In: a flow, a layer's call. Out: the flow after it. One entry a layer;
 *  cells are layers' arguments, none is known here. */
import type { Arg, DimExpr, Expr, Initialiser } from "../../grammar/ast.ts";
import type { Span } from "../../grammar/span.ts";
import { writtenDims } from "../2-check/cell-dims.ts";
import type { FlatCell } from "../2-check/checked.ts";
import { invariant } from "../ir/invariant.ts";
import type { NodeId } from "../ir/ir.ts";
import type { Build } from "./build.ts";
import { lowerCell } from "./cell.ts";
import { addParam, addRandom } from "./declare.ts";
import { bindDims, type Dims, evalDim, numbers } from "./dims.ts";
import { lowerCall, numberOf } from "./expr.ts";
import { asAxis, type Flow, flow, inside, needSeq, seqOf, stepsOf, wholeSequence } from "./flow.ts";
import { reduceOver, zeroPast } from "./masking.ts";
import type { Scope } from "./scope.ts";

/** A call in a pipe, and how to lower what stands in its arguments. */
export interface LayerCall {
  readonly build: Build;
  readonly scope: Scope;
  readonly dims: Dims;
  readonly args: readonly Arg[];
  readonly span: Span;
  /** Makes a name for what the layer declares: "e.dense.". */
  readonly path: (label: string) => string;
  readonly lower: (e: Expr) => Flow;
  /** A record argument's fields. */
  readonly fields: (e: Expr) => ReadonlyMap<string, Flow>;
  /** Runs a layer given as an argument; `prefix`, where given, starts its names. */
  readonly nested: (e: Expr, input: Flow, prefix: string | null) => Flow;
}

export type Layer = (call: LayerCall, x: Flow) => Flow;

export const LAYERS: Readonly<Record<string, Layer>> = {
  forward: (c, x) => cellLayer(c, x, false),
  backward: (c, x) => cellLayer(c, x, true),
  bidirectional(c, x) {
    wholeSequence(c.build, "bidirectional", c.span);
    const { name } = cellOf(c, c.args[0]);
    const base = c.path(name);
    const ahead = runCell(c, x, false, `${base}forward.`);
    const back = runCell(c, x, true, `${base}backward.`);
    const merge = word(c, "merge") ?? "concat";
    return flow(
      merged(c.build, merge, ahead.node, back.node),
      bothFinals(c.build, merge, ahead, back),
    );
  },
  stack(c, x) {
    const layer = positional(c)[1];
    invariant(layer !== undefined, "stack takes a number and a layer");
    const n = numberOf(c.scope, first(c));
    const path = c.path("stack");
    let y = x;
    for (let i = 1; i <= n; i++) y = c.nested(layer, y, `${path}${i}.`);
    return y;
  },
  residual(c, x) {
    const y = c.nested(first(c), x, null);
    return flow(c.build.b.add(x.node, y.node), y.members);
  },
  last(c, x) {
    wholeSequence(c.build, "last", c.span);
    const { b } = c.build;
    const seq = needSeq(c.build, x);
    const length = c.build.length(seq);
    if (length === null) return flow(b.apply("edge", [x.node], { end: "last" }));
    const at = b.apply("steps", [length], { seq, of: "last" });
    const picked = b.apply("where", [at, x.node, b.lit(0)]);
    return flow(b.apply("sum", [picked], { axes: [], seq: false, batch: true }));
  },
  first(c, x) {
    wholeSequence(c.build, "first", c.span);
    return flow(c.build.b.apply("edge", [inside(c.build, x.node)], { end: "first" }));
  },
  mean(c, x) {
    if (seqOf(c.build, x) === null) return flow(lowerCall(c.scope, "mean", c.args, [x.node]));
    wholeSequence(c.build, "mean", c.span);
    const total = c.build.b.apply("sum", [inside(c.build, x.node)], {
      axes: [],
      seq: false,
      batch: true,
    });
    return flow(c.build.b.div(total, stepsOf(c.build, needSeq(c.build, x))));
  },
  max(c, x) {
    if (seqOf(c.build, x) === null) return flow(lowerCall(c.scope, "max", c.args, [x.node]));
    wholeSequence(c.build, "max", c.span);
    const { b } = c.build;
    const rank = b.type(x.node).shape.length;
    const perm = [...[...Array(rank).keys()].map((i) => i + 1), 0];
    return flow(
      reduceOver(c.scope, "max", b.apply("transpose", [asAxis(c.build, x)], { perm }), {}),
    );
  },
  /** Additive attention pooling: e_t = v · tanh(W y_t + b), α = softmax_t(e), Σ α_t y_t. */
  attend(c, x) {
    wholeSequence(c.build, "attend", c.span);
    const { b } = c.build;
    const seq = needSeq(c.build, x);
    const path = c.path("attend");
    const width = widthOf(c.build, x);
    const hidden = numberOf(c.scope, first(c));
    const w = param(c, `${path}W`, [hidden, width], "glorot_uniform");
    const bias = param(c, `${path}b`, [hidden], "zeros");
    const v = param(c, `${path}v`, [hidden], "fan_in_uniform");
    const keys = b.apply("tanh", [b.add(b.apply("matmul", [w, x.node]), bias)]);
    const scores = b.apply("to_axis", [b.apply("dot", [v, keys])]);
    const weights = b.named(reduceOver(c.scope, "softmax", scores, {}), `${path}weights`);
    return flow(
      b.apply("matmul", [
        zeroPast(c.scope, weights, seq),
        asAxis(c.build, { ...x, node: inside(c.build, x.node) }),
      ]),
    );
  },
  reverse(c, x) {
    wholeSequence(c.build, "reverse", c.span);
    const length = c.build.length(needSeq(c.build, x));
    return flow(c.build.b.apply("reverse_steps", length === null ? [x.node] : [x.node, length]));
  },
  /** y_t = x_{t−1}, y_0 = 0: a cell whose state is its input. */
  shift(c, x) {
    const cell = delayCell(numbers(c.build.b.type(x.node).shape), c.span);
    const seq = c.build.options.streaming ? "T" : needSeq(c.build, x);
    const prefix = c.path("shift");
    const given = { memories: new Map(), init: new Map(), inputs: new Map([["x", x.node]]) };
    const { outputs } = lowerCell(c.build, {
      cell,
      dims: {},
      prefix,
      ...given,
      seq,
      reverse: false,
    });
    return flow(at([...outputs.values()], 0));
  },
  /** W x + b, then the activation. */
  dense(c, x) {
    const { b } = c.build;
    const path = c.path("dense");
    const k = numberOf(c.scope, first(c));
    const w = param(c, `${path}W`, [k, widthOf(c.build, x)], "glorot_uniform");
    const bias = param(c, `${path}b`, [k], "zeros");
    const y = b.add(b.apply("matmul", [w, x.node]), bias);
    const activation = word(c, "activation");
    return flow(activation === null ? y : lowerCall(c.scope, activation, [], [y]));
  },
  embedding(c, x) {
    const path = c.path("embedding");
    invariant(x.of !== null, "embedding takes tokens");
    const table = param(c, `${path}W`, [x.of, numberOf(c.scope, first(c))], "normal", {
      mean: 0,
      std: 1,
    });
    return flow(c.build.b.apply("gather", [table, x.node]));
  },
  dropout(c, x) {
    const { b, options } = c.build;
    const p = numberOf(c.scope, first(c));
    if (options.mode === "inference" || p === 0) return x;
    const type = b.type(x.node);
    const mask = addRandom(
      c.build,
      c.path("dropout"),
      type,
      1 - p,
      word(c, "per") === "sequence" ? null : type.seq,
    );
    return { ...x, node: b.mul(b.mul(x.node, mask), b.lit(1 / (1 - p))) };
  },
};

function cellLayer(c: LayerCall, x: Flow, reverse: boolean): Flow {
  if (reverse) wholeSequence(c.build, "backward", c.span);
  return runCell(c, x, reverse, c.path(cellOf(c, c.args[0]).name));
}

function runCell(c: LayerCall, x: Flow, reverse: boolean, prefix: string): Flow {
  const { cell, given } = cellOf(c, c.args[0]);
  const { b } = c.build;
  const main = cell.inputs[0];
  invariant(main !== undefined, `${cell.name} has no input`);
  const inputs = new Map([[main.name, x.node]]);
  const memories = new Map<string, NodeId>();
  const init = new Map<string, NodeId>();
  let dims = bindDims(main.shape, b.type(x.node).shape, dimsGiven(c, cell, given));
  for (const a of c.args.slice(1)) {
    if (a.kind !== "named" || a.name.text === "merge") continue;
    const name = a.name.text;
    if (name === "init") {
      for (const [state, f] of c.fields(a.value)) init.set(state, f.node);
      continue;
    }
    const memory =
      name === "memory" ? cell.memories[0] : cell.memories.find((m) => m.name === name);
    const f = c.lower(a.value);
    if (memory !== undefined) {
      wholeSequence(c.build, "memory", a.span);
      const id = asAxis(c.build, { ...f, node: inside(c.build, f.node) });
      dims = bindDims(memory.shape, b.type(id).shape, dims);
      memories.set(memory.name, id);
    } else {
      const input = cell.inputs.find((i) => i.name === name);
      invariant(input !== undefined, `${cell.name} has no input ${name}`);
      dims = bindDims(input.shape, b.type(f.node).shape, dims);
      inputs.set(name, f.node);
    }
  }
  const seq = c.build.options.streaming ? "T" : needSeq(c.build, x);
  const r = lowerCell(c.build, {
    cell,
    dims: withDefaults(cell, dims),
    prefix,
    inputs,
    memories,
    init,
    seq,
    reverse,
  });
  const outputs = [...r.outputs];
  const node = outputs[0]?.[1];
  invariant(node !== undefined, `${cell.name} has no output`);
  const finals = new Map([...r.finals].map(([name, id]) => [name, flow(id)]));
  const rest = outputs.map(([name, id]): [string, Flow] => [name, flow(id)]);
  return flow(
    node,
    new Map<string, Flow | ReadonlyMap<string, Flow>>([...rest, ["final", finals]]),
  );
}

/** The cell that an argument names, and the dims written with it. */
function cellOf(
  c: LayerCall,
  arg: Arg | undefined,
): { name: string; cell: FlatCell; given: readonly DimExpr[] } {
  const e = arg?.kind === "positional" ? arg.value : null;
  const name =
    e?.kind === "apply-dims" || e?.kind === "call"
      ? e.callee.text
      : e?.kind === "ref"
        ? e.name
        : "";
  const given = e?.kind === "apply-dims" || e?.kind === "call" ? (e.dims ?? []) : [];
  const cell = c.build.checked.cells.get(name);
  invariant(cell !== undefined, `no cell is called ${name}`);
  return { name, cell, given };
}

/** Values of the dims that are written; the others come from what flows in, or by default. */
function dimsGiven(c: LayerCall, cell: FlatCell, given: readonly DimExpr[]): Dims {
  const names = writtenDims(cell.dims, given.length);
  invariant(names !== null, `more dims than ${cell.name} has`);
  return Object.fromEntries(names.map((name, i) => [name, evalDim(at(given, i), c.dims)]));
}

export function withDefaults(cell: FlatCell, dims: Dims): Dims {
  const out: Record<string, Dims[string]> = { ...dims };
  for (const d of cell.dims) {
    if (out[d.name.text] === undefined && d.default !== null)
      out[d.name.text] = evalDim(d.default, out);
  }
  return out;
}

/** `state s = 0`, `y[t] = s[t-1]`, `s[t] = x[t]`. */
function delayCell(shape: readonly number[], span: Span): FlatCell {
  const dims = shape.map((value) => ({ kind: "dim-number" as const, value, span }));
  const name = (text: string) => ({ text, span });
  const ref = (of: string, lag: number) => ({ kind: "ref" as const, name: of, lag, span });
  const equation = (role: "let" | "state", of: string, value: Expr) =>
    ({ kind: "equation", doc: "", role, name: name(of), timed: true, value, span }) as const;
  return {
    name: "shift",
    doc: "",
    dims: [],
    inputs: [{ name: "x", shape: { dims, span }, of: null, span }],
    memories: [],
    states: [{ name: "s", shape: { dims, span }, init: null, lags: 1, span }],
    params: [],
    consts: [],
    equations: [equation("let", "y", ref("s", 1)), equation("state", "s", ref("x", 0))],
    outputs: [{ name: "y", span }],
    lineage: [],
  };
}

function merged(build: Build, how: string, x: NodeId, y: NodeId): NodeId {
  const { b } = build;
  switch (how) {
    case "sum":
      return b.add(x, y);
    case "mean":
      return b.mul(b.add(x, y), b.lit(0.5));
    case "mul":
      return b.mul(x, y);
    default:
      return b.apply("concat", [x, y], { axis: b.type(x).shape.length - 1 });
  }
}

/** Final states of both directions, merged as the outputs are; `.forward.final.h` is one direction's own. */
function bothFinals(build: Build, merge: string, ahead: Flow, back: Flow): Flow["members"] {
  const a = ahead.members.get("final");
  const z = back.members.get("final");
  if (!(a instanceof Map) || !(z instanceof Map)) return new Map();
  const finals = new Map<string, Flow>();
  for (const [name, f] of a) {
    const g = z.get(name);
    if (g !== undefined && build.b.type(f.node).shape.length > 0) {
      finals.set(name, flow(merged(build, merge, f.node, g.node)));
    }
  }
  return new Map<string, Flow | ReadonlyMap<string, Flow>>([
    ["forward", ahead],
    ["backward", back],
    ["final", finals],
  ]);
}

function param(
  c: LayerCall,
  name: string,
  shape: readonly number[],
  initialiser: string,
  args: Readonly<Record<string, number>> = {},
): NodeId {
  const value: Initialiser = {
    name: { text: initialiser, span: c.span },
    span: c.span,
    args: Object.entries(args).map(([key, v]) => ({
      kind: "named",
      name: { text: key, span: c.span },
      value: { kind: "number", value: v, text: String(v), span: c.span },
      span: c.span,
    })),
  };
  return addParam(c.build, name, shape, value, c.span, () => null);
}

/** The extent of the last axis. */
function widthOf(build: Build, x: Flow): number {
  const width = build.b.type(x.node).shape.at(-1);
  invariant(typeof width === "number", "a vector is needed here");
  return width;
}

function positional(c: LayerCall): Expr[] {
  return c.args.flatMap((a) => (a.kind === "positional" ? [a.value] : []));
}

function first(c: LayerCall): Expr {
  return at(positional(c), 0);
}

/** A named argument that is a word: `merge = sum`. */
function word(c: LayerCall, name: string): string | null {
  const a = c.args.find((x) => x.kind === "named" && x.name.text === name);
  return a?.kind === "named" && a.value.kind === "ref" ? a.value.name : null;
}

function at<T>(list: readonly T[], i: number): T {
  const x = list[i];
  invariant(x !== undefined, `no argument ${i + 1}`);
  return x;
}
