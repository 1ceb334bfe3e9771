/** @file Checks a graph. In: a graph, the name of who made it. Out: the same graph. Throws (our bug)
 *  where order, types or a scan's parts do not hold. Never changes anything. */
import { OPS, type OpName } from "../ops/table.ts";
import { isRefusal, resultType, withDefaults } from "../ops/typing.ts";
import { absurd, invariant } from "./invariant.ts";
import {
  type Graph,
  type Node,
  type NodeId,
  reads,
  SCALAR,
  sameType,
  type Scan,
  type Tensor,
} from "./ir.ts";
import { itemType } from "./scan.ts";
import { nodesOf } from "./lookup.ts";

/**
 * `graph`, if it is sound: ids unique, what a node reads stands before it, every stored type is the
 * one its op's rule gives, scans agree with their bodies. Else throws, naming `where` and the node.
 */
export function verify(graph: Graph, where: string): Graph {
  checkGraph(graph, where, null);
  return graph;
}

type Fail = (why: string) => never;

/** Bodies are checked once: programs share them, and passes leave most as they are. */
const sound = new WeakSet<Graph>();

function checkGraph(graph: Graph, where: string, scan: Scan | null): void {
  if (scan !== null && sound.has(graph)) return;
  const seen = new Map<NodeId, Node>();
  for (const node of graph.nodes) {
    const fail: Fail = (why) => {
      const place = scan === null ? "" : ` in the body of scan ${scan.id}`;
      const line = node.at.file === "" ? "" : ` (${node.at.file}:${node.at.line})`;
      throw new Error(
        `invariant: ${where}: node ${node.id} ${node.name ?? ""}${place}${line}: ${why}`,
      );
    };
    if (seen.has(node.id)) fail("its id is taken");
    for (const id of reads(node)) if (!seen.has(id)) fail(`reads ${id}, which is not before it`);
    if (scan !== null && node.type.seq !== null) fail(`varies over ${node.type.seq} inside a step`);
    checkNode(node, seen, where, fail);
    seen.set(node.id, node);
  }
  const keys = new Set<string>();
  for (const { key, id } of graph.outputs) {
    invariant(seen.has(id), `${where}: output ${key} is node ${id}, which is not in the graph`);
    invariant(!keys.has(key), `${where}: output ${key} is there twice`);
    keys.add(key);
  }
  invariant(scan === null || graph.outputs.length === 0, `${where}: a scan's body has outputs`);
  if (scan !== null) sound.add(graph);
}

const attributes = new Map<OpName, readonly string[]>();

/** Names of what an op's nodes say of themselves. */
function attributesOf(op: OpName): readonly string[] {
  const names = attributes.get(op) ?? Object.keys(withDefaults(OPS[op], {}));
  attributes.set(op, names);
  return names;
}

function checkNode(node: Node, seen: ReadonlyMap<NodeId, Node>, where: string, fail: Fail): void {
  const typeAt = (id: NodeId): Tensor => seen.get(id)?.type ?? fail(`${id} is not before it`);
  const expect = (wanted: Tensor): void => {
    if (!sameType(wanted, node.type))
      fail(`has type ${text(node.type)}, should be ${text(wanted)}`);
  };
  switch (node.kind) {
    case "const":
      if (Number.isNaN(node.value)) fail("is NaN");
      expect(SCALAR);
      break;
    case "leaf":
      break;
    case "apply": {
      const op = OPS[node.op];
      if (op.form === "compound") fail(`${node.op} is compound: it should have been expanded`);
      for (const name of attributesOf(node.op)) {
        if (!(name in node.attrs)) fail(`${node.op} lacks its attribute ${name}`);
      }
      const t = resultType(op, node.args.map(typeAt), node.attrs);
      if (isRefusal(t)) fail(`${node.op}: ${t.refused}`);
      expect(t);
      break;
    }
    case "item": {
      const scan = seen.get(node.of);
      if (scan?.kind !== "scan") fail(`is an item of ${node.of}, which is no scan`);
      const t = itemType(scan, node.index) ?? fail(`scan ${scan.id} has no result ${node.index}`);
      expect(t);
      break;
    }
    case "scan":
      checkGraph(node.body, where, node);
      checkScan(node, typeAt, fail);
      break;
    default:
      absurd(node);
  }
}

function checkScan(scan: Scan, typeAt: (id: NodeId) => Tensor, fail: Fail): void {
  const body = nodesOf(scan.body);
  const inside = (id: NodeId): Tensor => body.get(id)?.type ?? fail(`its body has no node ${id}`);
  const same = (a: Tensor, b: Tensor, what: string): void => {
    if (!sameType(a, b)) fail(`${what}: ${text(a)} against ${text(b)}`);
  };
  for (const [i, c] of scan.carries.entries()) {
    same(inside(c.arg), typeAt(c.init), `carry ${i} and its first value`);
    same(inside(c.arg), inside(c.next), `carry ${i} and its next value`);
  }
  for (const [i, s] of scan.slices.entries()) {
    const of = typeAt(s.of);
    if (of.seq !== scan.over) fail(`slice ${i} varies over ${of.seq}, the scan over ${scan.over}`);
    same(inside(s.arg), { ...of, seq: null }, `slice ${i} and its row`);
  }
  for (const [i, c] of scan.consts.entries()) {
    if (typeAt(c.of).seq !== null) fail(`const ${i} varies over ${typeAt(c.of).seq}`);
    same(inside(c.arg), typeAt(c.of), `const ${i} and its value`);
  }
  for (const id of [...scan.collects, ...scan.sums]) inside(id);
  const bound = [...scan.carries, ...scan.slices, ...scan.consts].map((p) => p.arg);
  if (new Set(bound).size !== bound.length) fail("binds a leaf of its body twice");
  for (const id of bound) if (body.get(id)?.kind !== "leaf") fail(`binds ${id}, which is no leaf`);
  for (const n of scan.body.nodes) {
    if (n.kind === "leaf" && !bound.includes(n.id)) fail(`leaves ${n.id} of its body unbound`);
  }
}

function text(t: Tensor): string {
  return `${t.seq ?? "-"}${t.batch ? " batch" : ""} [${t.shape.join(", ")}] ${t.dtype}`;
}
