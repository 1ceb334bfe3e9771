/** @file Makes one product of those that share an operand. In: verified graph. Out: the same outputs
 *  from packed weights and parts of one product. Never reorders a sum: each element is summed as before. */
import type { Builder } from "../ir/builder.ts";
import { broken } from "../ir/invariant.ts";
import type { Apply, Graph, Node, NodeId, Scan } from "../ir/ir.ts";
import { fixedExtent } from "../ops/structured.ts";
import { applies, NOTHING, planned } from "./planned.ts";
import { type ProductForm, productForm } from "./product-form.ts";
import { dependences, usersOf } from "./users.ts";
import { nodesOf } from "../ir/lookup.ts";

/**
 * W_i x, W_f x, … → parts of [W_i; W_f; …] x, where the W depend on parameters alone: packing them
 * is work of `prepare`, and x is read once. Vectors on the left (x W_i, …) are joined the same way.
 */
export function joinProducts(graph: Graph): Graph {
  const made = new Map<Group, NodeId>();
  return planned(graph, {
    of: groupsOf,
    readsAhead: true,
    build({ group, from, size }, { b, map }) {
      const product = made.get(group) ?? packed(group, b, map);
      made.set(group, product);
      return b.apply("part", [product], { axis: group.axis, from, size });
    },
  });
}

/** Products that differ in their weights only, which are joined along one label of the result. */
interface Group {
  readonly form: ProductForm;
  /** The weights, in the graph's order; the shared operand is the second of `form`. */
  readonly weights: readonly NodeId[];
  /** Axis of the weights and of the result that the label is. */
  readonly weightAxis: number;
  readonly axis: number;
}

interface Member {
  readonly group: Group;
  readonly from: number;
  readonly size: number;
}

function packed(group: Group, b: Builder, map: (id: NodeId) => NodeId): NodeId {
  const { form, weights, weightAxis } = group;
  const all = b.apply("concat", weights.map(map), { axis: weightAxis });
  const { a, b: labels, y, seq, batch } = form;
  return b.apply("contract", [all, map(form.args[1])], { a, b: labels, y, seq, batch });
}

function groupsOf(graph: Graph, scan: Scan | null): ReadonlyMap<NodeId, Member> {
  if (!applies(graph, "contract")) return NOTHING;
  const nodes = nodesOf(graph);
  const by = dependences(graph, scan);
  const users = usersOf(graph);
  const isFixed = (id: NodeId) => by.get(id) === "fixed";
  const candidates = new Map<string, { node: Apply; form: ProductForm; axis: number }[]>();
  for (const node of graph.nodes) {
    if (node.kind !== "apply" || node.op !== "contract" || isFixed(node.id)) continue;
    const [x, y] = node.args as readonly [NodeId, NodeId];
    const first = isFixed(x) && !isFixed(y) ? 0 : isFixed(y) && !isFixed(x) ? 1 : null;
    if (first === null) continue;
    const form = productForm(node, first);
    const axis = joint(form, nodes);
    if (axis === null || nodeOf(nodes, form.args[0]).type.batch) continue;
    // In a loop a kernel less a step counts most; elsewhere, that a product keeps its epilogue.
    const use = by.get(node.id) === "state" ? "" : useOf(users.get(node.id) ?? [], node.id);
    const key = `${use} ${keyOf(form, axis, nodes)}`;
    candidates.set(key, [...(candidates.get(key) ?? []), { node, form, axis }]);
  }
  const members = new Map<NodeId, Member>();
  for (const list of candidates.values()) {
    const [head] = list;
    if (head === undefined || list.length < 2) continue;
    const label = head.form.a[head.axis]!;
    const group: Group = {
      form: head.form,
      weights: list.map((m) => m.form.args[0]),
      weightAxis: head.axis,
      axis: head.form.y.indexOf(label),
    };
    let from = 0;
    for (const { node } of list) {
      const size = fixedExtent(node.type, group.axis);
      members.set(node.id, { group, from, size });
      from += size;
    }
  }
  return members;
}

/** What alone is done with a value: `add 0` where it is the first term of a sum. */
function useOf(users: readonly Node[], id: NodeId): string {
  const [user, ...others] = users;
  if (user?.kind !== "apply" || others.length > 0) return "";
  return `${user.op} ${user.args.indexOf(id)}`;
}

/** The first axis of the weights that only they give to the result, if its extent is a number. */
function joint({ args, a, b, y }: ProductForm, nodes: ReadonlyMap<NodeId, Node>): number | null {
  const shape = nodeOf(nodes, args[0]).type.shape;
  const at = [...a].findIndex(
    (l, i) => y.includes(l) && !b.includes(l) && typeof shape[i] === "number",
  );
  return at < 0 ? null : at;
}

/** Equal where two products may be joined along `axis` of their weights. */
function keyOf(form: ProductForm, axis: number, nodes: ReadonlyMap<NodeId, Node>): string {
  const { seq, batch, shape } = nodeOf(nodes, form.args[0]).type;
  const rest = shape.with(axis, 0);
  const { args, ...labels } = form;
  return JSON.stringify([args[1], labels, axis, seq, batch, rest]);
}

function nodeOf(nodes: ReadonlyMap<NodeId, Node>, id: NodeId): Node {
  return nodes.get(id) ?? broken(`no node ${id}`);
}
