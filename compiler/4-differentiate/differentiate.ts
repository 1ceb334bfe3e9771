/** @file Reverse-mode differentiation of a whole graph, scans included. In: a graph and what is
 *  differentiated with respect to what. Out: the graph, with its gradient. Never optimises.
 *  Sources: Linnainmaa 1976; Werbos 1990 (backpropagation through time). */
import { type Builder, createBuilder } from "../ir/builder.ts";
import { invariant } from "../ir/invariant.ts";
import type { Graph, NodeId, Scan, Tensor } from "../ir/ir.ts";
import { createAdjoints, pullBack, zeros } from "./adjoint.ts";
import { activeInBody, activeNodes, reachedInBody, reachedNodes } from "./reach.ts";
import { type ReversedBody, reverseBody } from "./through-time.ts";

/** L = Σ over `outputs` of the sum of seed · output. A seed `null` is 1 (the output is a scalar loss). */
export interface Seed {
  readonly output: string;
  /** Key of the leaf that holds ∂L/∂output, of the output's type; null for 1. */
  readonly leaf: string | null;
}

/** A leaf; the type is what zeros have where the graph no longer holds it. */
export interface Wanted {
  readonly key: string;
  readonly type: Tensor;
}

/**
 * The graph with outputs `grad:KEY` added: ∂L/∂leaf for every leaf in `wrt`, of the leaf's type;
 * zeros where L does not depend on it.
 */
export function differentiate(graph: Graph, seeds: readonly Seed[], wrt: readonly Wanted[]): Graph {
  const b = createBuilder();
  const outputs = new Map(graph.outputs.map((o) => [o.key, o.id]));
  const seeded = seeds.map((s) => ({
    ...s,
    id: need(outputs.get(s.output), `no output ${s.output}`),
  }));
  const active = activeNodes(graph, (key) => wrt.some((w) => w.key === key));
  const reached = reachedNodes(
    graph,
    seeded.map((s) => s.id),
  );

  const ids = new Map<NodeId, NodeId>();
  const here = (id: NodeId): NodeId => need(ids.get(id), `node ${id} comes before what it reads`);
  const reversed = new Map<NodeId, ReversedScan>();
  for (const node of graph.nodes) {
    if (node.kind === "scan" && active.has(node.id) && reached.has(node.id)) {
      const r = reverseScan(b, graph, node, active, reached, here);
      reversed.set(node.id, r);
      ids.set(node.id, r.forward);
    } else if (node.kind === "item") {
      const scan = reversed.get(node.of);
      ids.set(
        node.id,
        scan === undefined ? b.copy(node, here) : b.item(scan.forward, scan.indexOf(node.index)),
      );
    } else {
      ids.set(node.id, b.copy(node, here));
    }
  }

  const adjoints = createAdjoints(b, (id) => b.type(here(id)));
  for (const s of seeded) {
    if (active.has(s.id))
      adjoints.add(s.id, s.leaf === null ? b.lit(1) : b.leaf(s.leaf, b.type(here(s.id))));
  }
  for (const node of [...graph.nodes].reverse()) {
    if (!active.has(node.id) || !reached.has(node.id)) continue;
    if (node.kind === "scan") {
      const r = need(reversed.get(node.id), "an active scan was not reversed");
      const items = graph.nodes.filter((n) => n.kind === "item" && n.of === node.id);
      const adjointOf = (index: number): NodeId | null => {
        const found = items.flatMap((n) => {
          const d = n.kind === "item" && n.index === index ? adjoints.of(n.id) : null;
          return d === null ? [] : [d];
        });
        return found.length === 0 ? null : found.reduce((x, y) => b.add(x, y));
      };
      r.emit(adjointOf, (outer, d) => active.has(outer) && adjoints.add(outer, d));
    } else if (node.kind === "apply") {
      const dy = adjoints.of(node.id);
      if (dy === null) continue;
      b.at(node.at);
      pullBack(b, node, dy, adjoints, active, here);
    }
  }

  const grads = wrt.map(({ key, type }) => {
    const leaves = graph.nodes.filter((n) => n.kind === "leaf" && n.key === key);
    const parts = leaves.flatMap((n) => adjoints.of(n.id) ?? []);
    const id = parts.length === 0 ? zeros(b, type) : parts.reduce((x, y) => b.add(x, y));
    return { key: `grad:${key}`, id };
  });
  return b.finish([...graph.outputs.map((o) => ({ key: o.key, id: here(o.id) })), ...grads]);
}

interface ReversedScan {
  /** The forward scan, with what the reversed one needs collected too. */
  readonly forward: NodeId;
  /** Where a result of the original scan stands in the extended one. */
  indexOf(index: number): number;
  /** Appends the reversed scan; `adjointOf` gives adjoints by result, `add` takes those of outer nodes. */
  emit(adjointOf: (index: number) => NodeId | null, add: (outer: NodeId, d: NodeId) => void): void;
}

function reverseScan(
  b: Builder,
  graph: Graph,
  scan: Scan,
  active: ReadonlySet<NodeId>,
  reached: ReadonlySet<NodeId>,
  here: (id: NodeId) => NodeId,
): ReversedScan {
  const seeded = (index: number): boolean =>
    graph.nodes.some(
      (n) => n.kind === "item" && n.of === scan.id && n.index === index && reached.has(n.id),
    );
  const inBody = activeInBody(scan, active);
  const r = reverseBody(b, scan, inBody, reachedInBody(scan, seeded), seeded);

  const keep = (list: NodeId[], value: NodeId): NodeId[] =>
    list.includes(value) ? list : [...list, value];
  const collects = [
    ...r.saved.map((s) => s.value),
    ...r.before.map((c) => at(scan.carries, c.index).next),
  ].reduce(keep, [...scan.collects]);
  const forward = b.copy({ ...scan, collects }, here);
  const first = scan.carries.length;
  const added = collects.length - scan.collects.length;
  const sequence = (value: NodeId): NodeId => b.item(forward, first + collects.indexOf(value));

  return {
    forward,
    indexOf: (index) => (index < first + scan.collects.length ? index : index + added),
    emit(adjointOf, add) {
      b.at(scan.at);
      const firstSum = first + scan.collects.length;
      const zerosLike = (type: Tensor): NodeId => zeros(b, type);
      const init = (c: ReversedBody["carries"][number]): NodeId =>
        adjointOf(c.index) ?? zerosLike(b.type(here(at(scan.carries, c.index).init)));
      const before = (index: number): NodeId => {
        const carry = at(scan.carries, index);
        return b.apply("delay", [sequence(carry.next), here(carry.init)], {
          reverse: scan.reverse,
        });
      };
      const collected = (index: number, arg: NodeId): NodeId =>
        adjointOf(first + index) ?? zerosLike({ ...r.body.type(arg), seq: scan.over });
      const summed = (index: number, arg: NodeId): NodeId =>
        adjointOf(firstSum + index) ?? zerosLike(r.body.type(arg));
      const id = b.scan({
        over: scan.over,
        reverse: !scan.reverse,
        carries: r.carries.map((c) => ({ arg: c.arg, init: init(c), next: c.next })),
        slices: [
          ...r.collects.map((c) => ({ arg: c.arg, of: collected(c.index, c.arg) })),
          ...r.saved.map((s) => ({ arg: s.arg, of: sequence(s.value) })),
          ...r.before.map((c) => ({ arg: c.arg, of: before(c.index) })),
          ...r.slices.map((s) => ({ arg: s.arg, of: here(at(scan.slices, s.index).of) })),
        ],
        consts: [
          ...r.consts.map((c) => ({ arg: c.arg, of: here(at(scan.consts, c.index).of) })),
          ...r.sums.map((s) => ({ arg: s.arg, of: summed(s.index, s.arg) })),
        ],
        collects: r.gradSlices.map((g) => g.value),
        sums: r.gradConsts.map((g) => g.value),
        body: r.body,
      });
      for (const [i, c] of r.carries.entries()) add(at(scan.carries, c.index).init, b.item(id, i));
      const base = r.carries.length;
      for (const [i, g] of r.gradSlices.entries())
        add(at(scan.slices, g.index).of, b.item(id, base + i));
      const baseSums = base + r.gradSlices.length;
      for (const [i, g] of r.gradConsts.entries())
        add(at(scan.consts, g.index).of, b.item(id, baseSums + i));
    },
  };
}

function at<T>(list: readonly T[], i: number): T {
  return need(list[i], `no entry ${i}`);
}

function need<T>(x: T | undefined, message: string): T {
  invariant(x !== undefined, message);
  return x;
}
