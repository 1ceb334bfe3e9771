/** @file Does once to a whole what was done alike to all its parts. In: verified graph. Out: the same
 *  outputs, elementwise ops of parts now parts of one op. Never changes an element's arithmetic. */
import type { Builder } from "../ir/builder.ts";
import { absurd } from "../ir/invariant.ts";
import { type Apply, type Graph, type NodeId, type Scan, sameType } from "../ir/ir.ts";
import { num } from "../ops/attrs.ts";
import { fixedExtent } from "../ops/structured.ts";
import { OPS } from "../ops/table.ts";
import { applies, NOTHING, planned } from "./planned.ts";
import { dependences, leaving, usersOf } from "./users.ts";
import { nodesOf } from "../ir/lookup.ts";

/**
 * part(P, k) + b_k for all parts k that make up P → parts of P + [b_1, b_2, …]: a joined product
 * gets its biases back as one epilogue. The other operands may be parts of one value, fixed values
 * (see `dependences`), which are joined ahead of time, or the same scalar.
 */
export function packParts(graph: Graph): Graph {
  const made = new Map<Pack, NodeId>();
  const packed = planned(graph, {
    of: packsOf,
    readsAhead: true,
    build({ pack, from, size }, { b, map }) {
      const whole = made.get(pack) ?? build(pack, b, map);
      made.set(pack, whole);
      return b.apply("part", [whole], { axis: pack.axis, from, size });
    },
  });
  return packed === graph ? graph : packParts(packed);
}

/** One op of a whole; `operands` in the op's order. */
interface Pack {
  readonly like: Apply;
  readonly axis: number;
  readonly operands: readonly Operand[];
}
type Operand =
  | { readonly kind: "value"; readonly id: NodeId }
  | {
      readonly kind: "part";
      readonly id: NodeId;
      readonly from: number;
      readonly size: number;
      readonly axis: number;
    }
  | { readonly kind: "join"; readonly ids: readonly NodeId[]; readonly axis: number };

interface Member {
  readonly pack: Pack;
  readonly from: number;
  readonly size: number;
}

function build(pack: Pack, b: Builder, map: (id: NodeId) => NodeId): NodeId {
  const operands = pack.operands.map((o): NodeId => {
    switch (o.kind) {
      case "value":
        return map(o.id);
      case "part": {
        const { axis, from, size } = o;
        return b.apply("part", [map(o.id)], { axis, from, size });
      }
      case "join":
        return b.apply("concat", o.ids.map(map), { axis: o.axis });
      default:
        return absurd(o);
    }
  });
  return b.apply(pack.like.op, operands, pack.like.attrs);
}

/** A part and the one elementwise op that reads it. */
interface Piece {
  readonly part: Apply;
  readonly user: Apply;
  readonly from: number;
  readonly size: number;
}

function packsOf(graph: Graph, scan: Scan | null): ReadonlyMap<NodeId, Member> {
  if (!applies(graph, "part")) return NOTHING;
  const nodes = nodesOf(graph);
  const users = usersOf(graph);
  const kept = leaving(graph, scan);
  const by = dependences(graph, scan);
  const members = new Map<NodeId, Member>();
  const partOf = (id: NodeId, axis: number): { id: NodeId; from: number } | null => {
    const n = nodes.get(id);
    const [v] =
      n?.kind === "apply" && n.op === "part" && num(n.attrs, "axis") === axis ? n.args : [];
    return n?.kind === "apply" && v !== undefined ? { id: v, from: num(n.attrs, "from") } : null;
  };

  const piecesOf = (whole: NodeId): { axis: number; pieces: readonly Piece[] } | null => {
    const parts = users.get(whole) ?? [];
    const pieces: Piece[] = [];
    let axis: number | null = null;
    for (const part of parts) {
      if (part.kind !== "apply" || part.op !== "part" || kept.has(part.id)) return null;
      const along = num(part.attrs, "axis");
      if (axis !== null && axis !== along) return null;
      axis = along;
      const readers = users.get(part.id) ?? [];
      const [user] = readers;
      if (user?.kind !== "apply" || readers.some((r) => r !== user)) return null;
      if (OPS[user.op].form !== "map" || members.has(user.id)) return null;
      if (
        !sameType(
          { ...user.type, seq: null, batch: false },
          { ...part.type, seq: null, batch: false },
        )
      )
        return null;
      pieces.push({ part, user, from: num(part.attrs, "from"), size: num(part.attrs, "size") });
    }
    pieces.sort((p, q) => p.from - q.from);
    const end = pieces.reduce((at, p) => (p.from === at ? at + p.size : Number.NaN), 0);
    const node = nodes.get(whole);
    if (node === undefined || axis === null || pieces.length < 2) return null;
    return end === fixedExtent(node.type, axis) ? { axis, pieces } : null;
  };

  /** The i-th operands of all pieces as one, or null. */
  const operand = (
    pieces: readonly Piece[],
    i: number,
    axis: number,
    rank: number,
  ): Operand | null => {
    const ids = pieces.map((p) => p.user.args[i]!);
    const [first] = ids;
    const node = first === undefined ? undefined : nodes.get(first);
    if (first === undefined || node === undefined) return null;
    const own = axis - rank + node.type.shape.length;
    const varies = own >= 0 && node.type.shape[own] !== 1;
    if (!varies) return ids.every((id) => id === first) ? { kind: "value", id: first } : null;
    const fits = ids.every((id, k) => {
      const { shape } = nodes.get(id)!.type;
      return shape.length === node.type.shape.length && shape[own] === pieces[k]!.size;
    });
    if (!fits) return null;
    const parts = ids.map((id) => partOf(id, own));
    const [head] = parts;
    const shift = head === null || head === undefined ? 0 : head.from - pieces[0]!.from;
    if (head && parts.every((p, k) => p?.id === head.id && p.from === pieces[k]!.from + shift)) {
      const size = pieces.reduce((n, p) => n + p.size, 0);
      return { kind: "part", id: head.id, from: head.from, size, axis: own };
    }
    if (node.type.batch || !ids.every((id) => by.get(id) === "fixed")) return null;
    const alike = ids.every((id) => {
      const t = nodes.get(id)!.type;
      return sameType(
        { ...t, shape: t.shape.with(own, 1) },
        { ...node.type, shape: node.type.shape.with(own, 1) },
      );
    });
    return alike ? { kind: "join", ids, axis: own } : null;
  };

  for (const whole of graph.nodes) {
    if (kept.has(whole.id) || by.get(whole.id) === "fixed") continue;
    const found = piecesOf(whole.id);
    if (found === null) continue;
    const { axis, pieces } = found;
    const like = pieces[0]!.user;
    const attrs = JSON.stringify(like.attrs);
    const places = placesIn(pieces[0]!);
    const alike = pieces.every(
      (p) =>
        p.user.op === like.op &&
        JSON.stringify(p.user.attrs) === attrs &&
        placesIn(p) === places &&
        sameType({ ...p.user.type, shape: [] }, { ...like.type, shape: [] }),
    );
    if (!alike) continue;
    const operands = like.args.map((_, i) => operand(pieces, i, axis, like.type.shape.length));
    if (operands.some((o) => o === null)) continue;
    const pack: Pack = { like, axis, operands: operands.filter((o) => o !== null) };
    for (const { user, from, size } of pieces) members.set(user.id, { pack, from, size });
  }
  return members;
}

/** Which operands of its user a part is. */
function placesIn({ part, user }: Piece): string {
  return user.args.map((a) => (a === part.id ? "1" : "0")).join("");
}
