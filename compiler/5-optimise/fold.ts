/** @file Computes what is known when compiling, and drops what does nothing. In: verified graph. Out:
 *  the same outputs; numbers folded, neutral elements gone, index renames composed. Takes 0·x for 0.
 *  Never reorders a sum. */
import type { Builder } from "../ir/builder.ts";
import { type Apply, type Graph, type Node, type NodeId, sameType } from "../ir/ir.ts";
import { nodesOf } from "../ir/lookup.ts";
import { rewrite, type Settled } from "../ir/rewrite.ts";
import { filled } from "../ops/structured.ts";
import { OPS } from "../ops/table.ts";
import { renamed } from "./fold-renames.ts";
import { leaving, onceAGraph, usersOf } from "./users.ts";

const settled: Settled = new WeakMap();

export function fold(graph: Graph): Graph {
  const users = onceAGraph(usersOf);
  const taken = onceAGraph(leaving);
  return rewrite(
    graph,
    (node, c) => {
      if (node.kind !== "apply") return null;
      const { b, map } = c;
      const args = node.args.map(map);
      const here = args.every((id, i) => id === node.args[i]) ? node : { ...node, args };
      const isShared = (i: number): boolean => {
        const id = node.args[i]!;
        return taken(c).has(id) || users(c).get(id)?.length !== 1;
      };
      if (OPS[node.op].form === "map") return mapped(b, here) ?? neutral(b, here, isShared);
      return constant(b, here) ?? renamed(b, here);
    },
    { bodies: true, settled },
  );
}

/** The number a node is everywhere, whatever its type; null where that is not known. */
export function uniform(b: Builder, id: NodeId): number | null {
  return numberOf(b.node(id), b.node);
}

/** The same of a node of a graph. */
export function uniformIn(graph: Graph, id: NodeId): number | null {
  const nodes = nodesOf(graph);
  return numberOf(nodes.get(id)!, (of) => nodes.get(of)!);
}

function numberOf(node: Node, nodeOf: (id: NodeId) => Node): number | null {
  if (node.kind === "const") return node.value;
  if (node.kind !== "apply" || node.op !== "expand") return null;
  return numberOf(nodeOf(node.args[0]!), nodeOf);
}

/** An elementwise op of numbers is a number. */
function mapped(b: Builder, node: Apply): NodeId | null {
  const def = OPS[node.op];
  const known: number[] = [];
  for (let i = 0; i < node.args.length; i++) {
    const value = uniform(b, node.args[i]!);
    if (value === null) return null;
    known.push(value);
  }
  if (def.form !== "map" || known.length === 0) return null;
  const value = def.value(known, node.attrs);
  return Number.isFinite(value) ? filled(b, value, node.type) : null;
}

/** Sums and products with zeros are zeros, and what is one number everywhere stays it. */
function constant(b: Builder, node: Apply): NodeId | null {
  const known = node.args.map((a) => uniform(b, a));
  const zeros = known.some((x) => x === 0);
  switch (node.op) {
    case "contract":
      return zeros ? filled(b, 0, node.type) : null;
    case "sum":
    case "scatter":
      return known.at(-1) === 0 ? filled(b, 0, node.type) : null;
    case "pad":
      return zeros ? filled(b, 0, node.type) : null;
    case "part":
    case "row":
    case "transpose":
    case "edge":
    case "to_axis":
    case "to_steps":
    case "max":
    case "min":
      return known[0] === null || known[0] === undefined ? null : filled(b, known[0], node.type);
    case "concat":
    case "delay": {
      const [first] = known;
      const same = known.every((x) => x !== null && x === first);
      return same && first !== null && first !== undefined ? filled(b, first, node.type) : null;
    }
    default:
      return null;
  }
}

/** x + 0, x · 1, where(c, x, x) and the like: the value itself, where the type stays. */
function neutral(b: Builder, node: Apply, isShared: (i: number) => boolean): NodeId | null {
  const { args } = node;
  const [x, y] = [args[0]!, args[1]];
  const p = uniform(b, x);
  const q = y === undefined ? null : uniform(b, y);
  const typed = (id: NodeId): NodeId | null => (sameType(b.type(id), node.type) ? id : null);
  switch (node.op) {
    case "add":
      return y === undefined ? null : ((p === 0 ? typed(y) : null) ?? (q === 0 ? typed(x) : null));
    case "sub":
      if (y === undefined) return null;
      if (q === 0) return typed(x);
      return p === 0 && typed(y) !== null ? b.neg(y) : null;
    case "mul":
      if (y === undefined) return null;
      if (p === 0 || q === 0) return filled(b, 0, node.type);
      return (p === 1 ? typed(y) : null) ?? (q === 1 ? typed(x) : null);
    case "div":
      if (p === 0) return filled(b, 0, node.type);
      return q === 1 ? typed(x) : null;
    case "pow":
      return q === 1 ? typed(x) : null;
    case "neg":
      return argument(b, x, "neg");
    case "where":
      return chosen(b, node, isShared, x, y!, args[2]!);
    case "maximum":
    case "minimum":
      return x === y ? x : null;
    default:
      return null;
  }
}

/** A choice that is known, or made before by the same condition for this one alone. */
function chosen(
  b: Builder,
  node: Apply,
  isShared: (i: number) => boolean,
  c: NodeId,
  x: NodeId,
  y: NodeId,
): NodeId | null {
  const typed = (id: NodeId): NodeId | null => (sameType(b.type(id), node.type) ? id : null);
  const known = uniform(b, c);
  if (known !== null) return typed(known !== 0 ? x : y);
  if (x === y) return typed(x);
  const before = (id: NodeId, side: 1 | 2): NodeId | null => {
    const inner = b.node(id);
    if (inner.kind !== "apply" || inner.op !== "where" || inner.args[0] !== c) return null;
    if (isShared(side)) return null;
    const taken = inner.args[side];
    return taken !== undefined && sameType(b.type(taken), b.type(id)) ? taken : null;
  };
  const [inX, inY] = [before(x, 1), before(y, 2)];
  return inX === null && inY === null ? null : b.apply("where", [c, inX ?? x, inY ?? y]);
}

function argument(b: Builder, id: NodeId, op: Apply["op"]): NodeId | null {
  const node = b.node(id);
  return node.kind === "apply" && node.op === op ? (node.args[0] ?? null) : null;
}
