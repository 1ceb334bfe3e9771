/** @file How a nest is walked: the order of its axes, the size of its tiles. In: a nest, its graph. Out:
 *  walks. Changing these numbers changes speed, never results. */
import type { Loop, Nest } from "./nest.ts";
import { collect, type Graph, MATH, type Node, streamsOf } from "./nodes.ts";
import { numberOf, type Poly } from "./poly.ts";
import type { Walk } from "./kernel-code.ts";

/** Sixteen vector registers: eight sums, the lanes' operands, one row's operand, one product. Where products are
 *  added at once there is none to hold, and in a roomy engine twelve sums fit; packed rows stay in fours. */
const ROWS = 4;
const MORE_ROWS = 6;
const VECTORS = 2;
/** Lanes of a tile of one row: six sums hide the latency of an addition; with eight, whose loads V8 puts
 *  first, the registers do not suffice, unless it is roomy. */
const FEW_LANES = 24;
const MORE_LANES = 32;
/** Work of an elementwise value above which one vector at a time fills the registers. */
const MAP_WORK = 200;

export interface Plan {
  /** Where there are fewer rows than a tile has; null where that is not asked. */
  readonly few: Walk | null;
  readonly many: Walk;
  readonly rows: Poly | null;
}

export const TILES = {
  rows: ROWS,
  /** Lanes of the widest tile: what is left of one is a tile too, for a panel's lanes end where it does. */
  lanes: MORE_LANES,
  /** Lanes in a panel of packed weights. */
  panel: 4 * VECTORS,
  /** Functions of a kernel that are written out before calls take their place: what code may grow by. */
  inlined: 64,
  /** Vectors at a time of a sum along its own lanes. */
  own: 4,
  plan: planOf,
} as const;

/** `roomy`: see Features. */
function planOf(nest: Nest, graph: Graph, roomy: boolean): Plan {
  const { lane, axes } = nest;
  const fewLanes = roomy ? MORE_LANES : FEW_LANES;
  const row = lane === null ? null : rowOf(nest, graph);
  if (row === null) {
    const wide = graph.value.work < MAP_WORK ? [8, 4, 1] : [4, 1];
    const lanes = sums(nest) ? [fewLanes, 4, 1] : wide;
    return { few: null, rows: null, many: { order: axes, row: null, rows: [1], lanes } };
  }
  const rowLoop = axes.find((a) => a.v === row)!;
  const laneLoop = axes.find((a) => a.v === lane)!;
  const others = axes.filter((a) => a.v !== row && a.v !== lane);
  const perRow = nest.reductions.some((r, i) => !r.perLane && dependsOn(graph.reductions[i]!, row));
  const order: readonly Loop[] = perRow
    ? [...others, rowLoop, laneLoop]
    : [...others, laneLoop, rowLoop];
  const packed = streamsOf(graph.reductions).some((s) => s.panel?.v === row);
  const tall = roomy && !packed && !isFunction(graph);
  const rows = tall ? [MORE_ROWS, ROWS, 1] : [ROWS, 1];
  const many: Walk = { order, row, rows, lanes: [4 * VECTORS, 4, 1] };
  const few: Walk = { order, row, rows: [1], lanes: [fewLanes, 4, 1] };
  const count = numberOf(rowLoop.extent);
  if (count !== null && count >= ROWS) return { few: null, rows: null, many };
  if (count !== null) return { few: null, rows: null, many: few };
  return { few, many, rows: rowLoop.extent };
}

const sums = (nest: Nest): boolean => nest.reductions.some((r) => r.perLane);

/** Does an element take a function of its sums? Then a tile of many holds their values beside its own. */
function isFunction({ value }: Graph): boolean {
  let found = false;
  collect([value], (node) => {
    found ||= node.kind === "call" && MATH.has(node.fn);
  });
  return found;
}

const dependsOn = (node: Node, v: number): boolean => node.vars.has(v);

/** The axis along which rows of a tile share what they load: the last such. */
function rowOf({ axes, lane, reductions }: Nest, graph: Graph): number | null {
  for (const { v } of [...axes].reverse()) {
    if (v === lane) continue;
    for (const [i, { perLane }] of reductions.entries()) {
      const of = graph.reductions[i]!;
      if (!perLane || !dependsOn(of, v)) continue;
      if (of.kind === "call" && of.args.some((a) => !dependsOn(a, v) && a.vars.has(lane!)))
        return v;
    }
  }
  return null;
}
