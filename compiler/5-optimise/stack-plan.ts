/** @file What may be stacked: equal pieces of a joined product, and what is done alike to each. In: a
 *  graph. Out: by node, the stack that it is a row of. Never builds: `stack-parts` does. */
import { type Apply, type Graph, type Node, type NodeId, type Scan, sameType } from "../ir/ir.ts";
import { flag, num, nums } from "../ops/attrs.ts";
import { OPS } from "../ops/table.ts";
import { applies, NOTHING } from "./planned.ts";
import { type ProductForm, productForm } from "./product-form.ts";
import { type Dependence, dependences, leaving, usersOf } from "./users.ts";
import { nodesOf } from "../ir/lookup.ts";

/** Values of one type, one a row of the stack; `like` is the first of them. */
export interface Stack {
  readonly like: Apply;
  readonly rows: readonly NodeId[];
  readonly of: Product | { readonly kind: "op"; readonly operands: readonly Operand[] };
}

/** A product whose weights are pieces of one shape, joined along the axis that the pieces are along. */
export interface Product {
  readonly kind: "product";
  /** The joined weights first. */
  readonly form: ProductForm;
  readonly weights: readonly NodeId[];
  readonly weightAxis: number;
}

/** An operand: rows of a stack, one value for all rows, or values known early, one a row. */
export type Operand =
  | { readonly kind: "stack"; readonly stack: Stack }
  | { readonly kind: "same"; readonly id: NodeId }
  | { readonly kind: "each"; readonly ids: readonly NodeId[] };

export interface Place {
  readonly stack: Stack;
  readonly row: number;
}

/** Only stacks that lead to a reduction of rows: what is elementwise alone fuses as it is. */
export function stacksOf(graph: Graph, scan: Scan | null): ReadonlyMap<NodeId, Place> {
  if (!applies(graph, "contract")) return NOTHING;
  const nodes = nodesOf(graph);
  const s: Survey = {
    nodes,
    users: usersOf(graph),
    kept: leaving(graph, scan),
    by: dependences(graph, scan),
    places: new Map(),
  };
  const all: Stack[] = [];
  for (const node of graph.nodes) {
    if (node.kind !== "apply" || s.places.has(node.id)) continue;
    const stack = productStack(node, s) ?? opStack(node, s);
    if (stack === null) continue;
    all.push(stack);
    for (const [row, id] of stack.rows.entries()) s.places.set(id, { stack, row });
  }
  const worth = worthwhile(all);
  return new Map([...s.places].filter(([, { stack }]) => worth.has(stack)));
}

interface Survey {
  readonly nodes: ReadonlyMap<NodeId, Node>;
  readonly users: ReadonlyMap<NodeId, readonly Node[]>;
  readonly kept: ReadonlySet<NodeId>;
  readonly by: ReadonlyMap<NodeId, Dependence>;
  readonly places: Map<NodeId, Place>;
}

/** Is all that reads this product a part of it, one for each of its weights, all of one shape? */
function productStack(node: Apply, s: Survey): Stack | null {
  if (node.op !== "contract" || node.type.shape.length !== 1 || s.kept.has(node.id)) return null;
  for (const first of [0, 1] as const) {
    const join = s.nodes.get(node.args[first]!);
    if (join?.kind !== "apply" || join.op !== "concat") continue;
    const form = productForm(node, first);
    const weightAxis = num(join.attrs, "axis");
    const types = join.args.map((id) => s.nodes.get(id)!.type);
    const [head] = types;
    if (form.a[weightAxis] !== form.y || form.b.includes(form.y) || head === undefined) continue;
    if (!types.every((t) => sameType(t, head))) continue;
    const rows = rowsOf(node, join.args.length, s);
    const like = rows === null ? undefined : s.nodes.get(rows[0]!);
    if (rows === null || like?.kind !== "apply") continue;
    const of = { kind: "product" as const, form, weights: join.args, weightAxis };
    return { like, rows, of };
  }
  return null;
}

/** The parts of `whole` in order, if they are all that reads it. */
function rowsOf(whole: Apply, count: number, s: Survey): readonly NodeId[] | null {
  const parts = s.users.get(whole.id) ?? [];
  const [extent] = whole.type.shape;
  if (typeof extent !== "number" || parts.length !== count || count < 2) return null;
  const size = extent / count;
  const rows = new Map<number, NodeId>();
  for (const part of parts) {
    if (part.kind !== "apply" || part.op !== "part" || num(part.attrs, "size") !== size)
      return null;
    rows.set(num(part.attrs, "from") / size, part.id);
  }
  const ids = Array.from({ length: count }, (_, i) => rows.get(i));
  return ids.every((id) => id !== undefined) ? ids : null;
}

/** The op that every row of some stack is given to, and what else it is given. */
function opStack(node: Apply, s: Survey): Stack | null {
  const from = node.args.map((a) => s.places.get(a)).find((p) => p !== undefined);
  if (from === undefined || from.row !== 0 || !actsByRow(node)) return null;
  const at = node.args.findIndex((a) => s.places.get(a) === from);
  const attrs = JSON.stringify(node.attrs);
  const taken = new Set<NodeId>();
  const rows: Apply[] = [];
  for (const [row, id] of from.stack.rows.entries()) {
    const twin = (s.users.get(id) ?? []).find(
      (u): u is Apply =>
        u.kind === "apply" &&
        u.op === node.op &&
        u.args[at] === id &&
        (row === 0) === (u.id === node.id) &&
        !s.places.has(u.id) &&
        !taken.has(u.id) &&
        sameType(u.type, node.type) &&
        JSON.stringify(u.attrs) === attrs &&
        u.args.every((a, i) => isRowOf(s.places.get(a), s.places.get(node.args[i]!), row)),
    );
    if (twin === undefined) return null;
    taken.add(twin.id);
    rows.push(twin);
  }
  const operands = node.args.map((_, i) => operand(rows, i, s));
  if (operands.some((o) => o === null)) return null;
  const known = operands.filter((o) => o !== null);
  return { like: node, rows: rows.map((r) => r.id), of: { kind: "op", operands: known } };
}

/** Where the first row's operand is of a stack, so must this one be, in its own row. */
function isRowOf(place: Place | undefined, first: Place | undefined, row: number): boolean {
  if (first === undefined) return place === undefined;
  return first.row === 0 && place?.stack === first.stack && place.row === row;
}

function operand(rows: readonly Apply[], i: number, s: Survey): Operand | null {
  const ids = rows.map((r) => r.args[i]!);
  const [first] = ids;
  if (first === undefined) return null;
  const place = s.places.get(first);
  if (place !== undefined) return { kind: "stack", stack: place.stack };
  if (ids.every((id) => id === first)) return { kind: "same", id: first };
  const type = s.nodes.get(first)!.type;
  const early = ids.every(
    (id) => s.by.get(id) === "fixed" && sameType(s.nodes.get(id)!.type, type),
  );
  return early && !type.batch ? { kind: "each", ids } : null;
}

/** Elementwise, or a sum, a largest, a smallest, a repetition within the row. */
function actsByRow(node: Apply): boolean {
  if (OPS[node.op].form === "map") return true;
  switch (node.op) {
    case "max":
    case "min":
      return true;
    case "sum":
      return isReduction(node) && flag(node.attrs, "seq") && flag(node.attrs, "batch");
    case "expand":
      return node.attrs.seq === "" && !flag(node.attrs, "batch");
    default:
      return false;
  }
}

function isReduction(node: Apply): boolean {
  if (node.op === "sum") return nums(node.attrs, "axes").length > 0;
  return node.op === "max" || node.op === "min";
}

/** Stacks on a way from a product to a reduction, or from one of those products. */
function worthwhile(all: readonly Stack[]): ReadonlySet<Stack> {
  const sources = new Map<Stack, ReadonlySet<Stack>>();
  for (const stack of all) {
    const { of } = stack;
    const below =
      of.kind === "product"
        ? [stack]
        : of.operands.flatMap((o) => (o.kind === "stack" ? [...sources.get(o.stack)!] : []));
    sources.set(stack, new Set(below));
  }
  const products = new Set(
    all.flatMap((s) => (s.of.kind === "op" && isReduction(s.like) ? [...sources.get(s)!] : [])),
  );
  for (let before = -1; before !== products.size; ) {
    before = products.size;
    for (const own of sources.values()) {
      if ([...own].some((p) => products.has(p))) for (const p of own) products.add(p);
    }
  }
  return new Set(all.filter((s) => [...sources.get(s)!].every((p) => products.has(p))));
}
