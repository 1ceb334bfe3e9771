/** @file Every op by name. In: one file an op. Out: the table that types, passes, tests and pages sweep. */
import { abs } from "./abs.ts";
import { add } from "./add.ts";
import { affine } from "./affine.ts";
import { clamp } from "./clamp.ts";
import { concat } from "./concat.ts";
import { concatLast } from "./concat-last.ts";
import { contract } from "./contract.ts";
import { delay } from "./delay.ts";
import { div } from "./div.ts";
import { dot } from "./dot.ts";
import { edge } from "./edge.ts";
import { elu } from "./elu.ts";
import { eq } from "./eq.ts";
import { exp } from "./exp.ts";
import { expand } from "./expand.ts";
import { expm1 } from "./expm1.ts";
import { gather } from "./gather.ts";
import { ge } from "./ge.ts";
import { gelu } from "./gelu.ts";
import { gt } from "./gt.ts";
import { hardSigmoid } from "./hard-sigmoid.ts";
import { hardTanh } from "./hard-tanh.ts";
import { le } from "./le.ts";
import { leakyRelu } from "./leaky-relu.ts";
import { log } from "./log.ts";
import { logSigmoid } from "./log-sigmoid.ts";
import { logSoftmax } from "./log-softmax.ts";
import { log1p } from "./log1p.ts";
import { logsumexp } from "./logsumexp.ts";
import { lt } from "./lt.ts";
import { matmul } from "./matmul.ts";
import { max } from "./max.ts";
import { maximum } from "./maximum.ts";
import { mean } from "./mean.ts";
import { min } from "./min.ts";
import { minimum } from "./minimum.ts";
import { mul } from "./mul.ts";
import { ne } from "./ne.ts";
import { neg } from "./neg.ts";
import { onehot } from "./onehot.ts";
import type { OpDef } from "./op.ts";
import { outer } from "./outer.ts";
import { pad } from "./pad.ts";
import { part } from "./part.ts";
import { partLast } from "./part-last.ts";
import { pow } from "./pow.ts";
import { relu } from "./relu.ts";
import { reverseSteps } from "./reverse-steps.ts";
import { scaledTanh } from "./scaled-tanh.ts";
import { row } from "./row.ts";
import { scatter } from "./scatter.ts";
import { selu } from "./selu.ts";
import { sigmoid } from "./sigmoid.ts";
import { sign } from "./sign.ts";
import { silu } from "./silu.ts";
import { size } from "./size.ts";
import { softmax } from "./softmax.ts";
import { softplus } from "./softplus.ts";
import { softsign } from "./softsign.ts";
import { sqrt } from "./sqrt.ts";
import { steps } from "./steps.ts";
import { stopGradient } from "./stop-gradient.ts";
import { sub } from "./sub.ts";
import { sum } from "./sum.ts";
import { sumLast } from "./sum-last.ts";
import { tanh } from "./tanh.ts";
import { thresholdedRelu } from "./thresholded-relu.ts";
import { toAxis } from "./to-axis.ts";
import { toSteps } from "./to-steps.ts";
import { transpose } from "./transpose.ts";
import { transposeLast } from "./transpose-last.ts";
import { valid } from "./valid.ts";
import { where } from "./where.ts";

export const OPS = {
  // elementwise
  add,
  sub,
  mul,
  div,
  neg,
  pow,
  lt,
  le,
  gt,
  ge,
  eq,
  ne,
  where,
  maximum,
  minimum,
  clamp,
  exp,
  expm1,
  log,
  log1p,
  sqrt,
  abs,
  sign,
  sigmoid,
  log_sigmoid: logSigmoid,
  tanh,
  relu,
  leaky_relu: leakyRelu,
  elu,
  selu,
  gelu,
  silu,
  softplus,
  softsign,
  hard_sigmoid: hardSigmoid,
  hard_tanh: hardTanh,
  affine,
  scaled_tanh: scaledTanh,
  thresholded_relu: thresholdedRelu,
  stop_gradient: stopGradient,
  // structured: see README.md
  contract,
  sum,
  max,
  min,
  part,
  row,
  pad,
  concat,
  transpose,
  expand,
  gather,
  scatter,
  onehot,
  delay,
  edge,
  steps,
  valid,
  size,
  to_axis: toAxis,
  to_steps: toSteps,
  reverse_steps: reverseSteps,
  // compound: expanded by the builder, never in a graph
  matmul,
  sum_last: sumLast,
  mean,
  part_last: partLast,
  concat_last: concatLast,
  transpose_last: transposeLast,
  dot,
  outer,
  softmax,
  log_softmax: logSoftmax,
  logsumexp,
} as const satisfies Record<string, OpDef>;

export type OpName = keyof typeof OPS;

/** The operators of the language. */
export const OPERATORS = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "^": "pow",
  "@": "matmul",
  "<": "lt",
  "<=": "le",
  ">": "gt",
  ">=": "ge",
  "==": "eq",
  "!=": "ne",
} as const satisfies Record<string, OpName>;

/** What users may call, by the name they write: `sum` in a spec is the op `sum_last`. */
export const CALLS: ReadonlyMap<string, OpName> = new Map(
  Object.entries<OpDef>(OPS).flatMap(([name, op]) =>
    op.spec === null || !isOpName(name) ? [] : [[op.spec.call, name] as const],
  ),
);

export function isOpName(name: string): name is OpName {
  return Object.hasOwn(OPS, name);
}
