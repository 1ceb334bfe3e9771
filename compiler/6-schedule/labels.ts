/** @file Names of buffers for people. In: a graph. Out: what a value is called in the spec, or how it is
 *  made of values that are. Never tells two values apart. */
import type { Graph, Node, NodeId } from "../ir/ir.ts";
import { nodesOf } from "../ir/lookup.ts";

export interface Labels {
  readonly of: (id: NodeId) => string;
}

/** Longer ones give way to the op. */
const LONGEST = 32;

/** `outside` names what a body's leaf is bound to. */
export function createLabels(graph: Graph, outside: (leaf: NodeId) => string | null): Labels {
  const nodes = nodesOf(graph);
  const outputs = new Map(graph.outputs.map((o) => [o.id, o.key]));
  const known = new Map<NodeId, string | null>();
  /** Null where no name of the spec is in it. */
  const named = (id: NodeId): string | null => {
    const node = nodes.get(id);
    if (node === undefined) return null;
    const there = known.get(id);
    if (there !== undefined) return there;
    const label = node.name ?? outputs.get(id) ?? made(node);
    known.set(id, label);
    return label;
  };
  const made = (node: Node): string | null => {
    switch (node.kind) {
      case "leaf":
        return node.key === "arg" ? outside(node.id) : node.key.slice(node.key.indexOf(":") + 1);
      case "const":
        return String(node.value);
      case "item":
        return result(nodes.get(node.of), node.index);
      case "scan":
        return null;
      case "apply": {
        const sign = SIGNS[node.op];
        const parts = sign === undefined ? [] : node.args.map(named);
        if (sign === undefined || parts.some((p) => p === null)) return null;
        const text = parts.join(sign);
        return text.length > LONGEST ? null : text;
      }
    }
  };
  const kind = (node: Node | undefined) => (node?.kind === "apply" ? node.op : (node?.kind ?? ""));
  return { of: (id) => named(id) ?? kind(nodes.get(id)) };
}

const SIGNS: Readonly<Record<string, string>> = { concat: "|", contract: "·", add: "+" };

/** What the body calls the value that a scan's result is. */
function result(scan: Node | undefined, index: number): string | null {
  if (scan?.kind !== "scan") return null;
  const carry = scan.carries[index];
  const rest = [...scan.collects, ...scan.sums];
  const id = carry?.next ?? rest[index - scan.carries.length];
  return scan.body.nodes.find((n) => n.id === id)?.name ?? null;
}
