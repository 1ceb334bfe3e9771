/** @file The recurrent loops of an entry, as what one step does to the states. In: a checked entry. Out: each
 *  loop's scan with its states, slot by slot, and the names of what a step computes. Never optimises. */
import type { Checked } from "../2-check/checked.ts";
import type { Entry, Lowered } from "../3-lower/lower.ts";
import { createPlaces, type Places } from "../3-lower/places.ts";
import { invariant } from "../ir/invariant.ts";
import type { Graph, NodeId, Scan } from "../ir/ir.ts";
import { createStager } from "../programs.ts";

/** A state's value `lag` steps back: what the scan carries. A state read two steps back has two slots. */
export interface Slot {
  /** As equations write it: without the loop's own prefix. */
  readonly state: string;
  readonly lag: number;
  /** Body ids: the value before the step, and after it. */
  readonly arg: NodeId;
  readonly next: NodeId;
  readonly shape: readonly number[];
}

export interface Loop {
  /** What the loop's names start with in its entry: "" in a cell, "e.LSTM." in a model. */
  readonly prefix: string;
  /** The main graph, and the scan in it. */
  readonly graph: Graph;
  readonly scan: Scan;
  readonly slots: readonly Slot[];
}

export interface Loops {
  readonly loops: readonly Loop[];
  readonly lowered: Lowered;
  readonly places: Places;
}

/** The loops of an entry in the order in which they run. With `loss`, the graph ends in its train block's loss. */
export function loopsOf(checked: Checked, entry: Entry, loss = false): Loops {
  const places = createPlaces(checked.files);
  const lowered = createStager(checked, entry, places).lowered({ slots: true }, loss);
  const loops = lowered.graph.nodes.flatMap((node) =>
    node.kind === "scan" ? [loopOf(lowered.graph, node)] : [],
  );
  return { loops, lowered, places };
}

function loopOf(graph: Graph, scan: Scan): Loop {
  const named = scan.carries.map((c) => {
    const arg = scan.body.nodes[c.arg];
    invariant(arg?.name !== undefined, "a state without a name");
    return { ...c, name: arg.name, shape: arg.type.shape.map(Number) };
  });
  const prefix = commonPrefix(named.map((c) => c.name));
  const seen = new Map<string, number>();
  const slots = named.map(({ arg, next, name, shape }) => {
    const lag = (seen.get(name) ?? 0) + 1;
    seen.set(name, lag);
    return { state: name.slice(prefix.length), lag, arg, next, shape };
  });
  return { prefix, graph, scan, slots };
}

/** The longest "a.b." that all names start with. */
function commonPrefix(names: readonly string[]): string {
  const first = names[0] ?? "";
  const parts = first.split(".").slice(0, -1);
  for (let n = parts.length; n > 0; n--) {
    const prefix = `${parts.slice(0, n).join(".")}.`;
    if (names.every((name) => name.startsWith(prefix))) return prefix;
  }
  return "";
}
