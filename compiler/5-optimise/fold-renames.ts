/** @file Index renames composed. In: one structured node, its arguments built. Out: an equal node
 *  closer to the data, or null. Never copies a value that the old graph did not. */
import type { Builder } from "../ir/builder.ts";
import { type Apply, type Dim, type NodeId, sameType } from "../ir/ir.ts";
import { dims, flag, num, nums, word } from "../ops/attrs.ts";

/** The node rewritten by one rule, or null where none applies. */
export function renamed(b: Builder, node: Apply): NodeId | null {
  const [x] = node.args;
  if (x === undefined) return null;
  const inner = b.node(x);
  const of = inner.kind === "apply" ? inner : null;
  const same = sameType(b.type(x), node.type);
  switch (node.op) {
    case "part":
      return same ? x : of === null ? null : partOf(b, node, of);
    case "row":
      return of === null ? null : rowOf(b, node, of);
    case "pad":
      return same ? x : of?.op === "pad" ? padOfPad(b, node, of) : null;
    case "concat":
      return joined(b, node);
    case "transpose":
      return transposed(b, node, x, of);
    case "expand":
      return same ? x : of?.op === "expand" ? expandOfExpand(b, node, of) : null;
    case "sum":
      if (same) return x;
      return of?.op === "sum" ? sumOfSum(b, node, of) : sumOfRow(b, node, x);
    case "to_axis":
      return of?.op === "to_steps" ? (of.args[0] ?? null) : null;
    case "to_steps":
      return of?.op === "to_axis" ? (of.args[0] ?? null) : null;
    case "reverse_steps":
      // With lengths the rows past them are lost: twice is not the sequence itself.
      return of?.op === "reverse_steps" && node.args.length + of.args.length === 2
        ? (of.args[0] ?? null)
        : null;
    case "contract":
      return untransposed(b, node);
    default:
      return null;
  }
}

/** A part of a part, of a pad's inside, of whole pieces of a join, of what is repeated. */
function partOf(b: Builder, node: Apply, of: Apply): NodeId | null {
  const [axis, from, size] = [
    num(node.attrs, "axis"),
    num(node.attrs, "from"),
    num(node.attrs, "size"),
  ];
  const [v] = of.args;
  if (v === undefined) return null;
  switch (of.op) {
    case "part":
      if (num(of.attrs, "axis") !== axis) return null;
      return b.apply("part", [v], { axis, from: from + num(of.attrs, "from"), size });
    case "pad": {
      const start = from - num(of.attrs, "before");
      const extent = b.type(v).shape[axis];
      const inside =
        num(of.attrs, "axis") === axis &&
        start >= 0 &&
        typeof extent === "number" &&
        start + size <= extent;
      return inside ? b.apply("part", [v], { axis, from: start, size }) : null;
    }
    case "concat":
      return num(of.attrs, "axis") === axis ? partOfJoin(b, node, of, from, size) : null;
    case "expand": {
      const axes = nums(of.attrs, "axes");
      const at = axes.indexOf(axis);
      if (at < 0) return null;
      return b.apply("expand", [v], { ...of.attrs, dims: dims(of.attrs, "dims").with(at, size) });
    }
    default:
      return null;
  }
}

/** A row of a part, of a piece of a join, of what is repeated. */
function rowOf(b: Builder, node: Apply, of: Apply): NodeId | null {
  const [axis, at] = [num(node.attrs, "axis"), num(node.attrs, "at")];
  const [v] = of.args;
  if (v === undefined) return null;
  switch (of.op) {
    case "part":
      if (num(of.attrs, "axis") !== axis) return null;
      return b.apply("row", [v], { axis, at: at + num(of.attrs, "from") });
    case "concat": {
      if (num(of.attrs, "axis") !== axis) return null;
      let from = 0;
      for (const piece of of.args) {
        const extent = b.type(piece).shape[axis];
        if (typeof extent !== "number") return null;
        const here = at < from + extent;
        if (here) {
          const made = b.apply("row", [piece], { axis, at: at - from });
          return sameType(b.type(made), node.type) ? made : null;
        }
        from += extent;
      }
      return null;
    }
    case "expand": {
      const axes = nums(of.attrs, "axes");
      const i = axes.indexOf(axis);
      if (i < 0) return null;
      const less = axes.toSpliced(i, 1).map((other) => (other > axis ? other - 1 : other));
      return b.apply("expand", [v], {
        ...of.attrs,
        axes: less,
        dims: dims(of.attrs, "dims").toSpliced(i, 1),
      });
    }
    default:
      return null;
  }
}

function partOfJoin(b: Builder, node: Apply, of: Apply, from: number, size: number): NodeId | null {
  const axis = num(node.attrs, "axis");
  const taken: NodeId[] = [];
  let start = 0;
  for (const piece of of.args) {
    const extent = b.type(piece).shape[axis];
    if (typeof extent !== "number") return null;
    const [lo, hi] = [Math.max(from, start), Math.min(from + size, start + extent)];
    if (lo < hi && hi - lo === extent) taken.push(piece);
    else if (lo < hi)
      taken.push(b.apply("part", [piece], { axis, from: lo - start, size: hi - lo }));
    start += extent;
  }
  const [only] = taken;
  if (only === undefined || taken.length === of.args.length) return null;
  const value = taken.length === 1 ? only : b.apply("concat", taken, { axis });
  return sameType(b.type(value), node.type) ? value : null;
}

function padOfPad(b: Builder, node: Apply, of: Apply): NodeId | null {
  const axis = num(node.attrs, "axis");
  const [v] = of.args;
  if (v === undefined || num(of.attrs, "axis") !== axis) return null;
  const total = (name: string) => num(node.attrs, name) + num(of.attrs, name);
  return b.apply("pad", [v], { axis, before: total("before"), after: total("after") });
}

/** A join of joins is one; of neighbouring parts, a part; of one value, the value. */
function joined(b: Builder, node: Apply): NodeId | null {
  const axis = num(node.attrs, "axis");
  const [only] = node.args;
  if (only !== undefined && node.args.length === 1) return only;
  const flat = node.args.flatMap((id) => {
    const inner = b.node(id);
    const isJoin =
      inner.kind === "apply" && inner.op === "concat" && num(inner.attrs, "axis") === axis;
    return isJoin ? inner.args : [id];
  });
  const merged: NodeId[] = [];
  for (const id of flat) {
    const last = merged.at(-1);
    const both = last === undefined ? null : adjacent(b, last, id, axis);
    if (both === null) merged.push(id);
    else merged[merged.length - 1] = both;
  }
  if (merged.length === node.args.length && merged.every((id, i) => id === node.args[i]))
    return null;
  const value = merged.length === 1 ? merged[0]! : b.apply("concat", merged, { axis });
  return sameType(b.type(value), node.type) ? value : null;
}

/** Two neighbouring parts of one value as one part. */
function adjacent(b: Builder, p: NodeId, q: NodeId, axis: number): NodeId | null {
  const [x, y] = [b.node(p), b.node(q)];
  if (x.kind !== "apply" || y.kind !== "apply" || x.op !== "part" || y.op !== "part") return null;
  const [v] = x.args;
  if (v === undefined || v !== y.args[0]) return null;
  if (num(x.attrs, "axis") !== axis || num(y.attrs, "axis") !== axis) return null;
  const [from, size] = [num(x.attrs, "from"), num(x.attrs, "size")];
  if (num(y.attrs, "from") !== from + size) return null;
  const total = size + num(y.attrs, "size");
  return b.type(v).shape[axis] === total ? v : b.apply("part", [v], { axis, from, size: total });
}

function transposed(b: Builder, node: Apply, x: NodeId, of: Apply | null): NodeId | null {
  const perm = nums(node.attrs, "perm");
  if (perm.every((p, i) => p === i)) return x;
  const [v] = of?.op === "transpose" ? of.args : [];
  if (of === null || v === undefined) return null;
  const first = nums(of.attrs, "perm");
  return b.apply("transpose", [v], { perm: perm.map((p) => first[p]!) });
}

function expandOfExpand(b: Builder, node: Apply, of: Apply): NodeId | null {
  const [v] = of.args;
  if (v === undefined) return null;
  const outer = nums(node.attrs, "axes");
  const inner = nums(of.attrs, "axes");
  const kept = [...node.type.shape.keys()].filter((i) => !outer.includes(i));
  const all: [number, Dim][] = [
    ...outer.map((i, k): [number, Dim] => [i, dims(node.attrs, "dims")[k]!]),
    ...inner.map((i, k): [number, Dim] => [kept[i]!, dims(of.attrs, "dims")[k]!]),
  ];
  all.sort(([p], [q]) => p - q);
  return b.apply("expand", [v], {
    axes: all.map(([i]) => i),
    dims: all.map(([, d]) => d),
    seq: word(node.attrs, "seq") || word(of.attrs, "seq"),
    batch: flag(node.attrs, "batch") || flag(of.attrs, "batch"),
  });
}

function sumOfSum(b: Builder, node: Apply, of: Apply): NodeId | null {
  const [v] = of.args;
  if (v === undefined) return null;
  const gone = nums(of.attrs, "axes");
  const kept = [...b.type(v).shape.keys()].filter((i) => !gone.includes(i));
  const axes = [...gone, ...nums(node.attrs, "axes").map((i) => kept[i]!)].sort((p, q) => p - q);
  return b.apply("sum", [v], {
    axes,
    seq: flag(node.attrs, "seq") && flag(of.attrs, "seq"),
    batch: flag(node.attrs, "batch") && flag(of.attrs, "batch"),
  });
}

/** A sum over an axis of extent 1 is its only row. */
function sumOfRow(b: Builder, node: Apply, v: NodeId): NodeId | null {
  const axes = nums(node.attrs, "axes");
  const axis = axes.find((i) => b.type(v).shape[i] === 1);
  if (axis === undefined) return null;
  const only = b.apply("row", [v], { axis, at: 0 });
  const rest = axes.filter((i) => i !== axis).map((i) => (i > axis ? i - 1 : i));
  return b.apply("sum", [only], { ...node.attrs, axes: rest });
}

/** A product of transposed values is a product of the values under other labels. */
function untransposed(b: Builder, node: Apply): NodeId | null {
  let changed = false;
  const operand = (id: NodeId, labels: string): [NodeId, string] => {
    const inner = b.node(id);
    const [v] = inner.kind === "apply" && inner.op === "transpose" ? inner.args : [];
    if (inner.kind !== "apply" || v === undefined) return [id, labels];
    changed = true;
    const perm = nums(inner.attrs, "perm");
    return [v, [...labels].map((_, i) => labels[perm.indexOf(i)]).join("")];
  };
  const [x, y] = node.args;
  if (x === undefined || y === undefined) return null;
  const [p, a] = operand(x, word(node.attrs, "a"));
  const [q, c] = operand(y, word(node.attrs, "b"));
  return changed ? b.apply("contract", [p, q], { ...node.attrs, a, b: c }) : null;
}
