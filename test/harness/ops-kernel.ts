/** @file Kernel expressions of single ops, evaluated. In: an op's `emit`, arguments in float64.
 *  Out: the result in float64. Written apart from the runtime, so that ops answer for themselves. */
import type { BinaryFn, Expr, Reduction, UnaryFn } from "../../runtime/artifact/kernel.ts";
import type { Attrs, Dim, Tensor } from "../../compiler/ir/ir.ts";
import type { Sizes, StructuredOp, WholeValue } from "../../compiler/ops/op.ts";
import { wholeType } from "../../compiler/ops/whole.ts";

const UNARY: Readonly<Record<UnaryFn, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  floor: Math.floor,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  sigmoid: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
};
const BINARY: Readonly<Record<BinaryFn, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  max: Math.max,
  min: Math.min,
  pow: (x, y) => x ** y,
  lt: (x, y) => Number(x < y),
  le: (x, y) => Number(x <= y),
  gt: (x, y) => Number(x > y),
  ge: (x, y) => Number(x >= y),
  eq: (x, y) => Number(x === y),
  ne: (x, y) => Number(x !== y),
};
const isUnary = (fn: string): fn is UnaryFn => Object.hasOwn(UNARY, fn);
const isBinary = (fn: string): fn is BinaryFn => Object.hasOwn(BINARY, fn);

interface Env {
  readonly vars: number[];
  readonly reds: number[];
  readonly sizes: Sizes;
  readonly read: (buffer: number, at: readonly number[]) => number;
}

export function evaluateExpr(e: Expr, env: Env): number {
  if ("lit" in e) {
    if (!Number.isFinite(e.lit)) throw new Error(`a kernel literal must be finite: ${e.lit}`);
    return e.lit;
  }
  if ("var" in e) return env.vars[e.var]!;
  if ("size" in e) return env.sizes[e.size]!;
  if ("red" in e) return env.reds[e.red]!;
  if ("load" in e)
    return env.read(
      e.load,
      e.at.map((i) => evaluateExpr(i, env)),
    );
  const at = (i: number) => evaluateExpr(e.args[i]!, env);
  if (e.call === "select") return at(0) !== 0 ? at(1) : at(2);
  if (isUnary(e.call)) return UNARY[e.call](at(0));
  if (isBinary(e.call)) return BINARY[e.call](at(0), at(1));
  throw new Error(`${e.call} is not in the vocabulary`);
}

/** Reads element `at` of a row-major array; out of range is an error, as `select` must guard it. */
function element(w: WholeValue, at: readonly number[]): number {
  if (at.length !== w.extents.length) throw new Error(`[${at}] addresses [${w.extents}]`);
  let flat = 0;
  for (const [axis, i] of at.entries()) {
    if (!(i >= 0 && i < w.extents[axis]!)) throw new Error(`[${at}] is outside [${w.extents}]`);
    flat = flat * w.extents[axis]! + i;
  }
  return w.data[flat]!;
}

/** The result of a structured op by its kernel form, element by element. */
export function runEmitted(
  op: StructuredOp,
  args: readonly WholeValue[],
  attrs: Attrs,
  result: Tensor,
  sizes: Sizes,
): Float64Array {
  const { extents } = wholeType(result, sizes);
  const reductions: Reduction[] = [];
  let next = 0;
  const axes: Expr[] = extents.map(() => ({ var: next++ }));
  const rest = [...axes];
  const step = result.seq === null ? null : rest.shift()!;
  const sample = result.batch ? rest.shift()! : null;
  const extent = (d: Dim): number => (typeof d === "number" ? d : sizes[d]!);
  const value = op.emit({
    at: { step, sample, axes: rest },
    args: args.map((a) => a.type),
    result,
    attrs,
    extent: (d) => (typeof d === "number" ? { lit: d } : { size: d }),
    load: (arg, at) => {
      const type = args[arg]!.type;
      if ((at.step === null) !== (type.seq === null)) throw new Error(`step of argument ${arg}`);
      if ((at.sample === null) !== !type.batch) throw new Error(`sample of argument ${arg}`);
      const lead = [at.step, at.sample].filter((e) => e !== null);
      return { load: arg, at: [...lead, ...at.axes] };
    },
    reduce: (kind, over, body) => {
      const vars = over.map(() => next++);
      const of = body(vars.map((v) => ({ var: v })));
      reductions.push({ kind, vars, extents: over, of });
      return { red: reductions.length - 1 };
    },
  });
  const out = new Float64Array(extents.reduce((n, e) => n * e, 1));
  const env: Env = { vars: [], reds: [], sizes, read: (k, at) => element(args[k]!, at) };
  const loop = (
    vars: readonly number[],
    lengths: readonly number[],
    f: () => void,
    depth = 0,
  ): void => {
    if (depth === vars.length) f();
    else
      for (let i = 0; i < lengths[depth]!; i++) {
        env.vars[vars[depth]!] = i;
        loop(vars, lengths, f, depth + 1);
      }
  };
  let at = 0;
  loop(
    extents.map((_, i) => i),
    extents,
    () => {
      for (const [i, r] of reductions.entries()) {
        let total = r.kind === "sum" ? 0 : r.kind === "max" ? -Infinity : Infinity;
        loop(r.vars, r.extents.map(extent), () => {
          const v = evaluateExpr(r.of, env);
          total = r.kind === "sum" ? total + v : Math[r.kind](total, v);
        });
        env.reds[i] = total;
      }
      out[at++] = evaluateExpr(value, env);
    },
  );
  return out;
}
