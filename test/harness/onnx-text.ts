/** @file ONNX recurrent operators as `.cell` text. In: an operator with its attributes. Out: a cell
 *  that extends the library's where the attributes change it; for both directions, a model of two. */
import type { Flat } from "./tensor.ts";

export type OnnxName = "RNN" | "GRU" | "LSTM" | "AttnLSTM";

export interface OnnxOp {
  readonly op: OnnxName;
  readonly direction: "forward" | "reverse" | "bidirectional";
  readonly attrs: OnnxAttrs;
  readonly inputs: Readonly<Record<string, Flat>>;
}

export interface OnnxAttrs {
  readonly hidden_size: number;
  readonly activations?: readonly string[];
  readonly activation_alpha?: readonly number[];
  readonly activation_beta?: readonly number[];
  readonly clip?: number;
  readonly input_forget?: number;
  readonly linear_before_reset?: number;
  readonly layout?: number;
}

/** The name of what is compiled. */
export const ENTRY = "Op";

/** Values of the spec's dims, in the order the cell lists them. */
export function onnxDims(op: OnnxOp): Readonly<Record<string, number>> {
  const D = need(op, "X").shape[2]!;
  const H = op.attrs.hidden_size;
  if (op.op !== "AttnLSTM") return { D, H };
  const [, M, Q] = need(op, "MW").shape;
  return { D, M: M!, H, Q: Q!, A: need(op, "AW").shape[2]! };
}

export function need(op: OnnxOp, name: string): Flat {
  const t = op.inputs[name];
  if (t === undefined) throw new Error(`${op.op} without ${name}`);
  return t;
}

/** One cell serves both directions: `bidirectional(…)` says it. */
export function sameBothWays(op: OnnxOp): boolean {
  return cellText(op, "", 0) === cellText(op, "", 1);
}

interface Activation {
  readonly name: string;
  /** The call, as a function of the text it is applied to. */
  readonly on: (v: string) => string;
}

/** ONNX's names: the spec's function, and its alpha and beta where it takes any, with defaults. */
const ACTIVATIONS: Readonly<
  Record<string, { readonly call: string; readonly alpha?: number; readonly beta?: number }>
> = {
  affine: { call: "affine", alpha: 1, beta: 0 },
  elu: { call: "elu", alpha: 1 },
  hardsigmoid: { call: "hard_sigmoid", alpha: 0.2, beta: 0.5 },
  leakyrelu: { call: "leaky_relu", alpha: 0.01 },
  relu: { call: "relu" },
  scaledtanh: { call: "scaled_tanh", alpha: 1, beta: 1 },
  sigmoid: { call: "sigmoid" },
  softplus: { call: "softplus" },
  softsign: { call: "softsign" },
  tanh: { call: "tanh" },
  thresholdedrelu: { call: "thresholded_relu", alpha: 1 },
};

const DEFAULTS: Readonly<Record<OnnxName, readonly string[]>> = {
  RNN: ["tanh"],
  GRU: ["sigmoid", "tanh"],
  LSTM: ["sigmoid", "tanh", "tanh"],
  AttnLSTM: ["sigmoid", "tanh", "tanh"],
};

/**
 * The activations of one direction. alpha and beta are lists without gaps: each activation that
 * takes one consumes the next, over all directions. An unknown name goes into the text as it is,
 * for the compiler to refuse.
 */
function activations(op: OnnxOp, direction: number): readonly Activation[] {
  const count = op.direction === "bidirectional" ? 2 : 1;
  const defaults = DEFAULTS[op.op];
  const names = op.attrs.activations ?? Array.from({ length: count }, () => defaults).flat();
  let alpha = 0;
  let beta = 0;
  const all = names.map((given): Activation => {
    const name = given.toLowerCase();
    const known = ACTIVATIONS[name];
    if (known === undefined) return { name, on: (v) => `${name}(${v})` };
    const args: number[] = [];
    if (known.alpha !== undefined) args.push(op.attrs.activation_alpha?.[alpha++] ?? known.alpha);
    if (known.beta !== undefined) args.push(op.attrs.activation_beta?.[beta++] ?? known.beta);
    return { name, on: (v) => `${known.call}(${[v, ...args].join(", ")})` };
  });
  return all.slice(direction * defaults.length, (direction + 1) * defaults.length);
}

/** Two cells, and the model that runs one forward and one backward. */
export function modelText(op: OnnxOp): string {
  const names = Object.keys(onnxDims(op));
  const inner = op.inputs.M ? names.join(", ") : "H";
  const memory = op.inputs.M ? ", memory = m" : "";
  const forward = cellText(op, "Forward", 0);
  const same = sameBothWays(op);
  const layers = same
    ? [`output y = x | bidirectional(Forward<${inner}>${memory})`]
    : [
        `let a = x | forward(Forward<${inner}>${memory})`,
        `let b = x | backward(Backward<${inner}>${memory})`,
        "output y = concat(a, b)",
      ];
  const inputs = ["input x: [T, D]", ...(op.inputs.M ? ["input m: [S, M]"] : [])];
  const body = [...inputs, ...layers].map((line) => `  ${line}\n`).join("");
  const second = same ? "" : cellText(op, "Backward", 1).replace(/^import .*\n\n/, "");
  return `${forward}\n${second}\nmodel ${ENTRY}<${names.join(", ")}> {\n${body}}\n`;
}

/** A cell that extends the library's, with the equations that the attributes change. */
export function cellText(op: OnnxOp, name: string, direction: number): string {
  const { file, base, equations } = cellParts(op, activations(op, direction));
  const list = Object.keys(onnxDims(op)).join(", ");
  const body = equations.map((line) => `  ${line}\n`).join("");
  return `import { ${base} } from "cells/${file}"\n\ncell ${name}<${list}> extends ${base}<${list}> {\n${body}}\n`;
}

interface CellParts {
  readonly file: string;
  readonly base: string;
  readonly equations: readonly string[];
}

function cellParts(op: OnnxOp, acts: readonly Activation[]): CellParts {
  const { clip: bound } = op.attrs;
  const plain = bound === undefined && acts.every((a, i) => a.name === DEFAULTS[op.op][i]);
  const clip = (v: string): string =>
    bound === undefined ? v : `clamp(${v}, ${-bound}, ${bound})`;
  const changed = (equations: readonly string[]): readonly string[] => (plain ? [] : equations);
  const [f, g] = acts;
  switch (op.op) {
    case "RNN":
      return {
        file: "elman",
        base: "ElmanRNN",
        equations: changed([`h[t] = ${f!.on(clip("W @ x[t] + U @ h[t-1] + b"))}`]),
      };
    case "GRU": {
      const after = op.attrs.linear_before_reset === 1;
      const candidate = after
        ? "W_n @ x[t] + b_n + r[t] * (U_n @ h[t-1] + b_un)"
        : "W_n @ x[t] + U_n @ (r[t] * h[t-1]) + b_n";
      return {
        file: "gru",
        base: after ? "GRUResetAfter" : "GRU",
        equations: changed([
          `let z[t] = ${f!.on(clip("W_z @ x[t] + U_z @ h[t-1] + b_z"))}`,
          `let r[t] = ${f!.on(clip("W_r @ x[t] + U_r @ h[t-1] + b_r"))}`,
          `let n[t] = ${g!.on(clip(candidate))}`,
        ]),
      };
    }
    case "LSTM": {
      const peephole = op.inputs.P !== undefined;
      const coupled = op.attrs.input_forget === 1;
      const equations = changed(lstmEquations(acts, clip, "x[t]", peephole));
      return {
        file: peephole ? "peephole" : "lstm",
        base: peephole ? "PeepholeLSTM" : "LSTM",
        equations: coupled
          ? [...equations.filter((e) => !e.startsWith("let f[t]")), "gate f[t] = 1 - i[t]"]
          : equations,
      };
    }
    case "AttnLSTM":
      return {
        file: "attention-lstm",
        base: "AttentionLSTM",
        equations: changed(lstmEquations(acts, clip, "u[t]", false)),
      };
  }
}

function lstmEquations(
  [f, g, h]: readonly Activation[],
  clip: (v: string) => string,
  x: string,
  peephole: boolean,
): readonly string[] {
  const gate = (name: string, cell: string): string =>
    clip(
      `W_${name} @ ${x} + U_${name} @ h[t-1]${peephole ? ` + p_${name} * ${cell}` : ""} + b_${name}`,
    );
  return [
    `let i[t] = ${f!.on(gate("i", "c[t-1]"))}`,
    `let f[t] = ${f!.on(gate("f", "c[t-1]"))}`,
    `let g[t] = ${g!.on(clip(`W_g @ ${x} + U_g @ h[t-1] + b_g`))}`,
    `let o[t] = ${f!.on(gate("o", "c[t]"))}`,
    `h[t] = o[t] * ${h!.on("c[t]")}`,
  ];
}
