/** @file Makes scans say only what they mean. In: verified graph. Out: the same outputs; values that are
 *  the same at every step are consts, numbers stand in the body, nothing is bound, carried or
 *  collected twice, and a row that is only passed through is the sequence itself. */
import type { Builder } from "../ir/builder.ts";
import type { NodeId, Scan, Tensor } from "../ir/ir.ts";
import type { Graph } from "../ir/ir.ts";
import type { Visit } from "../ir/rewrite.ts";
import { word } from "../ops/attrs.ts";
import { filled } from "../ops/structured.ts";
import { copyBody, type EditedScan, editScans, overSteps } from "./edit-scans.ts";
import { uniform, uniformIn } from "./fold.ts";

export function tidyScans(graph: Graph): Graph {
  return editScans(graph, tidy);
}

type Bound = Scan["slices"];

/** Is there nothing that `tidy` would do? */
function isTidy(scan: Scan, { b, map }: Pick<Visit, "b" | "map">): boolean {
  const { carries, slices, consts, collects, sums } = scan;
  const bound = [...slices, ...consts].map((p) => map(p.of));
  const results = [...collects, ...sums];
  return (
    areDifferent(bound) &&
    bound.every((of) => uniform(b, of) === null && withoutSteps(b, of) === null) &&
    slices.every((s) => b.type(map(s.of)).seq !== null) &&
    areDifferent(carries.map((c) => `${map(c.init)} ${c.next}`)) &&
    carries.every((c) => c.next !== c.arg) &&
    areDifferent(collects) &&
    areDifferent(sums) &&
    results.every((id) => uniformIn(scan.body, id) === null) &&
    ![...slices, ...consts].some((p) => collects.includes(p.arg))
  );
}

function areDifferent(list: readonly unknown[]): boolean {
  return new Set(list).size === list.length;
}

function tidy(scan: Scan, { b, map }: Visit): EditedScan | null {
  if (isTidy(scan, { b, map })) return null;
  const copy = copyBody(scan, b);
  const slices: { arg: NodeId; of: NodeId }[] = [];
  const consts: { arg: NodeId; of: NodeId }[] = [];
  const bound = new Map<NodeId, NodeId>();
  /** The body's node for an outer value, bound once. */
  const bind = (of: NodeId, arg: NodeId): NodeId => {
    const number = uniform(b, of);
    if (number !== null) return filled(copy.body, number, row(b.type(of)));
    const known = bound.get(of);
    if (known !== undefined) return known;
    const still = withoutSteps(b, of);
    if (still !== null) return bind(still, arg);
    const leaf = leafLike(scan, arg, copy.body);
    (b.type(of).seq === null ? consts : slices).push({ arg: leaf, of });
    bound.set(of, leaf);
    return leaf;
  };
  const outerOf = new Map<NodeId, NodeId>();
  const take = (list: Bound) => {
    for (const { arg, of } of list) {
      outerOf.set(arg, map(of));
      copy.put(arg, bind(map(of), arg));
    }
  };
  take(scan.consts);
  take(scan.slices);

  // A state that never changes is its first value; two states that are always equal are one.
  const changing = scan.carries.filter((c) => c.next !== c.arg);
  for (const c of scan.carries) {
    if (c.next === c.arg) {
      outerOf.set(c.arg, map(c.init));
      copy.put(c.arg, bind(map(c.init), c.arg));
    }
  }
  const carries: { arg: NodeId; init: NodeId; next: NodeId }[] = [];
  const finals = new Map<NodeId, number>();
  for (const c of changing) {
    const init = map(c.init);
    const twin = carries.findIndex((k) => k.init === init && k.next === c.next);
    if (twin < 0) copy.put(c.arg, leafLike(scan, c.arg, copy.body));
    else copy.put(c.arg, carries[twin]!.arg);
    finals.set(c.arg, twin < 0 ? carries.length : twin);
    if (twin < 0) carries.push({ arg: copy.at(c.arg), init, next: c.next });
  }
  copy.rest();

  const once = (list: readonly NodeId[]) => [...new Set(list.map(copy.at))];
  const collects = once(scan.collects);
  const sums = once(scan.sums);
  const id = b.scan({
    over: scan.over,
    reverse: scan.reverse,
    carries: carries.map((c) => ({ ...c, next: copy.at(c.next) })),
    slices,
    consts,
    collects,
    sums,
    body: copy.body,
  });
  const firstCollect = scan.carries.length;
  const firstSum = firstCollect + scan.collects.length;
  const item = (index: number): NodeId => {
    const carry = scan.carries[index];
    if (carry !== undefined) {
      const at = finals.get(carry.arg);
      return at === undefined ? map(carry.init) : b.item(id, at);
    }
    if (index >= firstSum) {
      const of = copy.at(scan.sums[index - firstSum]!);
      const zero = uniform(copy.body, of) === 0;
      return zero
        ? filled(b, 0, copy.body.type(of))
        : b.item(id, carries.length + collects.length + sums.indexOf(of));
    }
    const old = scan.collects[index - firstCollect]!;
    const outside = outerOf.get(old);
    if (outside !== undefined) return overSteps(b, outside, scan.over);
    const of = copy.at(old);
    const number = uniform(copy.body, of);
    return number === null
      ? b.item(id, carries.length + collects.indexOf(of))
      : filled(b, number, { ...copy.body.type(of), seq: scan.over });
  };
  return { id, item };
}

function row(type: Tensor): Tensor {
  return { ...type, seq: null };
}

function leafLike(scan: Scan, arg: NodeId, body: Builder): NodeId {
  const old = scan.body.nodes.find((n) => n.id === arg);
  const id = body.leaf("arg", row(old!.type));
  return old?.name === undefined ? id : body.named(id, old.name);
}

/** What a sequence repeats at every step, or null where it does not. */
function withoutSteps(b: Builder, of: NodeId): NodeId | null {
  const node = b.node(of);
  const [v] = node.kind === "apply" && node.op === "expand" ? node.args : [];
  if (node.kind !== "apply" || v === undefined || word(node.attrs, "seq") === "") return null;
  return b.type(v).seq === null ? b.apply("expand", [v], { ...node.attrs, seq: "" }) : null;
}
