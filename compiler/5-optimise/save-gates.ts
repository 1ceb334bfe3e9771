/** @file Keeps the activated gates of a joined product rather than the product. In: a graph with forward and
 *  reversed loops. Out: the same outputs. Never keeps more values a step than before. */
import type { Builder } from "../ir/builder.ts";
import { type Apply, type Graph, type NodeId, type Scan, sameType } from "../ir/ir.ts";
import { nodesOf } from "../ir/lookup.ts";
import type { Visit } from "../ir/rewrite.ts";
import { num } from "../ops/attrs.ts";
import { fixedExtent } from "../ops/structured.ts";
import { OPS } from "../ops/table.ts";
import {
  type BodyCopy,
  copyBody,
  type EditedScan,
  editScans,
  readBy,
  rebuilt,
} from "./edit-scans.ts";
import { recomputed, type Same } from "./recomputed.ts";
import { type Collected, collectedIn, leaving, onlySlice, usersOf } from "./users.ts";

/**
 * A loop computes z, reads it by parts alone, f_k(part_k z, x), and collects it for others that compute some
 * f_k(part_k z, x) again. [f_1(part_1 z, x); f_2(part_2 z, x); …] is collected in its place, f_k no more than what all
 * others do to that part first: a join that the product's kernel ends in, so that no activation is computed twice.
 * Repeats until nothing is left.
 */
export function saveGates(graph: Graph): Graph {
  const found = candidate(graph);
  return found === null ? graph : saveGates(applied(graph, found));
}

/** A part of a value and what is made of it: the part, then elementwise nodes that alone read the one before. */
interface Piece {
  readonly axis: number;
  readonly from: number;
  readonly size: number;
  readonly chain: readonly Apply[];
}

/** Where a value is read by parts: in the body of `loop`, or in the main graph. */
interface Place {
  readonly loop: Scan | null;
  readonly id: NodeId;
  readonly pieces: readonly Piece[];
}

/** The value, and where others read what is collected of it; chains end in what is saved. */
interface Saved {
  readonly value: Place;
  readonly readers: readonly Place[];
  /** Which of the loop's collects. */
  readonly index: number;
}

function candidate(graph: Graph): Saved | null {
  for (const found of collectedIn(graph)) {
    const { forward, index } = found;
    const value = placeIn(forward, forward.body, found.value, 1);
    const readers = readersOf(graph, found);
    if (value === null || readers === null || !isCovered(value)) continue;
    const same = recomputed(graph, forward);
    const pieces = value.pieces.map((piece) => shared(piece, readers, same));
    const cut = readers.map((r) => ({ ...r, pieces: r.pieces.flatMap((p) => likeOf(p, pieces)) }));
    if (cut.some((r, i) => r.pieces.length < readers[i]!.pieces.length)) continue;
    if (cut.some((r) => r.pieces.some(endsInFunction)))
      return { value: { ...value, pieces }, readers: cut, index };
  }
  return null;
}

function readersOf(graph: Graph, { item, readers }: Collected): readonly Place[] | null {
  const loops = readers.filter((r) => r.kind === "scan");
  const places = loops.map((loop) => placeIn(loop, loop.body, onlySlice(loop, item.id), 0));
  if (loops.length < readers.length) places.push(placeIn(null, graph, item.id, 0));
  const all = places.filter((place) => place !== null);
  return all.length === places.length ? all : null;
}

/** All that reads `id`, if only parts along one axis do, and `taken` results of the loop are `id`. */
function placeIn(loop: Scan | null, graph: Graph, id: NodeId | null, taken: number): Place | null {
  if (id === null) return null;
  const results = [...(loop?.carries.map((c) => c.next) ?? []), ...(loop?.collects ?? [])];
  if ([...results, ...(loop?.sums ?? [])].filter((x) => x === id).length !== taken) return null;
  const kept = leaving(graph, loop);
  const pieces: Piece[] = [];
  for (const part of usersOf(graph).get(id) ?? []) {
    // Loops that read it are places of their own.
    if (loop === null && part.kind === "scan") continue;
    if (part.kind !== "apply" || part.op !== "part" || kept.has(part.id)) return null;
    const [axis, from, size] = [
      num(part.attrs, "axis"),
      num(part.attrs, "from"),
      num(part.attrs, "size"),
    ];
    pieces.push({ axis, from, size, chain: chainOf(graph, id, part, kept) });
  }
  const [first] = pieces;
  if (first === undefined || pieces.some((p) => p.axis !== first.axis)) return null;
  return { loop, id, pieces: pieces.sort((p, q) => p.from - q.from) };
}

/** What is made of `part` of `whole`, as far as nothing else is made of it and no other part enters. */
function chainOf(
  graph: Graph,
  whole: NodeId,
  part: Apply,
  kept: ReadonlySet<NodeId>,
): readonly Apply[] {
  const chain = [part];
  for (let last = part; !kept.has(last.id); chain.push(last)) {
    const [user, ...others] = usersOf(graph).get(last.id) ?? [];
    if (user?.kind !== "apply" || others.length > 0) break;
    if (OPS[user.op].form !== "map" || !sameType(user.type, part.type)) break;
    const beside = user.args.filter((arg) => arg !== last.id);
    if (readBy(graph, beside).has(whole)) break;
    last = user;
  }
  return chain;
}

/** Are the pieces the whole value, each element once? */
function isCovered({ loop, id, pieces }: Place): boolean {
  const { type } = nodesOf(loop!.body).get(id)!;
  const end = pieces.reduce((at, p) => (p.from === at ? at + p.size : Number.NaN), 0);
  return end === fixedExtent(type, pieces[0]!.axis);
}

/** `piece` as far as every reader computes it again. */
function shared(piece: Piece, readers: readonly Place[], same: Same): Piece {
  let { length } = piece.chain;
  for (const { loop, pieces } of readers) {
    for (const other of pieces) {
      if (!within(other, piece)) continue;
      length = Math.min(length, other.chain.length);
      const isAgain = (at: number): boolean =>
        same(piece.chain[at]!.id, { loop, id: other.chain[at]!.id }, [
          piece.chain[0]!.id,
          other.chain[0]!.id,
        ]);
      while (!isAgain(length - 1)) length--;
    }
  }
  return { ...piece, chain: piece.chain.slice(0, length) };
}

/** `other`, a reader's, as far as the piece that it is of; none where it is of several. */
function likeOf(other: Piece, pieces: readonly Piece[]): readonly Piece[] {
  const whole = pieces.find((piece) => within(other, piece));
  return whole === undefined ? [] : [{ ...other, chain: other.chain.slice(0, whole.chain.length) }];
}

const within = (p: Piece, q: Piece): boolean =>
  p.axis === q.axis && p.from >= q.from && p.from + p.size <= q.from + q.size;

/** Worth saving: more than sums and products, which cost no more than what they read. */
const endsInFunction = ({ chain }: Piece): boolean =>
  chain.length > 1 && chain.at(-1)!.args.length === 1;

function applied(graph: Graph, { value, readers, index }: Saved): Graph {
  const scanned = (scan: Scan, c: Visit): EditedScan | null => {
    const place = [value, ...readers].find((p) => p.loop?.id === scan.id);
    if (place === undefined) return null;
    const copy = copyBody(scan, c.b);
    const take = (whole: NodeId): void => {
      for (const piece of place.pieces) {
        const { id, name } = piece.chain.at(-1)!;
        const part = partOf(copy.body, whole, piece);
        copy.put(id, name === undefined ? part : copy.body.named(part, name));
      }
    };
    if (place !== value) {
      const { type } = nodesOf(scan.body).get(place.id)!;
      take(copy.put(place.id, copy.body.leaf("arg", type)));
      copy.rest();
      return rebuilt(scan, copy, c, scan.collects.map(copy.at));
    }
    const before = readBy(
      scan.body,
      place.pieces.map((piece) => piece.chain.at(-1)!.id),
    );
    copy.rest((old) => before.has(old));
    const saved = joined(copy, place);
    take(saved);
    copy.rest();
    const collects = scan.collects.map((id, i) => (i === index ? saved : copy.at(id)));
    return rebuilt(scan, copy, c, collects);
  };
  const outside = readers.find((p) => p.loop === null);
  const pieces = new Map(outside?.pieces.map((piece) => [piece.chain.at(-1)!.id, piece]));
  return editScans(graph, scanned, (node, { b, map }) => {
    const piece = pieces.get(node.id);
    return piece === undefined ? null : partOf(b, map(outside!.id), piece);
  });
}

const partOf = (b: Builder, whole: NodeId, { axis, from, size }: Piece): NodeId =>
  b.apply("part", [whole], { axis, from, size });

/** [f_1(part_1 z); f_2(part_2 z); …], neighbours under one function as one. */
function joined({ body, at }: BodyCopy, { id, pieces }: Place): NodeId {
  const regions: Piece[] = [];
  for (const piece of pieces) {
    const last = regions.at(-1);
    if (last !== undefined && isOneFunction(last, piece))
      regions[regions.length - 1] = { ...last, size: last.size + piece.size };
    else regions.push(piece);
  }
  const parts = regions.map((region) => {
    const { chain } = region;
    if (!isOneFunction(region, region)) return at(chain.at(-1)!.id);
    const part = partOf(body, at(id), region);
    return chain.length === 1 ? part : body.apply(chain[1]!.op, [part], chain[1]!.attrs);
  });
  return parts.length === 1 ? parts[0]! : body.apply("concat", parts, { axis: pieces[0]!.axis });
}

/** Are both the same function of their parts and of nothing else, or the parts themselves? */
function isOneFunction({ chain: p }: Piece, { chain: q }: Piece): boolean {
  if (p.length > 2 || p.length !== q.length) return false;
  const [f, g] = [p[1], q[1]];
  if (f === undefined || g === undefined) return true;
  const isOfOne = f.args.length === 1 && f.op === g.op;
  return isOfOne && JSON.stringify(f.attrs) === JSON.stringify(g.attrs);
}
