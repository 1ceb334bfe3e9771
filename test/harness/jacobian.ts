/** @file A step in numbers. In: a loop. Out: its states' values after the step, maps as matrices, differences.
 *  Values are drawn once by a seed; every number is float64. */
import { evaluator } from "../../compiler/analyse/evaluate.ts";
import type { Linear } from "../../compiler/analyse/linear.ts";
import type { Loop, Slot } from "../../compiler/analyse/loop.ts";
import type { Coefficients } from "../../compiler/analyse/coefficients.ts";
import { interpret } from "../../compiler/ir/interpret.ts";
import type { NodeId } from "../../compiler/ir/ir.ts";
import { deadCode } from "../../compiler/ir/rewrite.ts";
import type { Sizes } from "../../compiler/ops/op.ts";
import { wholeType } from "../../compiler/ops/whole.ts";
import { random } from "../../runtime/random.ts";

export type Matrix = readonly (readonly number[])[];

const SIZES: Sizes = { B: 1, T: 1, S: 3 };

/** Values of a step's leaves by body id: drawn for parameters and inputs, and for states, whatever their start. */
export function pointOf(loop: Loop, seed: number): ReadonlyMap<NodeId, Float64Array> {
  const draw = drawer(seed);
  const outer = [...loop.scan.slices, ...loop.scan.consts];
  const outputs = outer.map((s) => ({ key: String(s.arg), id: s.of }));
  const graph = deadCode({ ...loop.graph, outputs });
  const leaves = graph.nodes.flatMap((n) => (n.kind === "leaf" ? [n] : []));
  const inputs = new Map(leaves.map((n) => [n.key, draw(wholeType(n.type, SIZES).extents)]));
  const values = interpret(graph, inputs, SIZES);
  const states = loop.slots.map((s) => [s.arg, draw(s.shape)] as const);
  return new Map([...[...values].map(([key, v]) => [Number(key), v] as const), ...states]);
}

function drawer(seed: number): (extents: readonly number[]) => Float64Array {
  const { uniform } = random(seed, "jacobian");
  return (extents) => {
    const count = extents.reduce((n, e) => n * e, 1);
    return Float64Array.from({ length: count }, () => 2 * uniform() - 1);
  };
}

/** ∂(each of `ofs`)/∂to by central differences of the float64 interpreter, rows of the former. */
export function differences(
  loop: Loop,
  point: ReadonlyMap<NodeId, Float64Array>,
  ofs: readonly Slot[],
  to: Slot,
): readonly Matrix[] {
  const at = point.get(to.arg)!;
  const evaluate = evaluator(
    loop.scan.body,
    ofs.map((s) => s.next),
    SIZES,
  );
  const columns = [...at].map((x, j) => {
    const h = 1e-6 * Math.max(1, Math.abs(x));
    const [up, down] = [x + h, x - h].map((value) =>
      evaluate(new Map(point).set(to.arg, at.with(j, value))),
    ) as [readonly Float64Array[], readonly Float64Array[]];
    return up.map((u, k) => [...u].map((v, i) => (v - down[k]![i]!) / (2 * h)));
  });
  return ofs.map((_, k) => columns[0]![k]!.map((_, i) => columns.map((c) => c[k]![i]!)));
}

/** The sum of linear maps as a matrix of flattened shapes: what it does to each unit tensor. */
export function matrixOf(
  c: Coefficients,
  maps: readonly Linear[],
  point: ReadonlyMap<NodeId, Float64Array>,
): Matrix {
  const { b } = c;
  const cols = maps[0]!.cols.map(Number);
  const v = b.leaf("v", { seq: null, batch: true, shape: cols, dtype: "real" });
  const result = maps.map((l) => applied(c, l, v)).reduce((x, y) => b.add(x, y));
  const evaluate = evaluator(b.finish([]), [result], SIZES);
  const count = cols.reduce((n, e) => n * e, 1);
  const columns = Array.from({ length: count }, (_, j) => {
    const unit = Float64Array.from({ length: count }, (_, k) => (k === j ? 1 : 0));
    return [...evaluate(new Map(point).set(v, unit))[0]!];
  });
  return columns[0]!.map((_, i) => columns.map((column) => column[i]!));
}

/** The map applied to a node, as its definition says. */
function applied(c: Coefficients, l: Linear, v: NodeId): NodeId {
  const { b } = c;
  const all = (shape: readonly unknown[]) => shape.map((_, i) => i);
  switch (l.kind) {
    case "scale":
      return b.mul(v, l.by);
    case "matrix": {
      const labels = l.transposed ? { a: "ij", b: "i", y: "j" } : { a: "ij", b: "j", y: "i" };
      return b.apply("contract", [l.of, v], labels);
    }
    case "column":
      return b.mul(b.apply("expand", [v], { axes: all(l.rows), dims: [...l.rows] }), l.of);
    case "row":
      return b.apply("sum", [b.mul(v, l.of)], { axes: all(l.cols) });
    case "part":
      return b.apply("part", [v], { axis: l.axis, from: l.from, size: Number(l.rows[l.axis]) });
    case "pad": {
      const after = Number(l.rows[l.axis]) - l.before - Number(l.cols[l.axis]);
      return b.apply("pad", [v], { axis: l.axis, before: l.before, after });
    }
    case "permute":
      return b.apply("transpose", [v], { perm: l.perm });
    case "repeat":
      return b.apply("expand", [v], { axes: l.axes, dims: l.axes.map((i) => l.rows[i]!) });
    case "add":
      return b.apply("sum", [v], { axes: l.axes });
    case "contract":
      return b.apply("contract", [v, l.of], { a: l.arg, b: l.by, y: l.out });
    case "product":
      return [...l.factors].reverse().reduce((x, f) => applied(c, f, x), v);
    case "sum":
      return l.terms.map((t) => applied(c, t, v)).reduce((x, y) => b.add(x, y));
  }
}
