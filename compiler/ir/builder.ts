/** @file Appends nodes to a graph. In: ops, ids of nodes before, attributes. Out: typed graphs, in
 *  order. Compound ops are expanded on the way in. Never simplifies: that is for passes. */
import type { Span } from "../../grammar/span.ts";
import { CALLS, OPS, type OpName } from "../ops/table.ts";
import { isRefusal, resultType, show, withDefaults } from "../ops/typing.ts";
import { absurd, broken, invariant } from "./invariant.ts";
import {
  type Attrs,
  type Const,
  type Graph,
  type Node,
  type NodeId,
  reads,
  SCALAR,
  type Scan,
  sameType,
  type Tensor,
} from "./ir.ts";
import { itemType } from "./scan.ts";

/** What `Builder.scan` takes: ids as in `Scan`; `body` is the builder its body was made with. */
export interface ScanParts {
  readonly over: string;
  readonly reverse: boolean;
  readonly carries: Scan["carries"];
  readonly slices: Scan["slices"];
  readonly consts: Scan["consts"];
  readonly collects: readonly NodeId[];
  readonly sums: readonly NodeId[];
  readonly body: Builder | Graph;
}

/** A graph under construction. Ids are positions: the i-th node made has id i. */
export interface Builder {
  /** A number; equal numbers are one node. */
  lit(value: number): NodeId;
  leaf(key: string, type: Tensor): NodeId;
  /** Applies an op, its type by its rule; a compound op is expanded, and its result's id returned. */
  apply(op: OpName, args: readonly NodeId[], attrs?: Attrs): NodeId;
  /** Applies an op by the name that users write (`CALLS`). */
  call(name: string, args: readonly NodeId[], attrs?: Attrs): NodeId;
  scan(parts: ScanParts): NodeId;
  /** A result of a scan: carries, then collects, then sums. */
  item(scan: NodeId, index: number): NodeId;
  add(x: NodeId, y: NodeId): NodeId;
  sub(x: NodeId, y: NodeId): NodeId;
  mul(x: NodeId, y: NodeId): NodeId;
  div(x: NodeId, y: NodeId): NodeId;
  neg(x: NodeId): NodeId;
  type(id: NodeId): Tensor;
  node(id: NodeId): Node;
  /** Nodes made so far: the next one's id. */
  count(): number;
  /** Nodes made from now on carry this span. */
  at(span: Span): void;
  /** Nodes made by f carry `span`; f's result, if f made it and nothing has named it, is called `name`. */
  within(span: Span, name: string | null, f: () => NodeId): NodeId;
  /** Calls an existing node `name`. */
  named(id: NodeId, name: string): NodeId;
  /**
   * Appends a copy of `node` (of another graph): `map` gives the ids here of what it reads there,
   * `typeOf`, where given, their types there: where those stay, its own is not found anew, and a
   * node that would be the same in every way is the same object.
   */
  copy(
    node: Node,
    map: (id: NodeId) => NodeId,
    typeOf?: (id: NodeId) => Tensor | undefined,
  ): NodeId;
  /** Appends a node of another graph as it is: what it reads there has the same ids and types here. */
  reuse(node: Node): NodeId;
  /** A builder for a scan's body, at the same span. */
  body(): Builder;
  finish(outputs: Graph["outputs"]): Graph;
}

/** `b`, but `apply` gives the node that it made before of the same op, arguments and attributes. */
export function sharing(b: Builder): Builder {
  const made = new Map<string, NodeId>();
  const apply: Builder["apply"] = (op, args, attrs = {}) => {
    const key = `${op} ${args.join()} ${JSON.stringify(attrs)}`;
    const id = made.get(key) ?? b.apply(op, args, attrs);
    made.set(key, id);
    return id;
  };
  return { ...b, apply, ...arithmetic(apply) };
}

function arithmetic(apply: Builder["apply"]): Pick<Builder, "add" | "sub" | "mul" | "div" | "neg"> {
  return {
    add: (x, y) => apply("add", [x, y]),
    sub: (x, y) => apply("sub", [x, y]),
    mul: (x, y) => apply("mul", [x, y]),
    div: (x, y) => apply("div", [x, y]),
    neg: (x) => apply("neg", [x]),
  };
}

export const NOWHERE: Span = { file: "", start: 0, end: 0, line: 1, column: 1 };

export function createBuilder(start: Span = NOWHERE): Builder {
  const nodes: Node[] = [];
  const literals = new Map<number, NodeId>();
  let here = start;

  const push = (made: Node): NodeId => nodes.push(made) - 1;
  const next = () => ({ id: nodes.length, at: here });
  const node = (id: NodeId): Node => {
    return nodes[id] ?? broken(`no node ${id} in this graph`);
  };
  const type = (id: NodeId): Tensor => node(id).type;

  const b: Builder = {
    node,
    type,
    lit(value) {
      // −0 is a number of its own; Map keys treat it as 0.
      const known = Object.is(value, -0) ? undefined : literals.get(value);
      if (known !== undefined) return known;
      const id = push({ kind: "const", ...next(), type: SCALAR, value });
      if (!Object.is(value, -0)) literals.set(value, id);
      return id;
    },
    leaf: (key, t) => push({ kind: "leaf", ...next(), type: t, key }),
    apply(op, args, attrs = {}) {
      const def = OPS[op];
      const all = withDefaults(def, attrs);
      const types = args.map(type);
      const t = resultType(def, types, all);
      if (isRefusal(t)) {
        const given = types.map((a) => `${a.seq ?? "-"}${a.batch ? "*" : ""}${show(a.shape)}`);
        invariant(false, `${op}(${given.join(", ")}) ${JSON.stringify(all)}: ${t.refused}`);
      }
      if (def.form === "compound") return def.expand(b, args, all);
      return push({ kind: "apply", ...next(), type: t, op, args: [...args], attrs: all });
    },
    call(name, args, attrs) {
      const op = CALLS.get(name);
      invariant(op !== undefined, `no op is called ${name}`);
      return b.apply(op, args, attrs);
    },
    scan(parts) {
      const body = "finish" in parts.body ? parts.body.finish([]) : parts.body;
      const { over, reverse, carries, slices, consts, collects, sums } = parts;
      return push({
        kind: "scan",
        ...next(),
        type: SCALAR,
        over,
        reverse,
        carries,
        slices,
        consts,
        collects,
        sums,
        body,
      });
    },
    item(of, index) {
      const scan = node(of);
      if (scan.kind !== "scan") broken(`item ${index} of node ${of}, which is no scan`);
      const t = itemType(scan, index) ?? broken(`scan ${of} has no result ${index}`);
      return push({ kind: "item", ...next(), type: t, of, index });
    },
    ...arithmetic((op, args) => b.apply(op, args)),
    count: () => nodes.length,
    at(span) {
      here = span;
    },
    within(span, name, f) {
      const before = here;
      const first = nodes.length;
      here = span;
      try {
        const id = f();
        if (name !== null && id >= first && node(id).name === undefined) b.named(id, name);
        return id;
      } finally {
        here = before;
      }
    },
    named(id, name) {
      nodes[id] = { ...node(id), name };
      return id;
    },
    copy(source, map, typeOf = () => undefined) {
      if (isSame(source, map, typeOf)) return push(source);
      const before = here;
      here = source.at;
      const id = copied(source, map, typeOf);
      here = before;
      return source.name === undefined || node(id).name !== undefined
        ? id
        : b.named(id, source.name);
    },
    reuse(source) {
      if (source.id !== nodes.length) broken(`node ${source.id} cannot be node ${nodes.length}`);
      return source.kind === "const" && !isFirst(source) ? b.lit(source.value) : push(source);
    },
    body: () => createBuilder(here),
    finish: (outputs) => ({ nodes: [...nodes], outputs: [...outputs] }),
  };
  /** Whether a number is the first of its value; it is from now on. */
  const isFirst = ({ id, value }: Const): boolean => {
    if (Object.is(value, -0)) return true;
    if (literals.has(value)) return false;
    literals.set(value, id);
    return true;
  };
  /** Would a copy have the same id, read the same ids, and those be of the same types? */
  const isSame = (
    source: Node,
    map: (id: NodeId) => NodeId,
    typeOf: (id: NodeId) => Tensor | undefined,
  ): boolean => {
    if (source.id !== nodes.length) return false;
    if (source.kind === "const") return isFirst(source);
    if (source.kind === "item") {
      const scan = node(map(source.of));
      const type = scan.kind === "scan" ? itemType(scan, source.index) : undefined;
      return scan.id === source.of && type !== undefined && sameType(type, source.type);
    }
    return reads(source).every((old) => {
      const type = typeOf(old);
      return map(old) === old && type !== undefined && sameType(node(old).type, type);
    });
  };
  const copied = (
    source: Node,
    map: (id: NodeId) => NodeId,
    typeOf: (id: NodeId) => Tensor | undefined,
  ): NodeId => {
    switch (source.kind) {
      case "const":
        return b.lit(source.value);
      case "leaf":
        return push({ ...source, id: nodes.length });
      case "apply": {
        const args = source.args.map(map);
        for (let i = 0; i < args.length; i++) {
          const before = typeOf(source.args[i]!);
          if (before === undefined || !sameType(type(args[i]!), before))
            return b.apply(source.op, args, source.attrs);
        }
        return push({ ...source, id: nodes.length, args });
      }
      case "item":
        return b.item(map(source.of), source.index);
      case "scan":
        return b.scan({
          ...source,
          carries: source.carries.map((c) => ({ ...c, init: map(c.init) })),
          slices: source.slices.map((s) => ({ ...s, of: map(s.of) })),
          consts: source.consts.map((c) => ({ ...c, of: map(c.of) })),
        });
      default:
        return absurd(source);
    }
  };
  return b;
}
