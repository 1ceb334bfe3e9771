/** @file An artifact whose forward pass shows every named value. In: an artifact. Out: the same one, its
 *  forward programs with an output `trace:NAME` more for each equation of a step, and what those are.
 *  The equations are compiled again from the artifact's own source; nothing is computed twice. */
import type { Artifact, ValueInfo } from "../runtime/artifact/artifact.ts";
import type { Kernel, Program, Stage } from "../runtime/artifact/kernel.ts";
import { type Place, placeAt } from "../runtime/artifact/place.ts";
import type { Build, Tap } from "./3-lower/build.ts";
import type { Lowered } from "./3-lower/lower.ts";
import { invariant } from "./ir/invariant.ts";
import type { Graph, Node, NodeId } from "./ir/ir.ts";
import { ANY, union } from "./ops/interval.ts";
import type { Interval } from "./ops/op.ts";
import { OPS } from "./ops/table.ts";
import { createStager } from "./programs.ts";
import { recompiled } from "./recompile.ts";

export interface TracedValue extends Pick<ValueInfo, "name" | "shape"> {
  readonly role: Tap["role"];
  /** The cell whose equation it is and where it runs: layers count from 1; null for a model's own values. */
  readonly layer: {
    readonly index: number;
    readonly cell: string;
    readonly direction: "forward" | "backward";
  } | null;
  /** What tells it from the others, for people: `i`, `layer 2 backward: i`. */
  readonly label: string;
  /** The sequence it has a value at each step of. */
  readonly seq: string;
  /** Bounds that the equation proves, both finite: [0, 1] of a sigmoid; null where there are none. */
  readonly range: readonly [number, number] | null;
  readonly place: Place;
}

export interface Traced {
  readonly artifact: Artifact;
  /** Stored as `trace:NAME` by `forward` and `forwardMasked`: [seq][B][…shape], 0 past a sample's length. */
  readonly values: readonly TracedValue[];
}

/** Null where the source that the artifact carries no longer gives its equations: another compiler made it. */
export function traced(artifact: Artifact): Traced | null {
  const source = recompiled(artifact);
  if (source === null) return null;
  const { checked, entry, places } = source;
  const stager = createStager(checked, entry, places);
  const plain = stager.lowered({ taps: true }, false);
  const masked = stager.lowered({ taps: true, masked: true }, false);
  const before = artifact.source.places.length;
  const forward = moved(stager.forward(plain.graph).program, before);
  const forwardMasked = moved(stager.forward(masked.graph).program, before);
  const all = [...artifact.source.places, ...places.info(plain.graph).places];
  const programs = { ...artifact.programs, forward, forwardMasked };
  const made = { ...artifact, source: { ...artifact.source, places: all }, programs };
  return { artifact: made, values: valuesOf(plain, made, before) };
}

/** The program with its places `by` further on in the source map. */
function moved(program: Program, by: number): Program {
  const kernel = (k: Kernel): Kernel => ({ ...k, places: k.places.map((p) => p + by) });
  const stage = (s: Stage): Stage =>
    s.kind === "kernel"
      ? { ...s, kernel: kernel(s.kernel) }
      : { ...s, kernels: s.kernels.map(kernel) };
  return {
    ...program,
    prepare: program.prepare.map(stage),
    stages: program.stages.map(stage),
  };
}

function valuesOf(
  { build, graph }: Lowered,
  artifact: Artifact,
  firstPlace: number,
): readonly TracedValue[] {
  const ranges = new Map<NodeId, ReadonlyMap<NodeId, Interval>>();
  const layers = layersOf(build);
  const values = build.taps.map((tap) => {
    const { name, role } = tap;
    const type = build.b.type(tap.id);
    invariant(type.seq !== null, "what is traced is a sequence");
    const layer = tap.layer === null ? null : layers.of(tap.layer);
    const item = build.b.node(tap.id);
    const range =
      tap.inBody === null || item.kind !== "item"
        ? null
        : finite(bodyRanges(graph, item.of, ranges).get(tap.inBody) ?? ANY);
    const short = tap.layer === null ? name : name.slice(tap.layer.prefix.length);
    return {
      name,
      role,
      layer,
      label: layer === null ? name : layers.label(layer, short),
      seq: type.seq,
      shape: type.shape,
      range,
      place: placeAt(artifact, firstPlace + tap.place),
    };
  });
  return values.sort(asWritten);
}

/** Layer by layer, each as its file has it; a model's own values come last. */
function asWritten(a: TracedValue, b: TracedValue): number {
  const layer = (v: TracedValue): number => v.layer?.index ?? Number.MAX_SAFE_INTEGER;
  const back = (v: TracedValue): number => (v.layer?.direction === "backward" ? 1 : 0);
  return (
    layer(a) - layer(b) ||
    back(a) - back(b) ||
    (a.place.file === b.place.file
      ? a.place.line - b.place.line || a.place.column - b.place.column
      : 0)
  );
}

type Layer = NonNullable<TracedValue["layer"]>;

/** Cells in the order in which they run; both directions of one are one layer. */
function layersOf({ taps }: Build) {
  const own = (prefix: string): string => prefix.replace(/(forward|backward)\.$/, "");
  const prefixes = [...new Set(taps.flatMap((t) => (t.layer ? [own(t.layer.prefix)] : [])))];
  const several = prefixes.length > 1;
  const reversed = taps.some((t) => t.layer?.reverse === true);
  return {
    of: ({ cell, prefix, reverse }: NonNullable<Tap["layer"]>): Layer => ({
      index: prefixes.indexOf(own(prefix)) + 1,
      cell,
      direction: reverse ? "backward" : "forward",
    }),
    label(layer: Layer, name: string): string {
      const words = [
        ...(several ? [`layer ${layer.index}`] : []),
        ...(reversed ? [layer.direction] : []),
      ];
      return words.length === 0 ? name : `${words.join(" ")}: ${name}`;
    },
  };
}

function bodyRanges(
  graph: Graph,
  scan: NodeId,
  known: Map<NodeId, ReadonlyMap<NodeId, Interval>>,
): ReadonlyMap<NodeId, Interval> {
  const before = known.get(scan);
  if (before !== undefined) return before;
  const node = graph.nodes[scan];
  invariant(node?.kind === "scan", `node ${scan} is no scan`);
  const found = rangesOf(node.body.nodes);
  known.set(scan, found);
  return found;
}

/** Bounds by the ops' own rules; nothing is known of what comes from outside a step. */
function rangesOf(nodes: readonly Node[]): ReadonlyMap<NodeId, Interval> {
  const ranges = new Map<NodeId, Interval>();
  for (const node of nodes) {
    if (node.kind === "const") ranges.set(node.id, union({ lo: node.value, hi: node.value }));
    if (node.kind !== "apply") continue;
    const given = node.args.map((id) => ranges.get(id) ?? ANY);
    ranges.set(node.id, OPS[node.op].range(given, node.attrs));
  }
  return ranges;
}

function finite({ lo, hi }: Interval): readonly [number, number] | null {
  return Number.isFinite(lo) && Number.isFinite(hi) && hi > lo ? [lo, hi] : null;
}
