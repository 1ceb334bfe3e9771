/** @file The transposed Jacobian of a step, as a graph that is linear in adjoints. In: a loop. Out: the body with
 *  its derivative, and which of its values that derivative needs. By the ops' `vjp`s alone. */
import { createAdjoints, pullBack } from "../4-differentiate/adjoint.ts";
import { type Builder, createBuilder } from "../ir/builder.ts";
import { invariant } from "../ir/invariant.ts";
import { type NodeId, reads, type Tensor } from "../ir/ir.ts";
import type { Loop } from "./loop.ts";

export interface Linearised {
  /** The step's body, with what coefficients need computed after it. */
  readonly body: Builder;
  /** Body nodes that the linear part reads; `isFixed` where they are the same at all steps. */
  readonly coefficients: readonly { readonly id: NodeId; readonly isFixed: boolean }[];
  /**
   * Builds λ' = Jᵀ λ + (∂outputs/∂states)ᵀ υ in `b`: adjoints of the slots before the step, from those after it and
   * those of the scan's collects. `coefficient` gives the node of `b` that holds one.
   */
  readonly apply: (
    b: Builder,
    lambda: readonly (NodeId | null)[],
    upsilon: readonly (NodeId | null)[],
    coefficient: (index: number) => NodeId,
  ) => readonly (NodeId | null)[];
}

export function linearise(loop: Loop): Linearised {
  const { scan } = loop;
  const body = createBuilder();
  for (const node of scan.body.nodes) {
    const id = body.copy(node, (before) => before);
    invariant(id === node.id, "a body that was just built keeps its ids");
  }
  const last = scan.body.nodes.length;
  const wide = (id: NodeId): Tensor => ({ ...body.type(id), batch: true });
  const lambda = loop.slots.map((s) => body.leaf("lambda", wide(s.next)));
  const upsilon = scan.collects.map((id) => body.leaf("upsilon", wide(id)));
  const active = new Set(loop.slots.map((s) => s.arg));
  for (const node of scan.body.nodes)
    if (node.type.dtype === "real" && reads(node).some((id) => active.has(id))) active.add(node.id);

  const adjoints = createAdjoints(body, wide);
  const seed = (id: NodeId, leaf: NodeId): void => {
    if (active.has(id)) adjoints.add(id, leaf);
  };
  for (const [i, s] of loop.slots.entries()) seed(s.next, lambda[i]!);
  for (const [i, id] of scan.collects.entries()) seed(id, upsilon[i]!);
  for (const node of [...scan.body.nodes].reverse()) {
    const dy = node.kind === "apply" && active.has(node.id) ? adjoints.of(node.id) : null;
    if (node.kind === "apply" && dy !== null) pullBack(body, node, dy, adjoints, active, same);
  }
  const results = loop.slots.map((s) => adjoints.of(s.arg));

  const isLinear = dependents(body, last, [...lambda, ...upsilon]);
  const found = new Map<NodeId, number>();
  const collect = (id: NodeId): void => {
    for (const arg of reads(body.node(id))) {
      if (isLinear(arg)) continue;
      if (body.node(arg).kind !== "const" && !found.has(arg)) found.set(arg, found.size);
    }
  };
  const linear = reachable(body, results, isLinear);
  for (const id of linear) collect(id);
  const isFixed = fixed(loop, body);

  return {
    body,
    coefficients: [...found.keys()].map((id) => ({ id, isFixed: isFixed(id) })),
    apply(b, lambdas, upsilons, coefficient) {
      const made = new Map<NodeId, NodeId | null>();
      for (const [i, id] of lambda.entries()) made.set(id, lambdas[i]!);
      for (const [i, id] of upsilon.entries()) made.set(id, upsilons[i]!);
      const other = (id: NodeId): NodeId => {
        const node = body.node(id);
        return node.kind === "const" ? b.lit(node.value) : coefficient(found.get(id)!);
      };
      for (const id of linear)
        if (!made.has(id)) made.set(id, copied(b, body, id, made, other, isLinear));
      return results.map((id) => (id === null ? null : (made.get(id) ?? null)));
    },
  };
}

const same = (id: NodeId): NodeId => id;

/** A linear node of the body again in `b`; null where all adjoints that it would read are zero. */
function copied(
  b: Builder,
  body: Builder,
  id: NodeId,
  made: ReadonlyMap<NodeId, NodeId | null>,
  other: (id: NodeId) => NodeId,
  isLinear: (id: NodeId) => boolean,
): NodeId | null {
  const node = body.node(id);
  invariant(node.kind === "apply", "an adjoint of ops");
  const args = node.args.map((a) => (isLinear(a) ? (made.get(a) ?? null) : other(a)));
  const present = args.flatMap((a) => (a === null ? [] : [a]));
  const zeros = node.args.filter((a, i) => isLinear(a) && args[i] === null).length;
  if (zeros === 0) return b.apply(node.op, present, node.attrs);
  if (zeros === node.args.filter(isLinear).length) return null;
  if (node.op === "add") return present[0]!;
  if (node.op === "sub") return args[0] === null ? b.neg(present[0]!) : present[0]!;
  const like = present[0]!;
  return b.apply(
    node.op,
    args.map((a) => a ?? b.mul(like, b.lit(0))),
    node.attrs,
  );
}

/** Which of the nodes from `last` on depend on one of `leaves`. */
function dependents(
  body: Builder,
  last: NodeId,
  leaves: readonly NodeId[],
): (id: NodeId) => boolean {
  const known = new Map<NodeId, boolean>(leaves.map((id) => [id, true]));
  const visit = (id: NodeId): boolean => {
    if (id < last) return false;
    const there = known.get(id);
    if (there !== undefined) return there;
    const found = reads(body.node(id)).some(visit);
    known.set(id, found);
    return found;
  };
  return visit;
}

/** Linear nodes that the results need, in order. */
function reachable(
  body: Builder,
  results: readonly (NodeId | null)[],
  isLinear: (id: NodeId) => boolean,
): readonly NodeId[] {
  const found = new Set<NodeId>();
  const visit = (id: NodeId): void => {
    if (found.has(id) || !isLinear(id)) return;
    found.add(id);
    reads(body.node(id)).forEach(visit);
  };
  for (const id of results) if (id !== null) visit(id);
  return [...found].filter((id) => body.node(id).kind !== "leaf").sort((a, b) => a - b);
}

/** Does a node depend on nothing that changes from step to step? */
function fixed(loop: Loop, body: Builder): (id: NodeId) => boolean {
  const consts = new Set(loop.scan.consts.map((c) => c.arg));
  const known = new Map<NodeId, boolean>();
  const visit = (id: NodeId): boolean => {
    const there = known.get(id);
    if (there !== undefined) return there;
    const node = body.node(id);
    const found = node.kind === "leaf" ? consts.has(id) : reads(node).every(visit);
    known.set(id, found);
    return found;
  };
  return visit;
}
