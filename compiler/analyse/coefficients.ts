/** @file Coefficients of linear maps: nodes, joined with what is neutral left out. In: a builder that holds a
 *  step's body. Out: nodes of it. Never changes a node that is there. */
import type { Builder } from "../ir/builder.ts";
import type { Attrs, NodeId } from "../ir/ir.ts";
import { OPS, type OpName } from "../ops/table.ts";

export interface Coefficients {
  readonly b: Builder;
  /** Equations and what comes from outside: simplifying stops there. */
  readonly isOpaque: (id: NodeId) => boolean;
  /** Applies an op; what was applied before is the same node. */
  readonly apply: (op: OpName, args: readonly NodeId[], attrs?: Attrs) => NodeId;
}

export function coefficients(b: Builder, isOpaque: (id: NodeId) => boolean): Coefficients {
  const known = new Map<string, NodeId>();
  return {
    b,
    isOpaque,
    apply(op, args, attrs = {}) {
      const name = `${op} ${args.join()} ${JSON.stringify(attrs)}`;
      const id = known.get(name) ?? b.apply(op, args, attrs);
      known.set(name, id);
      return id;
    },
  };
}

const numberOf = (c: Coefficients, id: NodeId): number | null => {
  const node = c.b.node(id);
  return node.kind === "const" ? node.value : null;
};

const applied = (c: Coefficients, id: NodeId, op: OpName): readonly NodeId[] | null => {
  const node = c.b.node(id);
  return node.kind === "apply" && node.op === op && !c.isOpaque(id) ? node.args : null;
};

/** x ∗ y. */
export function times(c: Coefficients, x: NodeId, y: NodeId): NodeId {
  const { b } = c;
  const [p, q] = [numberOf(c, x), numberOf(c, y)];
  if (p !== null && q !== null) return b.lit(p * q);
  if (p === 1 || q === 0) return y;
  if (q === 1 || p === 0) return x;
  if (p === -1) return minus(c, y);
  if (q === -1) return minus(c, x);
  const [nx, ny] = [applied(c, x, "neg"), applied(c, y, "neg")];
  if (nx !== null) return minus(c, times(c, nx[0]!, y));
  if (ny !== null) return minus(c, times(c, x, ny[0]!));
  if (q !== null) return times(c, y, x);
  const over = applied(c, y, "div");
  if (over !== null && numberOf(c, over[0]!) === 1) return c.apply("div", [x, over[1]!]);
  const above = applied(c, x, "div");
  if (above !== null && numberOf(c, above[0]!) === 1) return c.apply("div", [y, above[1]!]);
  return c.apply("mul", [x, y]);
}

/** x + y; the ranks may differ, as in any sum. */
export function plus(c: Coefficients, x: NodeId, y: NodeId): NodeId {
  const { b } = c;
  const [p, q] = [numberOf(c, x), numberOf(c, y)];
  if (p !== null && q !== null) return b.lit(p + q);
  if (p === 0) return y;
  if (q === 0) return x;
  const [nx, ny] = [applied(c, x, "neg"), applied(c, y, "neg")];
  if (ny !== null) return ny[0] === x ? b.lit(0) : c.apply("sub", [x, ny[0]!]);
  if (nx !== null) return nx[0] === y ? b.lit(0) : c.apply("sub", [y, nx[0]!]);
  return c.apply("add", [x, y]);
}

export function minus(c: Coefficients, x: NodeId): NodeId {
  const p = numberOf(c, x);
  if (p !== null) return c.b.lit(-p);
  const inner = applied(c, x, "neg");
  if (inner !== null) return inner[0]!;
  const difference = applied(c, x, "sub");
  if (difference !== null) return c.apply("sub", [difference[1]!, difference[0]!]);
  return c.apply("neg", [x]);
}

/** 1 / x. */
export function inverse(c: Coefficients, x: NodeId): NodeId {
  const p = numberOf(c, x);
  return p !== null && p !== 0 ? c.b.lit(1 / p) : c.apply("div", [c.b.lit(1), x]);
}

/** 1 where `condition` holds, else 0. */
export function indicator(c: Coefficients, condition: NodeId): NodeId {
  const node = c.b.node(condition);
  const isTruth = node.kind === "apply" && TRUTHS.has(node.op);
  return isTruth ? condition : c.apply("where", [condition, c.b.lit(1), c.b.lit(0)]);
}

const TRUTHS: ReadonlySet<string> = new Set(["lt", "le", "gt", "ge", "eq", "ne"]);

/** The node with numbers folded and neutral ops gone, down to what is opaque. */
export function tidy(c: Coefficients, id: NodeId): NodeId {
  const node = c.b.node(id);
  if (node.kind !== "apply" || c.isOpaque(id)) return id;
  const args = node.args.map((a) => tidy(c, a));
  return folded(c, node.op, args, node.attrs) ?? c.apply(node.op, args, node.attrs);
}

function folded(c: Coefficients, op: OpName, args: readonly NodeId[], attrs: Attrs): NodeId | null {
  const [x, y, z] = args;
  const numbers = args.map((a) => numberOf(c, a));
  const def = OPS[op];
  if (def.form === "map" && args.length > 0 && numbers.every((n) => n !== null)) {
    const value = def.value(numbers as number[], attrs);
    if (Number.isFinite(value) && String(value).length < 8) return c.b.lit(value);
  }
  switch (op) {
    case "mul":
      return times(c, x!, y!);
    case "add":
      return plus(c, x!, y!);
    case "sub":
      return numbers[1] === 0 ? x! : numbers[0] === 0 ? minus(c, y!) : null;
    case "neg":
      return minus(c, x!);
    case "div":
      return numbers[1] === 1 ? x! : null;
    case "pow":
      return numbers[1] === 1 ? x! : null;
    case "where":
      if (numbers[0] !== null && numbers[0] !== undefined) return numbers[0] !== 0 ? y! : z!;
      return numbers[1] === 1 && numbers[2] === 0 ? indicator(c, x!) : null;
    default:
      return null;
  }
}
