/** @file What was chosen for pieces that were equal: programs of an artifact share their loops, parameters
 *  their optimiser. In: a piece of a graph. Out: a key, equal for equal choices; the kernels of one piece as
 *  those of an equal one. Never decides: `partition` does. */
import type { BufferId, Expr } from "../../runtime/artifact/kernel.ts";
import { absurd, broken, invariant } from "../ir/invariant.ts";
import type { Attrs, NodeId } from "../ir/ir.ts";
import type { Draft, Stored } from "./draft.ts";
import type { Whole } from "./partition.ts";
import type { Piece } from "./pieces.ts";

/** What a kernel of a program is made of. */
export type Chosen = Pick<Draft, "root" | "axes" | "reductions" | "value" | "inlined">;

/** By what a piece looks like. */
export type Choices = Map<string, { readonly of: Described; readonly drafts: readonly Chosen[] }>;

/** A piece as its kernels see it. */
export interface Described {
  readonly site: Whole;
  readonly own: ReadonlySet<NodeId>;
  /** All that a choice depends on, with nodes and buffers numbered as they are met. */
  readonly key: string;
  /** The nodes that were met, in order: those of the piece and what they read. */
  readonly met: readonly NodeId[];
}

export function describePiece(site: Whole, { ids, shared }: Piece, stored: Stored): Described {
  const buffers = new Map<number, number>();
  const numbered = (id: NodeId): number => {
    const buffer = site.buffer(id);
    const known = buffers.get(buffer);
    if (known !== undefined) return known;
    buffers.set(buffer, buffers.size);
    return buffers.size - 1;
  };
  const places = new Map<NodeId, number>();
  const described: string[] = [];
  const describe = (id: NodeId, own: boolean): void => {
    const n = site.node(id);
    const { seq, batch, shape, dtype } = n.type;
    const type = `${seq} ${batch} ${shape.join()} ${dtype} ${site.prepared(id)}`;
    switch (n.kind) {
      case "const":
        described.push(`${type} = ${Object.is(n.value, -0) ? "-0" : n.value}`);
        break;
      case "apply": {
        const what = own ? `${n.op} ${n.args.map(placeOf).join()} ${textOf(n.attrs)}` : "";
        described.push(`${type} ${what} ${stored.has(id) ? numbered(id) : ""}`);
        break;
      }
      case "leaf":
      case "item":
        described.push(`${type} ${numbered(id)}`);
        break;
      case "scan":
        invariant(false, "a scan is no value");
        break;
      default:
        absurd(n);
    }
    places.set(id, places.size);
  };
  const placeOf = (id: NodeId): number => {
    if (!places.has(id)) describe(id, false);
    return places.get(id)!;
  };
  for (const id of ids) describe(id, true);
  const placesOf = (list: readonly NodeId[]) => list.map((id) => places.get(id)).join();
  const key = [...described, placesOf(ids), placesOf([...shared])].join("\n");
  return { site, own: new Set(ids), key, met: [...places.keys()] };
}

/** Most ops have no attributes. */
function textOf(attrs: Attrs): string {
  for (const _ in attrs) return JSON.stringify(attrs);
  return "";
}

/** The kernels chosen for the piece `from`, of the nodes and buffers of `to`, an equal one. */
export function chosenFor(
  to: Described,
  { of: from, drafts }: { readonly of: Described; readonly drafts: readonly Chosen[] },
): readonly Chosen[] {
  const places = new Map(from.met.map((id, place) => [id, place]));
  const nodeOf = (id: NodeId): NodeId => {
    const place = places.get(id) ?? broken(`node ${id} is in no kernel of its piece`);
    return to.met[place]!;
  };
  const roots = new Set(drafts.map((d) => d.root));
  const buffers = new Map<BufferId, NodeId>();
  for (const id of from.met) {
    const { kind } = from.site.node(id);
    const isInside = kind === "apply" && from.own.has(id) && !roots.has(id);
    if (kind !== "const" && !isInside) buffers.set(from.site.buffer(id), nodeOf(id));
  }
  const renamed = new Map<Expr, Expr>();
  const rename = (e: Expr): Expr => {
    const known = renamed.get(e);
    if (known !== undefined) return known;
    const made = again(e);
    renamed.set(e, made);
    return made;
  };
  const again = (e: Expr): Expr => {
    if ("call" in e) return { call: e.call, args: e.args.map(rename) };
    if (!("load" in e)) return e;
    const of = buffers.get(e.load) ?? broken(`buffer ${e.load} is of no node of its piece`);
    return { load: to.site.buffer(of), at: e.at.map(rename) };
  };
  return drafts.map((d) => ({
    root: nodeOf(d.root),
    axes: d.axes,
    reductions: d.reductions.map((r) => ({ ...r, of: rename(r.of) })),
    value: rename(d.value),
    inlined: new Map([...d.inlined].map(([id, times]) => [nodeOf(id), times])),
  }));
}
