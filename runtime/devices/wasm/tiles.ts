/** @file How a nest is walked: the order of its axes, the size of its tiles. In: a nest, its graph. Out:
 *  walks. Changing these numbers changes speed, never results. */
import type { Loop, Nest } from "./nest.ts";
import { type Graph, type Node, streamsOf } from "./nodes.ts";
import { numberOf, type Poly } from "./poly.ts";
import type { Walk } from "./kernel-code.ts";

/** Rows of a tile of packed rows. */
const ROWS = 4;
/** Work of an elementwise value above which one vector at a time fills the registers. */
const MAP_WORK = 200;

/**
 * What an engine keeps in its sixteen registers. `small`: eight sums, the lanes' operands, one row's operand, one
 * product. `large`: where products are added at once there is none to hold, and twelve sums fit. `wide`: so many of
 * twice the lanes, where a register holds eight.
 */
export type TileSize = "small" | "large" | "wide";

interface Tile {
  readonly rows: readonly number[];
  /** Lanes of a tile of many rows: whole panels. */
  readonly lanes: number;
  /** Lanes of a tile of one row: enough sums to hide the latency of an addition, few enough for what V8 loads first. */
  readonly few: number;
  /** Lanes of a value that takes many functions. */
  readonly dear: number;
}

const SIZES: Readonly<Record<TileSize, Tile>> = {
  small: { rows: [ROWS, 1], lanes: 8, few: 24, dear: 4 },
  large: { rows: [6, ROWS, 1], lanes: 8, few: 32, dear: 4 },
  wide: { rows: [6, ROWS, 1], lanes: 16, few: 40, dear: 8 },
};

export interface Plan {
  /** Where there are fewer rows than a tile has; null where that is not asked. */
  readonly few: Walk | null;
  readonly many: Walk;
  readonly rows: Poly | null;
}

export const TILES = {
  rows: ROWS,
  /** Lanes of the widest tile: what is left of one is a tile too, for a panel's lanes end where it does. */
  lanes: Math.max(...Object.values(SIZES).map((t) => t.few)),
  /** Lanes in a panel of packed weights. */
  panel: 8,
  /** Functions of a kernel that are written out before calls take their place: what code may grow by. */
  inlines: 64,
  /** Vectors at a time of a sum along its own lanes. */
  own: 4,
  plan: planOf,
} as const;

function planOf(nest: Nest, graph: Graph, size: TileSize): Plan {
  const { lane, axes } = nest;
  const tile = SIZES[size];
  const row = lane === null ? null : rowOf(nest, graph);
  if (row === null) {
    const work = graph.values.reduce((sum, value) => sum + value.work, 0);
    const map = work < MAP_WORK ? 8 : tile.dear;
    const lanes = [...new Set([sums(nest) ? tile.few : map, 4, 1])];
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
  const rows = packed ? [ROWS, 1] : tile.rows;
  const many: Walk = { order, row, rows, lanes: [tile.lanes, 4, 1] };
  const few: Walk = { order, row, rows: [1], lanes: [tile.few, 4, 1] };
  const count = numberOf(rowLoop.extent);
  if (count !== null && count >= ROWS) return { few: null, rows: null, many };
  if (count !== null) return { few: null, rows: null, many: few };
  return { few, many, rows: rowLoop.extent };
}

const sums = (nest: Nest): boolean => nest.reductions.some((r) => r.perLane);

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
