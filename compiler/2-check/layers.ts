/** @file The layers that models are made of. In: nothing. Out: the vocabulary: what each takes, and what
 *  it is. Never their types (`flow.ts`) nor their nodes (lowering). */
import type { Expr } from "../../grammar/ast.ts";
import { callable, callableNames, type Setting } from "./functions.ts";

export interface Layer {
  readonly usage: string;
  /** Arguments by position, in order. `cell`: `GRU<H>`; `layer`: another layer; `count`, `width`: dims. */
  readonly takes: readonly ("cell" | "layer" | "count" | "width" | "probability")[];
  /** Words given by name. */
  readonly words: readonly Setting[];
  /** What must be fed to it: `steps` a sequence; `tokens` tokens; `any` numbers with steps or without. */
  readonly fed: "steps" | "tokens" | "any";
  readonly doc: string;
}

export const MERGES = ["concat", "sum", "mean", "mul"] as const;

export const LAYERS = {
  forward: {
    usage: "forward(Cell<H>, memory = m, init = { h: v })",
    takes: ["cell"],
    words: [],
    fed: "steps",
    doc: "The cell, first step to last. `.final.h` is state h after each sample's own last step.",
  },
  backward: {
    usage: "backward(Cell<H>, memory = m, init = { h: v })",
    takes: ["cell"],
    words: [],
    fed: "steps",
    doc: "The cell, from each sample's own last step to the first. `.final.h` is h after the first.",
  },
  bidirectional: {
    usage: "bidirectional(Cell<H>, merge = concat)",
    takes: ["cell"],
    words: [{ kind: "word", name: "merge", words: MERGES }],
    fed: "steps",
    doc: "Both directions with weights of their own, outputs and `.final.h` merged; `.forward` and `.backward` are each alone.",
  },
  stack: {
    usage: "stack(n, layer)",
    takes: ["count", "layer"],
    words: [],
    fed: "any",
    doc: "The layer n times over, each with weights of its own.",
  },
  residual: {
    usage: "residual(layer)",
    takes: ["layer"],
    words: [],
    fed: "any",
    doc: "x + layer(x).",
  },
  last: {
    usage: "last",
    takes: [],
    words: [],
    fed: "steps",
    doc: "The value at each sample's own last step.",
  },
  first: {
    usage: "first",
    takes: [],
    words: [],
    fed: "steps",
    doc: "The value at the first step.",
  },
  mean: {
    usage: "mean",
    takes: [],
    words: [],
    fed: "steps",
    doc: "Mean over each sample's steps.",
  },
  max: {
    usage: "max",
    takes: [],
    words: [],
    fed: "steps",
    doc: "Largest over each sample's steps.",
  },
  attend: {
    usage: "attend(A)",
    takes: ["width"],
    words: [],
    fed: "steps",
    doc: "Σ_t α_t x_t, α = softmax_t(v · tanh(W x_t + b)), W [A, D]. Bahdanau et al. 2015, as pooling.",
  },
  reverse: {
    usage: "reverse",
    takes: [],
    words: [],
    fed: "steps",
    doc: "Each sample's steps in reverse order.",
  },
  shift: { usage: "shift", takes: [], words: [], fed: "steps", doc: "y[t] = x[t-1], y[0] = 0." },
  dense: {
    usage: "dense(K, activation = tanh)",
    takes: ["width"],
    words: [{ kind: "word", name: "activation", words: activations() }],
    fed: "any",
    doc: "W x + b, W [K, D], then the activation.",
  },
  embedding: {
    usage: "embedding(E)",
    takes: ["width"],
    words: [],
    fed: "tokens",
    doc: "Row of a [V, E] table for each token.",
  },
  dropout: {
    usage: "dropout(p, per = step)",
    takes: ["probability"],
    words: [{ kind: "word", name: "per", words: ["step", "sequence"] }],
    fed: "any",
    doc: "In training, zero with probability p, else x / (1 - p).",
  },
} as const satisfies Record<string, Layer>;

export type LayerName = keyof typeof LAYERS;

export const isLayer = (name: string): name is LayerName => Object.hasOwn(LAYERS, name);

/** What stands as a cell in a layer's arguments: `GRU`, `GRU<H>`. */
export function cellArgument(e: Expr) {
  if (e.kind === "ref" && e.lag === null) return { name: { text: e.name, span: e.span }, dims: [] };
  if (e.kind === "apply-dims") return { name: e.callee, dims: e.dims };
  if (e.kind === "call" && e.args.length === 0) return { name: e.callee, dims: e.dims ?? [] };
  return null;
}

/** Elementwise functions of one value that need no setting. */
function activations(): readonly string[] {
  return callableNames().filter((name) => {
    const f = callable(name)!;
    const free = f.settings.every((s) => s.kind === "number" && s.default !== null);
    return f.elementwise && f.arity === 1 && free;
  });
}
