/** @file A picture before it has places. In: nothing. Out: nodes and edges as plain data, and what adds them
 *  in order. Never coordinates. */
import type { Ink } from "./ink.ts";

export type NodeId = string;

export type NodeKind =
  | "input"
  | "memory"
  /** A state's value of an earlier step. */
  | "past"
  | "gate"
  | "value"
  | "state"
  | "operation"
  | "layer"
  | "output";

export interface DiagramNode {
  readonly id: NodeId;
  readonly kind: NodeKind;
  /** The value that it holds; null where it has no name. */
  readonly name: Ink | null;
  /** What it does to what flows in; null where it only takes. */
  readonly sign: Ink | null;
  /** Shown on asking: the equation. */
  readonly title: string;
}

export interface DiagramEdge {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly kind: "flow" | "delay";
  /** The weight that it passes, or what it is for the node it enters. */
  readonly label: Ink | null;
}

export interface Diagram {
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
}

/** Collects a diagram; ids of operations count up. */
export interface Draft {
  node(node: DiagramNode): NodeId;
  operation(title: string): NodeId;
  sign(id: NodeId, sign: Ink): void;
  edge(edge: DiagramEdge): void;
  readonly finish: () => Diagram;
}

export function draft(): Draft {
  const nodes = new Map<NodeId, DiagramNode>();
  const edges: DiagramEdge[] = [];
  const node = (n: DiagramNode): NodeId => {
    if (!nodes.has(n.id)) nodes.set(n.id, n);
    return n.id;
  };
  return {
    node,
    operation: (title) =>
      node({ id: `operation ${nodes.size}`, kind: "operation", name: null, sign: null, title }),
    sign: (id, sign) => nodes.set(id, { ...nodes.get(id)!, sign }),
    edge: (e) => edges.push(e),
    finish: () => ({ nodes: [...nodes.values()], edges }),
  };
}
