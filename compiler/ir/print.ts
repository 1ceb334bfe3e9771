/** @file Text of a graph. In: a graph. Out: a line a node, the same for the same graph; for golden
 *  files and `dump`. Never shows spans: edits elsewhere in a file must not change it. */
import { OPS } from "../ops/table.ts";
import { withDefaults } from "../ops/typing.ts";
import { absurd } from "./invariant.ts";
import type { Attr, Attrs, Graph, Node, NodeId, Scan, Tensor } from "./ir.ts";
import { itemTypes } from "./scan.ts";
import { nodesOf } from "./lookup.ts";

/**
 * `%3 i = sigmoid(%2) : T B [H]`, types as sequence, B for batch, shape; then a line an output.
 * Numbers stand where they are used; a scan's body is indented, its ids starting anew.
 */
export function print(graph: Graph): string {
  const lines = printNodes(graph, "");
  for (const { key, id } of graph.outputs) lines.push(`${key} = ${operand(graph)(id)}`);
  return `${lines.join("\n")}\n`;
}

/** `T B [4, H] index`; a scalar that varies over nothing is `[]`. */
export function printType(t: Tensor): string {
  const over = [...(t.seq === null ? [] : [t.seq]), ...(t.batch ? ["B"] : [])];
  return [...over, `[${t.shape.join(", ")}]`, ...(t.dtype === "index" ? ["index"] : [])].join(" ");
}

function printNodes(graph: Graph, indent: string): string[] {
  const ref = operand(graph);
  return graph.nodes.flatMap((node) => printNode(node, ref).map((line) => `${indent}${line}`));
}

function operand(graph: Graph): (id: NodeId) => string {
  const byId = nodesOf(graph);
  return (id) => {
    const node = byId.get(id);
    return node?.kind === "const" ? String(node.value) : `%${id}`;
  };
}

function printNode(node: Node, ref: (id: NodeId) => string): string[] {
  const head = `%${node.id}${node.name === undefined ? "" : ` ${node.name}`}`;
  const type = printType(node.type);
  switch (node.kind) {
    case "const":
      return [];
    case "leaf":
      return [`${head} = leaf ${node.key} : ${type}`];
    case "apply": {
      const args = [...node.args.map(ref), ...printAttrs(node.op, node.attrs)];
      return [`${head} = ${node.op}(${args.join(", ")}) : ${type}`];
    }
    case "item":
      return [`${head} = %${node.of}.${node.index} : ${type}`];
    case "scan":
      return printScan(node, head, ref);
    default:
      return absurd(node);
  }
}

function printScan(scan: Scan, head: string, ref: (id: NodeId) => string): string[] {
  const inner = operand(scan.body);
  const types = itemTypes(scan).map(printType);
  const list = (word: string, parts: readonly string[]): string[] =>
    parts.length === 0 ? [] : [`  ${word} ${parts.join(", ")}`];
  return [
    `${head} = scan ${scan.over}${scan.reverse ? " reversed" : ""} : ${types.join("; ")}`,
    ...list(
      "slice",
      scan.slices.map((s) => `%${s.arg} of ${ref(s.of)}`),
    ),
    ...list(
      "const",
      scan.consts.map((c) => `%${c.arg} is ${ref(c.of)}`),
    ),
    ...list(
      "carry",
      scan.carries.map((c) => `%${c.arg} from ${ref(c.init)}`),
    ),
    ...printNodes(scan.body, "    "),
    ...list(
      "next",
      scan.carries.map((c) => `%${c.arg} := ${inner(c.next)}`),
    ),
    ...list("collect", scan.collects.map(inner)),
    ...list("sum", scan.sums.map(inner)),
  ];
}

/** Attributes that are not at their default, in the order of their names. */
function printAttrs(op: keyof typeof OPS, attrs: Attrs): string[] {
  const usual = withDefaults(OPS[op], {});
  return Object.keys(attrs)
    .sort()
    .flatMap((name) => {
      const value = printAttr(attrs[name]!);
      const plain = usual[name] !== undefined && printAttr(usual[name]) === value;
      return plain ? [] : [`${name}=${value}`];
    });
}

function printAttr(a: Attr): string {
  return typeof a === "object" ? `[${a.join(",")}]` : typeof a === "string" ? `"${a}"` : String(a);
}
