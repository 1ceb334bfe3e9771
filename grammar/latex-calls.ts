/** @file How functions are written in mathematics. In: the name of a function. Out: its customary form, or its
 *  own name upright. Never a form that drops an argument. */
import type { Expr } from "./ast.ts";
import { verbatim } from "./latex-names.ts";

/** Written by signs of their own; every other call is `name(…)`. */
const FORMS = {
  where: { form: "cases", arity: 3 },
  sqrt: { form: "root", arity: 1 },
  abs: { form: "absolute", arity: 1 },
  transpose: { form: "transpose", arity: 1 },
  dot: { form: "dot", arity: 2 },
  outer: { form: "outer", arity: 2 },
  part: { form: "part", arity: 3 },
  concat: { form: "concat", arity: null },
} as const;

export type Form = (typeof FORMS)[keyof typeof FORMS]["form"];

/** Null where `name` of so many values is written as a call. */
export function formOf(name: string, values: number): Form | null {
  if (!Object.hasOwn(FORMS, name)) return null;
  const { form, arity } = FORMS[name as keyof typeof FORMS];
  return arity === null || arity === values ? form : null;
}

const UPRIGHT: Readonly<Record<string, string>> = {
  ...{ sigmoid: "\\sigma", tanh: "\\tanh", exp: "\\exp", log: "\\log" },
  ...{ max: "\\max", min: "\\min", maximum: "\\max", minimum: "\\min" },
  ...{ relu: "\\operatorname{ReLU}", elu: "\\operatorname{ELU}", gelu: "\\operatorname{GELU}" },
  ...{ selu: "\\operatorname{SELU}", silu: "\\operatorname{SiLU}" },
};

export const functionName = (name: string): string =>
  Object.hasOwn(UPRIGHT, name) ? UPRIGHT[name]! : `\\operatorname{${verbatim(name)}}`;

/** Ends of the slice that `part(v, from, size)` takes: `part(v, H, H)` is v[H : 2H], the last left out. */
export function sliceOf(from: Expr, size: Expr): readonly [Expr, Expr] {
  const { span } = from;
  const number = (value: number): Expr => ({ kind: "number", value, text: String(value), span });
  if (from.kind === "number" && from.value === 0) return [from, size];
  if (from.kind === "number" && size.kind === "number")
    return [from, number(from.value + size.value)];
  const times = multiple(from, size);
  if (times === null)
    return [from, { kind: "binary", op: "+", left: from, right: size, opSpan: span, span }];
  const [left, right] = [number(times + 1), size];
  return [from, { kind: "binary", op: "*", left, right, opSpan: span, span }];
}

/** k where `from` is written `k * size`, or as `size` itself. */
function multiple(from: Expr, size: Expr): number | null {
  if (size.kind !== "ref") return null;
  const isSize = (e: Expr): boolean =>
    e.kind === "ref" && e.name === size.name && e.lag === size.lag;
  if (isSize(from)) return 1;
  if (from.kind !== "binary" || from.op !== "*" || !isSize(from.right)) return null;
  return from.left.kind === "number" && Number.isInteger(from.left.value) ? from.left.value : null;
}
