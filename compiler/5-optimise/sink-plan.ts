/** @file What leaves a loop, and what must be kept for it. In: a scan. Out: results that can be computed
 *  after the loop, and the body values to collect for that. Never builds anything. */
import { broken } from "../ir/invariant.ts";
import type { Node, NodeId, Scan, Tensor } from "../ir/ir.ts";
import { num, word } from "../ops/attrs.ts";
import { fixedExtent } from "../ops/structured.ts";
import { neededByStates } from "./edit-scans.ts";
import { canLift, grows, isReduction, isRename } from "./lift.ts";
import { type Dependence, dependences } from "./users.ts";
import { nodesOf } from "../ir/lookup.ts";

export interface Plan {
  /** Indices of the results that leave, in the scan's own lists. */
  readonly sums: ReadonlySet<number>;
  readonly collects: ReadonlySet<number>;
  /** Body nodes whose rows are known after the loop: those collected. */
  readonly sources: ReadonlySet<NodeId>;
  /** Body nodes that are a piece of a collected join. */
  readonly pieces: ReadonlyMap<NodeId, Piece>;
}

export interface Piece {
  readonly join: NodeId;
  readonly axis: number;
  readonly from: number;
  readonly size: number;
}

/** A set of values to collect; null where something would be too large to keep for every step. */
type Needs = ReadonlySet<NodeId> | null;

export function planOf(scan: Scan): Plan {
  const s = survey(scan);
  const collects = new Set<number>();
  const isKept = (id: NodeId) => s.states.has(id) && !(grows(s.node(id), s.node) && isFree(s, id));
  keep(s, scan.collects.filter(isKept));
  for (const [i, id] of scan.collects.entries()) {
    if (isKept(id)) continue;
    const needs = s.states.has(id) ? NONE : leaves(s, id);
    if (needs === null) keep(s, [id]);
    else {
      keep(s, needs);
      collects.add(i);
    }
  }
  const sums = new Set<number>();
  // Products first: what they are made of is then there for the rest.
  for (const wanted of [isProductSum, () => true]) {
    for (const [i, id] of scan.sums.entries()) {
      if (sums.has(i) || !wanted(s.node(id)) || s.by.get(id) === "fixed") continue;
      const needs = totalNeeds(s, id);
      if (needs === null) continue;
      keep(s, needs);
      sums.add(i);
    }
  }
  return { sums, collects, sources: s.sources, pieces: s.pieces };
}

interface Survey {
  readonly scan: Scan;
  readonly node: (id: NodeId) => Node;
  /** What the next states need. */
  readonly states: ReadonlySet<NodeId>;
  readonly by: ReadonlyMap<NodeId, Dependence>;
  /** Shapes of what products with weights take and give, each element with weights of its own. */
  readonly packed: ReadonlySet<string>;
  readonly sources: Set<NodeId>;
  readonly pieces: Map<NodeId, Piece>;
}

function survey(scan: Scan): Survey {
  const nodes = nodesOf(scan.body);
  const by = dependences(scan.body, scan);
  const nodeOf = (id: NodeId): Node => {
    return nodes.get(id) ?? broken(`no node ${id} in the scan's body`);
  };
  return {
    scan,
    node: nodeOf,
    states: neededByStates(scan),
    by,
    packed: new Set(scan.body.nodes.flatMap((n) => packedBy(n, by, nodeOf))),
    sources: new Set(),
    pieces: new Map(),
  };
}

function keep(s: Survey, ids: Iterable<NodeId>): void {
  for (const id of ids) {
    if (s.sources.has(id)) continue;
    s.sources.add(id);
    const join = s.node(id);
    if (join.kind !== "apply" || join.op !== "concat") continue;
    const axis = num(join.attrs, "axis");
    let from = 0;
    for (const arg of join.args) {
      const { type } = s.node(arg);
      const size = fixedExtent(type, axis);
      if (type.batch === join.type.batch && !s.pieces.has(arg)) {
        s.pieces.set(arg, { join: id, axis, from, size });
      }
      from += size;
    }
  }
}

const NONE: ReadonlySet<NodeId> = new Set();

/** What to collect so that the rows of `id` can be had after the loop. */
function rowNeeds(s: Survey, id: NodeId): Needs {
  const node = s.node(id);
  if (node.kind === "const" || s.sources.has(id) || s.pieces.has(id)) return NONE;
  const itself: Needs = isSmall(s, node) ? new Set([id]) : null;
  if (node.kind === "leaf") return s.by.get(id) === "state" ? itself : NONE;
  if (!canLift(node)) return itself;
  // A matrix a step is not made anew for all steps: what it is made of is smaller.
  if (itself === null && !isRename(node) && s.by.get(id) !== "fixed") return null;
  const inner = union(node.args.map((a) => rowNeeds(s, a)));
  if (inner !== null && inner.size === 0 && !(isReduction(node) && s.states.has(id))) return NONE;
  if (inner !== null && (!s.states.has(id) || isRename(node))) return inner;
  return itself;
}

/** Can its rows be computed after the loop from what is there anyway? */
function isFree(s: Survey, id: NodeId): boolean {
  const node = s.node(id);
  return node.kind === "apply" && node.args.every((a) => rowNeeds(s, a)?.size === 0);
}

/** Vectors, scalars and vectors that are packed as rows; another matrix is not kept for every step. */
function isSmall(s: Survey, { type }: Node): boolean {
  return type.shape.length <= 1 || s.packed.has(shapeOf(type));
}

/** Shapes of the other operand and the result of a product, those whose every axis its weights have. */
function packedBy(
  node: Node,
  by: ReadonlyMap<NodeId, Dependence>,
  nodeOf: (id: NodeId) => Node,
): readonly string[] {
  if (node.kind !== "apply" || node.op !== "contract") return [];
  const weights = node.args.findIndex((a) => by.get(a) === "fixed");
  if (weights < 0) return [];
  const [own, other] = weights === 0 ? ["a", "b"] : ["b", "a"];
  const has = (labels: string) =>
    [...word(node.attrs, labels)].every((l) => word(node.attrs, own).includes(l));
  return [
    ...(has(other) ? [shapeOf(nodeOf(node.args[1 - weights]!).type)] : []),
    ...(has("y") ? [shapeOf(node.type)] : []),
  ];
}

const shapeOf = ({ shape }: Tensor): string => shape.join();

/** What to collect so that the result `id` need not be computed in the loop; null to leave it there. */
function leaves(s: Survey, id: NodeId): Needs {
  const node = s.node(id);
  if (node.kind !== "apply" || !canLift(node)) return null;
  const needs = union(node.args.map((a) => rowNeeds(s, a)));
  if (needs === null) return null;
  const nexts = new Set(s.scan.carries.flatMap((c) => [c.next, c.arg]));
  const isFree = [...needs].every((n) => nexts.has(n) || isReduction(s.node(n)));
  return isFree || hasReduction(s, id) ? needs : null;
}

/** Is there a reduction on the way from `id` to what the states need? */
function hasReduction(s: Survey, id: NodeId): boolean {
  const node = s.node(id);
  if (node.kind !== "apply" || s.states.has(id)) return false;
  return isReduction(node) || node.args.some((a) => hasReduction(s, a));
}

/** What to collect so that the sum of `id` over steps can be had after the loop. */
function totalNeeds(s: Survey, id: NodeId): Needs {
  const node = s.node(id);
  if (node.kind === "apply" && isProductSum(node)) {
    return union(node.args.map((a) => rowNeeds(s, a)));
  }
  const linear = linearIn(node, (a) => s.by.get(a) === "fixed");
  if (linear !== null) return union(linear.map((a) => totalNeeds(s, a)));
  const needs = rowNeeds(s, id);
  return needs !== null && needs.size === 0 ? needs : null;
}

/** Ops whose sum over steps is the same op with the steps summed as well. */
export function isProductSum(node: Node): boolean {
  return (
    node.kind === "apply" && (node.op === "contract" || node.op === "sum" || node.op === "scatter")
  );
}

/** The arguments that a node is linear in, if its other arguments are the same at every step. */
export function linearIn(node: Node, isFixed: (id: NodeId) => boolean): readonly NodeId[] | null {
  if (node.kind !== "apply") return null;
  switch (node.op) {
    case "part":
    case "row":
    case "pad":
    case "transpose":
    case "expand":
    case "neg":
    case "add":
    case "sub":
    case "concat":
      return node.args.some(isFixed) ? null : node.args;
    case "mul": {
      const moving = node.args.filter((a) => !isFixed(a));
      return moving.length === 1 ? moving : null;
    }
    default:
      return null;
  }
}

function union(all: readonly Needs[]): Needs {
  const sum = new Set<NodeId>();
  for (const needs of all) {
    if (needs === null) return null;
    for (const id of needs) sum.add(id);
  }
  return sum;
}
