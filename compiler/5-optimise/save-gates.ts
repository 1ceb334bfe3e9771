/** @file Keeps the activated gates of a joined product rather than the product. In: a graph with forward and
 *  reversed loops. Out: the same outputs. Never keeps more values a step than before. */
import type { Builder } from "../ir/builder.ts";
import type { Attrs, Graph, NodeId, Scan } from "../ir/ir.ts";
import { num } from "../ops/attrs.ts";
import { fixedExtent } from "../ops/structured.ts";
import { OPS, type OpName } from "../ops/table.ts";
import { copyBody, editScans, readBy, rebuilt } from "./edit-scans.ts";
import { collectedIn, leaving, onlySlice, usersOf } from "./users.ts";

/**
 * A loop computes z, reads it by parts alone, f_k(part_k z), and collects it for loops that compute some
 * f_k(part_k z) again. [f_1(part_1 z); f_2(part_2 z); …] is collected in its place: a join that the
 * product's kernel ends in, so that no activation is computed twice. Repeats until nothing is left.
 */
export function saveGates(graph: Graph): Graph {
  const found = candidate(graph);
  return found === null ? graph : saveGates(applied(graph, found));
}

/** f(part of a value), by what it is of and what it is. */
interface Piece {
  readonly user: NodeId;
  readonly name: string | null;
  readonly axis: number;
  readonly from: number;
  readonly size: number;
  readonly op: OpName;
  readonly attrs: Attrs;
}

interface Saved {
  readonly forward: Scan;
  /** Which of its collects, the value there, and all that reads it. */
  readonly index: number;
  readonly value: NodeId;
  readonly pieces: readonly Piece[];
  /** By scan that slices the collect: its leaf, and what it computes again. */
  readonly loops: ReadonlyMap<
    NodeId,
    { readonly slice: NodeId; readonly pieces: readonly Piece[] }
  >;
}

function candidate(graph: Graph): Saved | null {
  for (const { item, forward, index, value, readers } of collectedIn(graph)) {
    const pieces = piecesOf(forward, value, 1);
    if (pieces === null || !cover(forward, value, pieces)) continue;
    const loops = new Map<NodeId, { slice: NodeId; pieces: readonly Piece[] }>();
    for (const reader of readers) {
      const slice = reader.kind === "scan" ? onlySlice(reader, item.id) : null;
      const again = reader.kind === "scan" && slice !== null ? piecesOf(reader, slice, 0) : null;
      const known = again?.every((p) => pieces.some((q) => sameFunction(p, q) && within(p, q)));
      if (slice !== null && again !== null && known === true)
        loops.set(reader.id, { slice, pieces: again });
    }
    if (loops.size === readers.length) return { forward, index, value, pieces, loops };
  }
  return null;
}

/** All that reads `id` in the body, if each is a function of a part, and `taken` results are `id`. */
function piecesOf(scan: Scan, id: NodeId, taken: number): readonly Piece[] | null {
  const users = usersOf(scan.body);
  const results = leaving(scan.body, scan);
  const all = [...scan.carries.map((c) => c.next), ...scan.collects, ...scan.sums];
  if (all.filter((x) => x === id).length !== taken) return null;
  const pieces: Piece[] = [];
  for (const part of users.get(id) ?? []) {
    if (part.kind !== "apply" || part.op !== "part" || results.has(part.id)) return null;
    const [user, ...others] = users.get(part.id) ?? [];
    if (user?.kind !== "apply" || others.length > 0 || user.args.length > 1) return null;
    if (OPS[user.op].form !== "map") return null;
    pieces.push({
      user: user.id,
      name: user.name ?? null,
      axis: num(part.attrs, "axis"),
      from: num(part.attrs, "from"),
      size: num(part.attrs, "size"),
      op: user.op,
      attrs: user.attrs,
    });
  }
  const [first] = pieces;
  return first !== undefined && pieces.every((p) => p.axis === first.axis)
    ? pieces.sort((p, q) => p.from - q.from)
    : null;
}

/** Are the pieces the whole value, each element once? */
function cover(scan: Scan, value: NodeId, pieces: readonly Piece[]): boolean {
  const { type } = scan.body.nodes.find((n) => n.id === value)!;
  const end = pieces.reduce((at, p) => (p.from === at ? at + p.size : Number.NaN), 0);
  return end === fixedExtent(type, pieces[0]!.axis);
}

const sameFunction = (p: Piece, q: Piece): boolean =>
  p.axis === q.axis && p.op === q.op && JSON.stringify(p.attrs) === JSON.stringify(q.attrs);

const within = (p: Piece, q: Piece): boolean =>
  p.from >= q.from && p.from + p.size <= q.from + q.size;

function applied(graph: Graph, { forward, index, value, pieces, loops }: Saved): Graph {
  return editScans(graph, (scan, c) => {
    const reader = loops.get(scan.id);
    if (scan.id !== forward.id && reader === undefined) return null;
    const copy = copyBody(scan, c.b);
    const { collects } = scan;
    const take = (whole: NodeId, all: readonly Piece[]): void => {
      for (const { user, name, axis, from, size } of all) {
        const part = copy.body.apply("part", [whole], { axis, from, size });
        copy.put(user, name === null ? part : copy.body.named(part, name));
      }
    };
    if (reader !== undefined) {
      const { type } = scan.body.nodes.find((n) => n.id === reader.slice)!;
      take(copy.put(reader.slice, copy.body.leaf("arg", type)), reader.pieces);
      copy.rest();
      return rebuilt(scan, copy, c, collects.map(copy.at));
    }
    const before = readBy(scan.body, [value]);
    copy.rest((old) => before.has(old));
    const saved = joined(copy.body, copy.at(value), pieces);
    take(saved, pieces);
    copy.rest();
    return rebuilt(
      scan,
      copy,
      c,
      collects.map((id, i) => (i === index ? saved : copy.at(id))),
    );
  });
}

/** [f_1(part_1 z); f_2(part_2 z); …], neighbours under one function as one. */
function joined(b: Builder, whole: NodeId, pieces: readonly Piece[]): NodeId {
  const regions: Piece[] = [];
  for (const piece of pieces) {
    const last = regions.at(-1);
    if (last === undefined || !sameFunction(last, piece)) regions.push(piece);
    else regions[regions.length - 1] = { ...last, size: last.size + piece.size };
  }
  const parts = regions.map(({ axis, from, size, op, attrs }) =>
    b.apply(op, [b.apply("part", [whole], { axis, from, size })], attrs),
  );
  const { axis } = pieces[0]!;
  return parts.length === 1 ? parts[0]! : b.apply("concat", parts, { axis });
}
