/** @file Backpropagation through time: a scan's derivative is a scan over the same steps, last first.
 *  In: a scan, which of its values matter. Out: the body of the reversed scan and what it must be
 *  fed. Never decides where its results go: `differentiate` joins them to the main graph. */
import type { Builder } from "../ir/builder.ts";
import { absurd, invariant } from "../ir/invariant.ts";
import type { Node, NodeId, Scan, Tensor } from "../ir/ir.ts";
import { OPS } from "../ops/table.ts";
import { createAdjoints, pullBack, zeros } from "./adjoint.ts";
import { nodesOf } from "../ir/lookup.ts";

/**
 * The reversed body. Every `arg` and every value is a node of `body`; `index` counts in the
 * scan's own lists (carries, collects, slices, consts, sums).
 */
export interface ReversedBody {
  readonly body: Builder;
  /** Adjoints carried from step t+1 to step t: λ_{t−1} = (∂s_t/∂s_{t−1})ᵀ λ_t + ∂L_t/∂s_{t−1}. */
  readonly carries: readonly {
    readonly index: number;
    readonly arg: NodeId;
    readonly next: NodeId;
  }[];
  /** Slices of the adjoints of collects. */
  readonly collects: readonly { readonly index: number; readonly arg: NodeId }[];
  /** The adjoint of a sum, the same at every step. */
  readonly sums: readonly { readonly index: number; readonly arg: NodeId }[];
  /** Slices of forward values that the forward scan must collect, by the id in its body. */
  readonly saved: readonly { readonly value: NodeId; readonly arg: NodeId }[];
  /** Slices of a carry's value before each step. */
  readonly before: readonly { readonly index: number; readonly arg: NodeId }[];
  readonly slices: readonly { readonly index: number; readonly arg: NodeId }[];
  readonly consts: readonly { readonly index: number; readonly arg: NodeId }[];
  /** Results: ∂L/∂(row of a slice), to collect; ∂L/∂const of this step, to sum over steps. */
  readonly gradSlices: readonly { readonly index: number; readonly value: NodeId }[];
  readonly gradConsts: readonly { readonly index: number; readonly value: NodeId }[];
}

/**
 * `active`, `reached`: body nodes that depend on something wanted, and on which a seeded result
 * depends (see reach.ts). `seeded(i)`: does a gradient arrive at result i.
 *
 * A forward value that the backward step needs is saved when computing it again would repeat a
 * reduction, or when the scan keeps it anyway; all else is computed again from what is saved,
 * in the same kernel that uses it.
 */
export function reverseBody(
  b: Builder,
  scan: Scan,
  active: ReadonlySet<NodeId>,
  reached: ReadonlySet<NodeId>,
  seeded: (index: number) => boolean,
): ReversedBody {
  const body = b.body();
  const forward = nodesOf(scan.body);
  const typeOf = (id: NodeId): Tensor => nodeOf(forward, id).type;
  const live = (id: NodeId): boolean => active.has(id) && reached.has(id);
  const adjoints = createAdjoints(body, typeOf);
  const values = forwardValues(body, scan, forward);

  const carries = scan.carries.flatMap(({ arg, next }, index) =>
    live(arg) || live(next) ? [{ index, arg: body.leaf("arg", typeOf(arg)) }] : [],
  );
  const firstCollect = scan.carries.length;
  const firstSum = firstCollect + scan.collects.length;
  const collects = scan.collects.flatMap((id, index) =>
    live(id) && seeded(firstCollect + index) ? [{ index, arg: body.leaf("arg", typeOf(id)) }] : [],
  );
  const sums = scan.sums.flatMap((id, index) =>
    live(id) && seeded(firstSum + index) ? [{ index, arg: body.leaf("arg", typeOf(id)) }] : [],
  );
  for (const c of carries) adjoints.add(at(scan.carries, c.index).next, c.arg);
  for (const c of collects) adjoints.add(at(scan.collects, c.index), c.arg);
  for (const s of sums) adjoints.add(at(scan.sums, s.index), s.arg);

  for (const node of [...scan.body.nodes].reverse()) {
    const dy = node.kind === "apply" && live(node.id) ? adjoints.of(node.id) : null;
    if (node.kind !== "apply" || dy === null) continue;
    body.at(node.at);
    pullBack(body, node, dy, adjoints, active, values.of);
  }

  const grads = (list: readonly { readonly arg: NodeId }[]) =>
    list.flatMap(({ arg }, index) => {
      const value = active.has(arg) ? adjoints.of(arg) : null;
      return value === null ? [] : [{ index, value }];
    });
  const nexts = carries.map((c) => {
    const arg = at(scan.carries, c.index).arg;
    return { ...c, next: adjoints.of(arg) ?? zeros(body, typeOf(arg)) };
  });
  return {
    body,
    carries: nexts,
    collects,
    sums,
    ...values.used(),
    gradSlices: grads(scan.slices),
    gradConsts: grads(scan.consts),
  };
}

interface ForwardValues {
  /** The node of the reversed body that holds the forward body's value `id` at the same step. */
  of(id: NodeId): NodeId;
  used(): Pick<ReversedBody, "saved" | "before" | "slices" | "consts">;
}

function forwardValues(
  body: Builder,
  scan: Scan,
  forward: ReadonlyMap<NodeId, Node>,
): ForwardValues {
  const known = new Map<NodeId, NodeId>();
  const saved: { value: NodeId; arg: NodeId }[] = [];
  const before: { index: number; arg: NodeId }[] = [];
  const slices: { index: number; arg: NodeId }[] = [];
  const consts: { index: number; arg: NodeId }[] = [];
  const kept = new Set([...scan.collects, ...scan.carries.map((c) => c.next)]);

  const bind = (node: Node): NodeId => {
    const arg = body.leaf("arg", node.type);
    const lists = [
      [scan.carries, before],
      [scan.slices, slices],
      [scan.consts, consts],
    ] as const;
    for (const [of, uses] of lists) {
      const index = of.findIndex((x) => x.arg === node.id);
      if (index >= 0) {
        uses.push({ index, arg });
        return arg;
      }
    }
    invariant(false, `leaf ${node.id} of the scan's body is bound to nothing`);
  };
  const make = (node: Node): NodeId => {
    switch (node.kind) {
      case "const":
        return body.lit(node.value);
      case "leaf":
        return bind(node);
      case "apply": {
        const def = OPS[node.op];
        const reduces = def.form === "structured" && def.reduces === true;
        if (!reduces && !kept.has(node.id)) return body.copy(node, of);
        const arg = body.leaf("arg", node.type);
        saved.push({ value: node.id, arg });
        return arg;
      }
      case "scan":
      case "item":
        return invariantScan();
      default:
        return absurd(node);
    }
  };
  const of = (id: NodeId): NodeId => {
    const there = known.get(id);
    if (there !== undefined) return there;
    const made = make(nodeOf(forward, id));
    known.set(id, made);
    return made;
  };
  return { of, used: () => ({ saved, before, slices, consts }) };
}

function invariantScan(): never {
  invariant(false, "a scan inside a scan's body");
}

function nodeOf(nodes: ReadonlyMap<NodeId, Node>, id: NodeId): Node {
  const node = nodes.get(id);
  invariant(node !== undefined, `no node ${id} in the scan's body`);
  return node;
}

function at<T>(list: readonly T[], i: number): T {
  const x = list[i];
  invariant(x !== undefined, `no entry ${i}`);
  return x;
}
