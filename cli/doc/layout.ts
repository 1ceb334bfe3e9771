/** @file Places for a picture. In: a diagram. Out: boxes, bends and places of labels, in pixels. Never in
 *  another order than the graph's: the same diagram gives the same picture. */
import type { ELK, ElkExtendedEdge, ElkNode } from "elkjs";
import type { Diagram, DiagramEdge, DiagramNode } from "./diagram.ts";
import { type Ink, widthOf } from "./ink.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly (DiagramNode & { readonly box: Box })[];
  readonly edges: readonly (DiagramEdge & {
    readonly points: readonly Point[];
    /** Where it parts from others of one end: marked, as lines that cross are not. */
    readonly junctions: readonly Point[];
    readonly labelBox: Box | null;
  })[];
}

/** Sizes of letters, in pixels. */
export const FONT = { name: 17, sign: 15, label: 13 } as const;
const PAD = 10;

/** What is known first, then what follows, to the right or down; delays run back around it. */
export async function layOut(
  diagram: Diagram,
  engine: ELK,
  direction: "RIGHT" | "DOWN",
): Promise<Placed> {
  const graph: ElkNode = {
    id: "root",
    layoutOptions: { ...OPTIONS, "elk.direction": direction },
    children: diagram.nodes.map((n) => ({
      id: n.id,
      ...sizeOf(n),
      ports: PORTS.map((name) => port(n.id, name, SIDES[direction])),
      layoutOptions: { "elk.portConstraints": "FIXED_SIDE", ...constraint(n) },
    })),
    edges: diagram.edges.map((e, i) => ({
      id: String(i),
      sources: [`${e.from} ${e.kind} out`],
      targets: [`${e.to} ${e.kind} in`],
      labels:
        e.label === null ? [] : [{ text: "label", ...labelSize(e.label), layoutOptions: INLINE }],
      layoutOptions: { "elk.layered.priority.direction": e.kind === "delay" ? "0" : "10" },
    })),
  };
  const placed = await engine.layout(graph);
  const boxes = new Map(placed.children?.map((c) => [c.id, boxOf(c)]));
  const edges = new Map((placed.edges as ElkExtendedEdge[]).map((e) => [e.id, e]));
  return {
    width: Math.ceil(placed.width ?? 0),
    height: Math.ceil(placed.height ?? 0),
    nodes: diagram.nodes.map((n) => ({ ...n, box: boxes.get(n.id)! })),
    edges: diagram.edges.map((e, i) => {
      const { sections = [], labels = [], junctionPoints = [] } = edges.get(String(i))!;
      const points = sections.flatMap((s) => [s.startPoint, ...(s.bendPoints ?? []), s.endPoint]);
      const labelBox = labels[0] === undefined ? null : boxOf(labels[0]);
      return { ...e, points, junctions: junctionPoints, labelBox };
    }),
  };
}

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.padding": "[top=8,left=8,bottom=8,right=8]",
  "elk.spacing.nodeNode": "18",
  "elk.spacing.edgeNode": "12",
  "elk.spacing.edgeEdge": "10",
  "elk.layered.spacing.nodeNodeBetweenLayers": "26",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
  "elk.layered.feedbackEdges": "true",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.edgeLabels.placement": "CENTER",
  "elk.randomSeed": "1",
};

/** On the line, which is hidden behind it. */
const INLINE = { "elk.edgeLabels.inline": "true" };

/** What flows enters on one side and leaves on the other; edges of one side share an end. */
const PORTS = ["flow in", "flow out", "delay in", "delay out"] as const;
const SIDES = { RIGHT: { in: "WEST", out: "EAST" }, DOWN: { in: "NORTH", out: "SOUTH" } } as const;

const port = (
  id: string,
  name: (typeof PORTS)[number],
  side: (typeof SIDES)["RIGHT" | "DOWN"],
) => ({
  id: `${id} ${name}`,
  width: 0,
  height: 0,
  layoutOptions: { "elk.port.side": name.endsWith("in") ? side.in : side.out },
});

function constraint({ kind }: DiagramNode): Record<string, string> {
  switch (kind) {
    case "input":
    case "memory":
    case "past":
      return { "elk.layered.layering.layerConstraint": "FIRST" };
    case "output":
      return { "elk.layered.layering.layerConstraint": "LAST" };
    default:
      return {};
  }
}

function sizeOf({ kind, name, sign }: DiagramNode): { width: number; height: number } {
  const nameWidth = name === null ? 0 : widthOf(name) * FONT.name;
  const signWidth = sign === null ? 0 : widthOf(sign) * FONT.sign;
  if (kind === "operation") return { width: Math.max(28, signWidth + 14), height: 28 };
  if (kind === "output") return { width: nameWidth * 0.8 + 6, height: 22 };
  return {
    width: Math.max(44, nameWidth + 2 * PAD, signWidth + 2 * PAD),
    height: sign === null ? 34 : 46,
  };
}

const labelSize = (ink: Ink) => ({ width: widthOf(ink) * FONT.label + 6, height: FONT.label + 6 });

const boxOf = ({ x = 0, y = 0, width = 0, height = 0 }: Partial<Box>): Box => ({
  x,
  y,
  width,
  height,
});
