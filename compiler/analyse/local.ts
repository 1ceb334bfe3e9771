/** @file The derivative of one op by one argument, as a linear map. In: a node. Out: the map, read off the op's
 *  own `vjp`: what that does to an adjoint, transposed. Never has a derivative of its own. */
import { unbroadcast } from "../4-differentiate/adjoint.ts";
import { invariant } from "../ir/invariant.ts";
import { type Apply, type NodeId, reads } from "../ir/ir.ts";
import { num, nums, word } from "../ops/attrs.ts";
import { OPS } from "../ops/table.ts";
import { type Coefficients, indicator, inverse } from "./coefficients.ts";
import { compose, sum } from "./compose.ts";
import { identity, type Linear, type Shape, zero } from "./linear.ts";

export interface Local {
  readonly map: Linear;
  /** y is linear in the argument and each element depends on its own alone: y = a ∗ x + b. */
  readonly isStraight: boolean;
}

/** ∂node/∂args[i]: of the node's shape, by the argument's; null where no derivative passes. */
export function localDerivative(c: Coefficients, node: Apply, i: number): Local | null {
  const { b } = c;
  const def = OPS[node.op];
  invariant(def.form !== "compound", `${node.op}: compound ops are expanded in a graph`);
  const arg = node.args[i]!;
  const to = { ...b.type(arg), batch: true };
  const dy = b.leaf("dy", { ...b.type(node.id), batch: true });
  const back = def.vjp({ b, args: node.args, y: node.id, dy, attrs: node.attrs })[i];
  if (back === null || back === undefined) return null;
  const d = unbroadcast(b, back, to);
  const map = transposed(c, d, dy, to.shape);
  const own = isFree(c, d, dy, new Set([node.id, arg]));
  return { map, isStraight: own && map.kind === "scale" };
}

/** Does nothing that was built for this derivative read the argument or the result? */
function isFree(c: Coefficients, d: NodeId, before: NodeId, own: ReadonlySet<NodeId>): boolean {
  if (own.has(d)) return false;
  return d <= before || reads(c.b.node(d)).every((id) => isFree(c, id, before, own));
}

/**
 * The map J whose transpose takes dy to the adjoint d: d = F₁ F₂ … dy, so J = … F₂ᵀ F₁ᵀ.
 * `cols` is d's shape, which J's arguments have.
 */
function transposed(c: Coefficients, d: NodeId, dy: NodeId, cols: Shape): Linear {
  const rows = c.b.type(dy).shape;
  const depends = new Map<NodeId, boolean>();
  const holds = (id: NodeId): boolean => {
    const known = depends.get(id);
    if (known !== undefined) return known;
    const found = id === dy || (id > dy && reads(c.b.node(id)).some(holds));
    depends.set(id, found);
    return found;
  };
  /** J of node `id` as a function of dy, transposed: rows are dy's, columns `id`'s. */
  const walk = (id: NodeId): Linear => {
    const shape = c.b.type(id).shape;
    if (id === dy) return identity(c, rows);
    if (!holds(id)) return zero(rows, shape);
    const node = c.b.node(id);
    invariant(node.kind === "apply", "an adjoint of ops");
    const linear = node.args.filter(holds);
    const only = linear[0]!;
    if (node.op === "add" || node.op === "sub" || linear.length > 1) return ofSum(node, shape);
    return compose(c, walk(only), transposeOf(c, node, node.args.indexOf(only)));
  };
  const ofSum = (node: Apply, shape: Shape): Linear => {
    const parts = node.args.map((arg, i) => {
      if (!holds(arg)) return zero(rows, shape);
      return compose(c, walk(arg), transposeOf(c, node, i));
    });
    return parts.reduce((x, y) => sum(c, x, y));
  };
  const map = walk(d);
  invariant(map.cols.length === cols.length, "an adjoint has the shape of what it is of");
  return map;
}

/** The transpose of an op by an argument in which it is linear. */
function transposeOf(c: Coefficients, node: Apply, i: number): Linear {
  const { b } = c;
  const arg = node.args[i]!;
  const [rows, cols] = [b.type(arg).shape, b.type(node.id).shape];
  const other = node.args[1 - i];
  /** Elementwise by `by`; where the argument was repeated, its transpose adds up. */
  const elementwise = (by: NodeId): Linear => {
    const same: Linear = { kind: "scale", by, rows: cols, cols };
    return compose(c, gathered(c, rows, cols), same);
  };
  switch (node.op) {
    case "add":
      return elementwise(b.lit(1));
    case "sub":
      return elementwise(b.lit(i === 0 ? 1 : -1));
    case "neg":
      return elementwise(b.lit(-1));
    case "mul":
      return elementwise(other!);
    case "div":
      invariant(i === 0, "an adjoint is no divisor");
      return elementwise(inverse(c, node.args[1]!));
    case "where": {
      const taken = indicator(c, node.args[0]!);
      return elementwise(i === 1 ? taken : b.sub(b.lit(1), taken));
    }
    case "expand":
      return added(c, rows, cols, nums(node.attrs, "axes"));
    case "sum":
      return repeated(c, rows, cols, nums(node.attrs, "axes"));
    case "part":
      return {
        kind: "pad",
        axis: num(node.attrs, "axis"),
        before: num(node.attrs, "from"),
        rows,
        cols,
      };
    case "pad":
      return {
        kind: "part",
        axis: num(node.attrs, "axis"),
        from: num(node.attrs, "before"),
        rows,
        cols,
      };
    case "transpose": {
      const perm = nums(node.attrs, "perm");
      return { kind: "permute", perm: perm.map((_, k) => perm.indexOf(k)), rows, cols };
    }
    case "contract":
      return contraction(node, i, rows, cols);
    default:
      invariant(false, `${node.op} is no linear op of an adjoint`);
  }
}

/** The transpose of broadcasting: sums over the leading axes that `rows` lacks, and where its extent is 1. */
function gathered(c: Coefficients, rows: Shape, cols: Shape): Linear {
  const lead = cols.length - rows.length;
  const ones = rows.flatMap((d, i) => (d === 1 && cols[lead + i] !== 1 ? [i] : []));
  const axes = [...Array(lead).keys(), ...ones.map((i) => lead + i)];
  const bare = rows.filter((_, i) => !ones.includes(i));
  const total = added(c, bare, cols, axes);
  if (ones.length === 0) return total;
  return compose(c, repeated(c, rows, bare, ones), total);
}

/** Sums over axes of the argument. */
function added(c: Coefficients, rows: Shape, cols: Shape, axes: readonly number[]): Linear {
  if (axes.length === 0) return identity(c, rows);
  if (rows.length === 0) return { kind: "row", of: c.b.lit(1), rows, cols };
  return { kind: "add", axes, rows, cols };
}

/** Copies over new axes of the result. */
function repeated(c: Coefficients, rows: Shape, cols: Shape, axes: readonly number[]): Linear {
  if (axes.length === 0) return identity(c, rows);
  return cols.length === 0
    ? { kind: "column", of: c.b.lit(1), rows, cols }
    : { kind: "repeat", axes, rows, cols };
}

/** The transpose of y = Σ v m: v[arg] = Σ y[out] m[by]. */
function contraction(node: Apply, i: number, rows: Shape, cols: Shape): Linear {
  const of = node.args[1 - i]!;
  const out = word(node.attrs, i === 0 ? "a" : "b");
  const by = word(node.attrs, i === 0 ? "b" : "a");
  const arg = word(node.attrs, "y");
  if (arg.length === 1 && out.length === 1 && by.length === 2) {
    const isPlain = by === out + arg;
    if (isPlain || by === arg + out)
      return { kind: "matrix", of, transposed: !isPlain, rows, cols };
  }
  if (arg === "" && out === by) return { kind: "column", of, rows, cols };
  if (out === "" && arg === by) return { kind: "row", of, rows, cols };
  if (arg === out && (by === out || by === "")) return { kind: "scale", by: of, rows, cols };
  return { kind: "contract", of, arg, by, out, rows, cols };
}
