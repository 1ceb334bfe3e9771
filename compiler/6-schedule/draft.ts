/** @file One kernel, drafted. In: a node to compute, which other nodes are buffers. Out: its loop nest
 *  by the ops' own code, and what it asks for: nodes that must be buffers for it to be right or
 *  cheap. Never decides anything beyond that: `partition` does. */
import type { BufferId, Expr, Extent, Reduction } from "../../runtime/artifact/kernel.ts";
import { absurd, broken, invariant } from "../ir/invariant.ts";
import type { Apply, Dim, Node, NodeId, Tensor } from "../ir/ir.ts";
import type { Address, Lowering } from "../ops/op.ts";
import { OPS } from "../ops/table.ts";
import { elements } from "./cost.ts";
import { address, broadcastTo, indices, mapAddress, varOf } from "./address.ts";
import { createPool } from "./pool.ts";
import { inner } from "./tree.ts";

/** A graph as seen while its kernels are chosen. */
export interface Site {
  readonly node: (id: NodeId) => Node;
  /** The buffer that would hold a node; the same for the same value. */
  readonly buffer: (id: NodeId) => BufferId;
  /** Does the node depend on parameters alone, at sizes known when compiling? */
  readonly prepared: (id: NodeId) => boolean;
  /** The joins that a node is a piece of. */
  readonly views: (id: NodeId) => readonly View[];
}

/** A node's elements are those of `join` from `from` on along an axis. */
export interface View {
  readonly join: NodeId;
  readonly axis: number;
  readonly from: number;
}

export interface Draft {
  readonly root: NodeId;
  readonly axes: readonly Extent[];
  readonly reductions: readonly Reduction[];
  readonly value: Expr;
  /** Nodes computed in this kernel, and about how many elements of each, at nominal sizes. */
  readonly inlined: ReadonlyMap<NodeId, number>;
  /** What each of those is in the kernel, by its addresses. */
  readonly values: ReadonlyMap<NodeId, readonly Expr[]>;
  /** Reductions computed here, the root apart: does every element of the kernel ask for its own? */
  readonly reducing: ReadonlyMap<NodeId, boolean>;
  /** Nodes that must become buffers: the draft loads them as if they were. */
  readonly needs: ReadonlySet<NodeId>;
  readonly inputs: ReadonlySet<BufferId>;
  /** Does it load a piece of a join that it could compute? */
  readonly viewing: boolean;
}

/** Ops that only rename indices: a load through them is still a plain load. */
const RENAMING: ReadonlySet<string> = new Set([
  "part",
  "row",
  "transpose",
  "expand",
  "to_axis",
  "to_steps",
]);
const REDUCING: ReadonlySet<string> = new Set(["contract", "sum", "max", "min", "scatter"]);
/** Ops that ask for their arguments only at addresses that exist. All others may ask under a select. */
const WITHIN: ReadonlySet<string> = new Set([...RENAMING, "contract", "sum", "max", "min"]);

/** Ops inside each other in one kernel. Deeper ones are buffers: drafting recurs, and the engine's stack is finite. */
const DEEPEST = 256;

export function isReduction(node: Node): boolean {
  return node.kind === "apply" && REDUCING.has(node.op);
}

/** One element, whatever the samples and steps. */
export const isNumber = ({ type }: Node): boolean =>
  type.seq === null && !type.batch && type.shape.length === 0;

/** The nodes that are buffers, as far as a draft asks. */
export type Stored = Pick<ReadonlySet<NodeId>, "has">;

/** Is `id` a buffer, or a part of one in another order, or a number? */
export function isPlain(site: Site, stored: Stored, id: NodeId): boolean {
  const node = site.node(id);
  if (node.kind !== "apply" || stored.has(id)) return true;
  return RENAMING.has(node.op) && node.args.every((a) => isPlain(site, stored, a));
}

/**
 * The kernel of `root` when the nodes in `stored`, leaves and items are buffers. With `views`, a
 * piece of a stored join is loaded from the join.
 */
export function draft(site: Site, stored: Stored, root: NodeId, views: boolean): Draft {
  const type = site.node(root).type;
  const extents = extentsOf(type);
  const axes = [...extents];
  const pool = createPool(extents);
  const vars = axes.map((_, v) => pool.shared({ var: v }));
  const reductions: Reduction[] = [];
  const known = new Map<string, Expr>();
  const values = new Map<NodeId, Expr[]>();
  const inlined = new Map<NodeId, number>();
  const reducing = new Map<NodeId, boolean>();
  const needs = new Set<NodeId>();
  /** Operands of products that are pieces of a stored join: loaded from it with or without `views`. */
  const operands = new Set<NodeId>();
  const inputs = new Set<BufferId>();
  /** Variables of the reductions being opened, outermost first. */
  const open: number[] = [];
  /** About how often what is emitted now is computed. */
  let times = elements(axes);
  let guards = 0;
  let depth = 0;
  let viewing = false;

  const load = (node: Node, at: Address): Expr => {
    const buffer = site.buffer(node.id);
    inputs.add(buffer);
    return pool.shared({ load: buffer, at: indices(node.type, at) });
  };
  /** A stored join that is computed before this kernel: kernels run in the order of their nodes. */
  const viewFor = (id: NodeId): View | undefined =>
    isPlain(site, stored, id)
      ? undefined
      : site.views(id).find((v) => v.join < root && stored.has(v.join));
  /** What a product's operand renames: a buffer, or it must become one. */
  const operand = (id: NodeId): void => {
    const node = site.node(id);
    if (node.kind !== "apply" || stored.has(id)) return;
    if (viewFor(id) !== undefined) operands.add(id);
    else if (RENAMING.has(node.op)) for (const arg of node.args) operand(arg);
    else needs.add(id);
  };
  const loadPiece = ({ join, axis, from }: View, at: Address): Expr => {
    viewing = true;
    const own = pool.shared({ call: "add", args: [at.axes[axis]!, { lit: from }] });
    return load(site.node(join), { ...at, axes: at.axes.with(axis, own) });
  };
  const demand = (node: Node, at: Address): Expr => {
    needs.add(node.id);
    return load(node, at);
  };
  const emit = (id: NodeId, at: Address): Expr => {
    const node = site.node(id);
    switch (node.kind) {
      case "const":
        return pool.shared(number(node.value));
      case "leaf":
      case "item":
        return load(node, at);
      case "scan":
        return invariant(false, "a scan is no value") as never;
      case "apply":
        break;
      default:
        return absurd(node);
    }
    if (id !== root && (stored.has(id) || needs.has(id))) return load(node, at);
    const view = views || operands.has(id) ? viewFor(id) : undefined;
    if (view !== undefined) return loadPiece(view, at);
    // What depends on parameters alone is computed when they change, not at every run.
    const early = site.prepared(id) && !site.prepared(root);
    if (early && !isPlain(site, stored, id)) return demand(node, at);
    let key = `${id}`;
    for (const e of indices(node.type, at)) key += ` ${pool.idOf(e)}`;
    const there = known.get(key);
    if (there !== undefined) return there;
    if (depth === DEEPEST) return demand(node, at);
    depth += 1;
    const value = pool.shared(applied(node, at));
    depth -= 1;
    known.set(key, value);
    if (needs.has(id)) return value;
    inlined.set(id, (inlined.get(id) ?? 0) + times);
    const list = values.get(id);
    if (list === undefined) values.set(id, [value]);
    else list.push(value);
    return value;
  };
  const applied = (node: Apply, at: Address): Expr => {
    const def = OPS[node.op];
    const types = node.args.map((a) => site.node(a).type);
    switch (def.form) {
      case "map":
        return def.emit(
          node.args.map((a, i) => emit(a, broadcastTo(node.type, types[i]!, at, pool))),
          node.attrs,
        );
      case "compound":
        return invariant(false, `${node.op} is compound: it is expanded when built`) as never;
      case "structured":
        return def.emit(lowering(node, types, at));
      default:
        return absurd(def);
    }
  };
  /** Does every element of the kernel name an element at `at`? Then no select has to guard it. */
  const isEverywhere = (of: Tensor, at: Address): boolean => {
    const own = extentsOf(of);
    return indices(of, at).every(
      (e, i) => "var" in e && e.var < axes.length && axes[e.var] === own[i],
    );
  };
  const lowering = (node: Apply, args: readonly Tensor[], at: Address): Lowering => ({
    at,
    args,
    result: node.type,
    attrs: node.attrs,
    extent: (d: Dim) => pool.shared(typeof d === "number" ? { lit: d } : { size: d }),
    load: (i, address) => {
      const arg = node.args[i] ?? broken(`${node.op} has no argument ${i}`);
      const here = mapAddress(address, pool.shared);
      if (node.op === "contract") operand(arg);
      if (WITHIN.has(node.op)) return emit(arg, here);
      guards += 1;
      const value = emit(arg, here);
      guards -= 1;
      return value;
    },
    reduce: (kind, over, body) => {
      if (over.length === 0) return body([]);
      if (guards > 0 && node.id !== root && !isEverywhere(node.type, at)) return demand(node, at);
      const own = over.map((extent) => extents.push(extent) - 1);
      const before = times;
      times *= elements(over);
      open.push(...own);
      const of = pool.shared(body(own.map((v) => pool.shared({ var: v }))));
      open.splice(open.length - own.length);
      times = before;
      // A reduction inside another that depends on its variables would run once for each of them.
      if (open.some((v) => mentions(of, v, reductions))) return demand(node, at);
      const index = reductions.push({ kind, vars: own, extents: [...over], of }) - 1;
      if (node.id !== root) {
        const used = new Set(indices(node.type, at).flatMap(varOf));
        const oneEach = axes.every((extent, v) => extent === 1 || used.has(v));
        reducing.set(node.id, oneEach && !reducing.has(node.id));
      }
      return pool.shared({ red: index });
    },
  });

  const value = emit(root, address(type, vars));
  return { root, axes, reductions, value, inlined, values, reducing, needs, inputs, viewing };
}

/** The axes of a value in memory: steps, samples, features. */
export function extentsOf({ seq, batch, shape }: Tensor): Extent[] {
  return [...(seq === null ? [] : [seq]), ...(batch ? ["B"] : []), ...shape];
}

/** Literals are finite: infinities are written as quotients. */
function number(value: number): Expr {
  if (Number.isFinite(value)) return { lit: value };
  return { call: "div", args: [{ lit: value > 0 ? 1 : -1 }, { lit: 0 }] };
}

/** Does `e` depend on variable v, itself or through reductions? */
function mentions(e: Expr, v: number, reductions: readonly Reduction[]): boolean {
  const seen = new Set<Expr>();
  const visit = (x: Expr): boolean => {
    if (seen.has(x)) return false;
    seen.add(x);
    if ("var" in x) return x.var === v;
    if ("red" in x) {
      const of = reductions[x.red]?.of;
      return of !== undefined && visit(of);
    }
    return inner(x).some(visit);
  };
  return visit(e);
}
