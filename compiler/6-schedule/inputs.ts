/** @file How many buffers kernels load when one is cut in several. In: a kernel's root, the nodes stored
 *  so far. Out: a count for any cut. Never drafts: what a select leaves out is counted too. */
import type { BufferId } from "../../runtime/artifact/kernel.ts";
import { type NodeId, reads } from "../ir/ir.ts";
import type { Site, Stored } from "./draft.ts";

/**
 * By cut (nodes to be stored too): the buffers of the kernel of `root`, then those of the kernel of
 * each node of the cut. The graph under `root` is walked once; a cut costs one pass over it.
 */
export function inputsUnder(
  site: Site,
  stored: Stored,
  root: NodeId,
): (cut: readonly NodeId[]) => readonly number[] {
  const places = new Map<NodeId, number>();
  const buffers = new Map<BufferId, number>();
  /** In the order of evaluation: which buffer it is, or which places it is computed from. */
  const steps: { readonly buffer: number; readonly args: readonly number[] }[] = [];
  const visit = (id: NodeId): number => {
    const there = places.get(id);
    if (there !== undefined) return there;
    const node = site.node(id);
    const isBuffer = node.kind !== "const" && (node.kind !== "apply" || stored.has(id));
    const step =
      isBuffer && id !== root
        ? { buffer: numbered(buffers, site.buffer(id)), args: [] }
        : { buffer: -1, args: reads(node).map(visit) };
    const place = steps.push(step) - 1;
    places.set(id, place);
    return place;
  };
  visit(root);
  // Sets of buffers as bits: those of the graph, then one for each node of the cut.
  return (cut) => {
    const cuts = cut.map((id) => places.get(id) ?? -1);
    const words = Math.ceil((buffers.size + cut.length) / 32);
    const bits = new Int32Array(steps.length * words);
    const own = cut.map(() => 0);
    const add = (place: number, bit: number): void => {
      bits[place * words + (bit >> 5)]! |= 1 << (bit & 31);
    };
    for (let place = 0; place < steps.length; place++) {
      const { buffer, args } = steps[place]!;
      if (buffer >= 0) add(place, buffer);
      for (let k = 0; k < args.length; k++) {
        const from = args[k]! * words;
        for (let w = 0; w < words; w++) bits[place * words + w]! |= bits[from + w]!;
      }
      const at = cuts.indexOf(place);
      if (at < 0) continue;
      own[at] = count(bits, place, words);
      bits.fill(0, place * words, (place + 1) * words);
      add(place, buffers.size + at);
    }
    return [count(bits, steps.length - 1, words), ...own];
  };
}

function numbered(known: Map<BufferId, number>, id: BufferId): number {
  const there = known.get(id) ?? known.size;
  known.set(id, there);
  return there;
}

function count(bits: Int32Array, place: number, words: number): number {
  let n = 0;
  for (let w = 0; w < words; w++) {
    for (let rest = bits[place * words + w]!; rest !== 0; rest &= rest - 1) n += 1;
  }
  return n;
}
