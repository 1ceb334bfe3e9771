/** @file Tells whether a node computes again what a loop computed. In: a graph, a loop of it. Out: a test of
 *  two nodes. Never builds. */
import type { Apply, Graph, NodeId, Scan } from "../ir/ir.ts";
import { nodesOf } from "../ir/lookup.ts";
import { flag } from "../ops/attrs.ts";
import { isCommutative } from "./cse.ts";

/** A node of another loop's body, or of the main graph where `loop` is null. */
export interface Again {
  readonly loop: Scan | null;
  readonly id: NodeId;
}

/** Is it? `known` are two that are taken to be the same, or none. */
export type Same = (value: NodeId, again: Again, known?: readonly [NodeId, NodeId]) => boolean;

/**
 * Is `value` of the forward loop's body, at every step, the value of `again` at that step? It is where `again` reads
 * what the loop collects of it, or the state that the step began from (the history of that state, a step late), or the
 * same outer value, or where both are the same op of the same values.
 */
export function recomputed(graph: Graph, forward: Scan): Same {
  const main = nodesOf(graph);
  const body = nodesOf(forward.body);
  const isCollect = (item: NodeId, value: NodeId): boolean => {
    const node = main.get(item);
    if (node?.kind !== "item" || node.of !== forward.id) return false;
    return forward.collects[node.index - forward.carries.length] === value;
  };
  const isStateBefore = (outer: NodeId, value: NodeId): boolean => {
    const carry = forward.carries.find((c) => c.arg === value);
    const node = main.get(outer);
    if (carry === undefined || node?.kind !== "apply" || node.op !== "delay") return false;
    const [history, init] = node.args;
    const isOfLoop = isCollect(history!, carry.next) && init === carry.init;
    return isOfLoop && flag(node.attrs, "reverse") === forward.reverse;
  };
  /** Both orders of a sum are tried, and nodes are shared: what was asked is not asked again. */
  const answers = new Map<string, boolean>();
  const same: Same = (value, { loop, id }, known) => {
    if (known !== undefined && known[0] === value && known[1] === id) return true;
    const key = `${loop?.id} ${value} ${id} ${known}`;
    const answer = answers.get(key) ?? isSame(value, { loop, id }, known);
    answers.set(key, answer);
    return answer;
  };
  const isSame: Same = (value, { loop, id }, known) => {
    const outer = loop === null ? id : outerOf(loop, id);
    if (outer !== null) {
      if (outerOf(forward, value) === outer) return true;
      if (isCollect(outer, value) || isStateBefore(outer, value)) return true;
    }
    const x = body.get(value);
    const y = (loop === null ? main : nodesOf(loop.body)).get(id);
    if (x?.kind === "const" && y?.kind === "const") return Object.is(x.value, y.value);
    return x?.kind === "apply" && y?.kind === "apply" && alike(x, y, loop, known);
  };
  const alike = (x: Apply, y: Apply, loop: Scan | null, known: Parameters<Same>[2]): boolean => {
    if (x.op !== y.op || x.args.length !== y.args.length) return false;
    if (JSON.stringify(x.attrs) !== JSON.stringify(y.attrs)) return false;
    const args = (ids: readonly NodeId[]) =>
      ids.every((id, i) => same(x.args[i]!, { loop, id }, known));
    return args(y.args) || (isCommutative(x.op) && args([...y.args].reverse()));
  };
  return same;
}

/** What a slice or a constant of a loop is bound to; null for other nodes of its body. */
function outerOf(scan: Scan, arg: NodeId): NodeId | null {
  return [...scan.slices, ...scan.consts].find((p) => p.arg === arg)?.of ?? null;
}
