/** @file `contract`: sums of products. An entry of the op table: see op.ts. */
import type { Expr } from "../../runtime/artifact/kernel.ts";
import type { Builder } from "../ir/builder.ts";
import { invariant } from "../ir/invariant.ts";
import type { Attrs, Dim, NodeId, Tensor } from "../ir/ir.ts";
import { flag, word } from "./attrs.ts";
import { call } from "./expr.ts";
import { manyOf, product } from "./interval.ts";
import type { Lowering, Refusal, Sizes, StructuredOp, WholeType, WholeValue } from "./op.ts";
import { over, place } from "./structured.ts";
import { isRefusal, refuse, show, union } from "./typing.ts";
import { extentOf, strides } from "./whole.ts";

export const contract: StructuredOp = {
  form: "structured",
  reduces: true,
  arity: 2,
  params: [],
  defaults: { seq: true, batch: true },
  spec: null,
  doc: 'Σ a·b over the axis labels not in y, and over steps and samples that are not kept: einsum. a = "ij", b = "j", y = "i" is a matrix times a vector. No label occurs twice in one of them; every label of y is in a or b. Order of the sum is free: single precision agrees to 1e-6 · Σ|terms|.',
  type,
  value,
  vjp: ({ b, args, dy, attrs }) => [adjoint(b, args, dy, attrs, 0), adjoint(b, args, dy, attrs, 1)],
  emit,
  range: ([x, y]) => manyOf(product(x!, y!)),
  probe: {
    cases: [
      {
        shapes: [[2, 3], [3]],
        attrs: { a: "ij", b: "j", y: "i" },
        batches: [false, true],
        seqs: [null, "T"],
      },
      {
        shapes: [
          [2, 3],
          [3, 4],
        ],
        attrs: { a: "ij", b: "jk", y: "ik" },
      },
      { shapes: [[3], [3]], attrs: { a: "i", b: "i", y: "" }, batches: [true, true] },
      {
        shapes: [[2], [3]],
        attrs: { a: "i", b: "j", y: "ji" },
        batches: [true, true],
        seqs: ["T", "T"],
      },
      {
        shapes: [[2], [3]],
        attrs: { a: "i", b: "j", y: "ij", seq: false, batch: false },
        batches: [true, true],
        seqs: ["T", "T"],
      },
      {
        shapes: [[2, 3], [2]],
        attrs: { a: "ij", b: "i", y: "i", batch: false },
        batches: [true, false],
      },
      { shapes: [[3], []], attrs: { a: "i", b: "", y: "", seq: false }, seqs: ["T", null] },
      { shapes: [["S", 3], [3]], attrs: { a: "ij", b: "j", y: "i" }, batches: [true, true] },
    ],
    from: -2,
    to: 2,
    tolerance: 1e-6,
  },
};

function type(args: readonly Tensor[], attrs: Attrs): Tensor | Refusal {
  const sum = union(args);
  if (isRefusal(sum)) return sum;
  const extents = new Map<string, Dim>();
  for (const [i, v] of args.entries()) {
    const labels = word(attrs, i === 0 ? "a" : "b");
    if (v.dtype !== "real") return refuse("has tokens where numbers are needed", i);
    if (labels.length !== v.shape.length)
      return refuse(`is ${show(v.shape)}, labelled "${labels}"`, i);
    if (new Set(labels).size !== labels.length) return refuse(`has a label twice: "${labels}"`, i);
    for (const [k, label] of [...labels].entries()) {
      const n = v.shape[k]!;
      const known = extents.get(label) ?? n;
      if (known !== n) return refuse(`has ${show(v.shape)}: ${n} would have to be ${known}`, i);
      extents.set(label, n);
    }
  }
  const shape: Dim[] = [];
  for (const label of word(attrs, "y")) {
    const n = extents.get(label);
    if (n === undefined) return refuse(`result label ${label} is in neither argument`);
    shape.push(n);
  }
  if (new Set(word(attrs, "y")).size !== shape.length) return refuse("a result label occurs twice");
  return {
    seq: flag(attrs, "seq") ? sum.seq : null,
    batch: flag(attrs, "batch") && sum.batch,
    shape,
    dtype: "real",
  };
}

/** A loop of the sum: how far one turn moves in a and in b. */
interface Loop {
  readonly extent: number;
  readonly a: number;
  readonly b: number;
}

function value(
  [a, b]: readonly WholeValue[],
  attrs: Attrs,
  result: WholeType,
  sizes: Sizes,
): Float64Array {
  invariant(a !== undefined && b !== undefined, "contract takes two values");
  const [sa, sb] = [strides(a), strides(b)];
  const [la, lb, ly] = [word(attrs, "a"), word(attrs, "b"), word(attrs, "y")];
  const kept: Loop[] = [];
  const summed: Loop[] = [];
  const seq = a.type.seq ?? b.type.seq;
  if (seq !== null) {
    const loop = { extent: extentOf(seq, sizes), a: sa.seq, b: sb.seq };
    (result.type.seq === null ? summed : kept).push(loop);
  }
  if (a.type.batch || b.type.batch) {
    const loop = { extent: extentOf("B", sizes), a: sa.batch, b: sb.batch };
    (result.type.batch ? kept : summed).push(loop);
  }
  const loopOf = (label: string): Loop => {
    const [i, j] = [la.indexOf(label), lb.indexOf(label)];
    const dim = a.type.shape[i] ?? b.type.shape[j]!;
    return { extent: extentOf(dim, sizes), a: sa.axes[i] ?? 0, b: sb.axes[j] ?? 0 };
  };
  for (const label of ly) kept.push(loopOf(label));
  for (const label of new Set(la + lb)) if (!ly.includes(label)) summed.push(loopOf(label));

  const sum = (depth: number, i: number, j: number): number => {
    const loop = summed[depth];
    if (loop === undefined) return a.data[i]! * b.data[j]!;
    let total = 0;
    for (let n = 0; n < loop.extent; n++) total += sum(depth + 1, i + n * loop.a, j + n * loop.b);
    return total;
  };
  const out = new Float64Array(result.extents.reduce((n, e) => n * e, 1));
  let at = 0;
  const walk = (depth: number, i: number, j: number): void => {
    const loop = kept[depth];
    if (loop === undefined) out[at++] = sum(0, i, j);
    else for (let n = 0; n < loop.extent; n++) walk(depth + 1, i + n * loop.a, j + n * loop.b);
  };
  walk(0, 0, 0);
  return out;
}

/** dA[a] = Σ dy[y] B[b] over labels not in a; labels that only a had are repeated. */
function adjoint(b: Builder, args: readonly NodeId[], dy: NodeId, attrs: Attrs, of: 0 | 1): NodeId {
  const own = word(attrs, of === 0 ? "a" : "b");
  const other = word(attrs, of === 0 ? "b" : "a");
  const to = b.type(args[of]!);
  const shared = [...own].filter((l) => other.includes(l) || word(attrs, "y").includes(l));
  const product = b.apply("contract", [dy, args[1 - of]!], {
    a: word(attrs, "y"),
    b: other,
    y: shared.join(""),
    seq: to.seq !== null,
    batch: to.batch,
  });
  const alone = [...own].flatMap((l, i) => (shared.includes(l) ? [] : [i]));
  const whole =
    alone.length === 0
      ? product
      : b.apply("expand", [product], { axes: alone, dims: alone.map((i) => to.shape[i]!) });
  return over(b, whole, to);
}

function emit(c: Lowering): Expr {
  const [a, b] = c.args as readonly [Tensor, Tensor];
  const [la, lb, ly] = [word(c.attrs, "a"), word(c.attrs, "b"), word(c.attrs, "y")];
  const labels = [...new Set(la + lb)].filter((l) => !ly.includes(l));
  const seq = c.result.seq === null ? (a.seq ?? b.seq) : null;
  const batch = !c.result.batch && (a.batch || b.batch);
  const extents: Dim[] = [
    ...(seq === null ? [] : [seq]),
    ...(batch ? ["B"] : []),
    ...labels.map((l) => a.shape[la.indexOf(l)] ?? b.shape[lb.indexOf(l)]!),
  ];
  const term = (vars: readonly Expr[]): Expr => {
    const rest = [...vars];
    const at = {
      step: seq === null ? c.at.step : rest.shift()!,
      sample: batch ? rest.shift()! : c.at.sample,
      axes: [],
    };
    const axis = (l: string): Expr =>
      ly.includes(l) ? c.at.axes[ly.indexOf(l)]! : rest[labels.indexOf(l)]!;
    return call(
      "mul",
      c.load(0, place(a, at, [...la].map(axis))),
      c.load(1, place(b, at, [...lb].map(axis))),
    );
  };
  return extents.length === 0 ? term([]) : c.reduce("sum", extents, term);
}
