/** @file What two neighbouring factors of a product become together. In: two maps. Out: those that replace them,
 *  or null. Each rule keeps the product and leaves no more factors. */
import type { NodeId } from "../ir/ir.ts";
import { type Coefficients, times } from "./coefficients.ts";
import { isIdentity, isScalar, type Linear, type Shape, sameShape } from "./linear.ts";

/** left ∘ right as one map or as two in a better order. */
export function reduced(c: Coefficients, left: Linear, right: Linear): readonly Linear[] | null {
  if (isIdentity(c, left)) return [right];
  if (isIdentity(c, right)) return [left];
  if (left.kind === "scale") return scaleFirst(c, left, right);
  if (right.kind === "scale") return scaleLast(c, left, right);
  if (left.kind === "row" && right.kind === "column") {
    const by = total(c, times(c, left.of, right.of), right.rows);
    return [{ kind: "scale", by, rows: left.rows, cols: right.cols }];
  }
  if (right.kind === "column" && left.kind === "matrix") {
    const of = c.apply(
      "contract",
      [left.of, full(c, right.of, right.rows)],
      product(left.transposed),
    );
    return [{ ...right, of, rows: left.rows }];
  }
  if (left.kind === "row" && right.kind === "matrix") {
    const of = c.apply(
      "contract",
      [right.of, full(c, left.of, left.cols)],
      product(!right.transposed),
    );
    return [{ ...left, of, cols: right.cols }];
  }
  if (left.kind === "part") return sliced(c, left, right);
  if (right.kind === "pad" && left.kind === "matrix") {
    const size = right.cols[0];
    if (typeof size !== "number") return null;
    const of = slice(c, left.of, left.transposed ? 0 : 1, right.before, size);
    return [{ ...left, of, cols: right.cols }];
  }
  return null;
}

type Scale = Extract<Linear, { kind: "scale" }>;

function scaleFirst(c: Coefficients, left: Scale, right: Linear): readonly Linear[] | null {
  if (right.kind === "scale") return [{ ...left, by: times(c, left.by, right.by) }];
  if (right.kind === "column") return [{ ...right, of: times(c, left.by, right.of) }];
  if (right.kind === "row") return [{ ...right, of: times(c, left.by, right.of) }];
  return null;
}

/** A scalar moves to the front; what is elementwise goes into a row or a column. */
function scaleLast(c: Coefficients, left: Linear, right: Scale): readonly Linear[] | null {
  if (left.kind === "column" || left.kind === "row")
    return [{ ...left, of: times(c, left.of, right.by) }];
  if (!isScalar(c.b, right.by)) return null;
  return [{ kind: "scale", by: right.by, rows: left.rows, cols: left.rows }, left];
}

function sliced(
  c: Coefficients,
  part: Extract<Linear, { kind: "part" }>,
  right: Linear,
): readonly Linear[] | null {
  const size = part.rows[part.axis];
  if (typeof size !== "number") return null;
  if (right.kind === "matrix") {
    const of = slice(c, right.of, right.transposed ? 1 : 0, part.from, size);
    return [{ ...right, of, rows: part.rows }];
  }
  if (right.kind === "column")
    return [{ ...right, of: slice(c, right.of, part.axis, part.from, size), rows: part.rows }];
  if (right.kind === "pad" && right.axis === part.axis) {
    const held = right.cols[part.axis];
    if (typeof held !== "number") return null;
    const from = part.from - right.before;
    if (from >= held || from + size <= 0)
      return [{ kind: "sum", terms: [], rows: part.rows, cols: right.cols }];
    if (from === 0 && size === held && sameShape(part.rows, right.cols)) return [one(c, part.rows)];
    if (from >= 0 && from + size <= held)
      return [{ kind: "part", axis: part.axis, from, rows: part.rows, cols: right.cols }];
  }
  return null;
}

function slice(c: Coefficients, of: NodeId, axis: number, from: number, size: number): NodeId {
  const { shape } = c.b.type(of);
  return shape.length === 0 || shape[axis] === size
    ? of
    : c.apply("part", [of], { axis, from, size });
}

/** Σ over all elements. */
function total(c: Coefficients, id: NodeId, shape: Shape): NodeId {
  const node = c.b.node(id);
  const count = shape.reduce<number>((n, d) => n * Number(d), 1);
  if (node.kind === "const" && Number.isFinite(count)) return c.b.lit(node.value * count);
  return c.apply("sum", [full(c, id, shape)], { axes: shape.map((_, i) => i) });
}

/** A coefficient of fewer axes, repeated over those it lacks. */
function full(c: Coefficients, id: NodeId, shape: Shape): NodeId {
  const own = c.b.type(id).shape;
  const missing = shape.length - own.length;
  if (missing === 0) return id;
  const axes = [...Array(missing).keys()];
  return c.apply("expand", [id], { axes, dims: shape.slice(0, missing) });
}

function one(c: Coefficients, shape: Shape): Linear {
  return { kind: "scale", by: c.b.lit(1), rows: shape, cols: shape };
}

/** Labels of a matrix, or its transpose, times a vector. */
function product(transposed: boolean) {
  return transposed ? { a: "ij", b: "i", y: "j" } : { a: "ij", b: "j", y: "i" };
}
