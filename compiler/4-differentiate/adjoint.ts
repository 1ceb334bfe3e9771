/** @file Adjoints of the nodes of one graph. In: nodes, and what is known of their results' adjoints.
 *  Out: adjoints of the leaves, by the ops' own derivatives. Never enters a scan: `through-time` does. */
import type { Builder } from "../ir/builder.ts";
import type { Apply, NodeId, Tensor } from "../ir/ir.ts";
import { OPS } from "../ops/table.ts";
import { invariant } from "../ir/invariant.ts";

/** Sums of contributions by node; a node's adjoint has the node's own type. */
export interface Adjoints {
  /** Adds a contribution of any type that broadcasts from the node's: what was broadcast is summed. */
  add(id: NodeId, contribution: NodeId): void;
  /** ∂L/∂(node), or null where nothing contributed. */
  of(id: NodeId): NodeId | null;
}

/** `typeOf` gives the type of a differentiated node; contributions are nodes of `b`. */
export function createAdjoints(b: Builder, typeOf: (id: NodeId) => Tensor): Adjoints {
  const parts = new Map<NodeId, NodeId>();
  return {
    add(id, contribution) {
      const one = unbroadcast(b, contribution, typeOf(id));
      const known = parts.get(id);
      parts.set(id, known === undefined ? one : b.add(known, one));
    },
    of: (id) => parts.get(id) ?? null,
  };
}

/**
 * Pulls a node's adjoint dy back to its arguments: dx_i += (∂y/∂x_i)ᵀ dy for the active ones.
 * `value` gives the node of `b` that holds a differentiated node's value.
 */
export function pullBack(
  b: Builder,
  node: Apply,
  dy: NodeId,
  adjoints: Adjoints,
  active: ReadonlySet<NodeId>,
  value: (id: NodeId) => NodeId,
): void {
  const def = OPS[node.op];
  invariant(
    def.form !== "compound",
    `${node.op}: compound ops are expanded before differentiation`,
  );
  const back = def.vjp({ b, args: node.args.map(value), y: value(node.id), dy, attrs: node.attrs });
  for (const [i, arg] of node.args.entries()) {
    const d = back[i];
    if (d !== undefined && d !== null && active.has(arg)) adjoints.add(arg, d);
  }
}

/**
 * The transpose of broadcasting: sums a value over the steps, samples and axes that `to` lacks,
 * and over axes where `to` has extent 1. Same type in, same node out.
 */
export function unbroadcast(b: Builder, id: NodeId, to: Tensor): NodeId {
  const from = b.type(id);
  const extra = from.shape.length - to.shape.length;
  invariant(
    extra >= 0,
    `an adjoint of rank ${from.shape.length} for a value of rank ${to.shape.length}`,
  );
  const ones = to.shape.flatMap((d, i) => (d === 1 && from.shape[extra + i] !== 1 ? [i] : []));
  const axes = [...from.shape.slice(0, extra).keys(), ...ones.map((i) => extra + i)];
  const seq = to.seq !== null;
  const batch = to.batch;
  const drops = (from.seq !== null && !seq) || (from.batch && !batch) || axes.length > 0;
  const summed = drops ? b.apply("sum", [id], { axes, seq, batch }) : id;
  const missing = (seq && from.seq === null) || (batch && !from.batch);
  if (ones.length === 0 && !missing) return summed;
  return b.apply("expand", [summed], {
    axes: ones,
    dims: ones.map(() => 1),
    seq: missing && to.seq !== null ? to.seq : "",
    batch: missing && batch,
  });
}

/** Zeros of a type. */
export function zeros(b: Builder, type: Tensor): NodeId {
  return b.apply("expand", [b.lit(0)], {
    axes: [...type.shape.keys()],
    dims: type.shape,
    seq: type.seq ?? "",
    batch: type.batch,
  });
}
