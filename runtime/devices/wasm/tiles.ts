/** @file How a nest is walked: the order of its axes, the size of its tiles. In: a nest, its graph. Out:
 *  walks. Changing these numbers changes speed, never results. */
import type { Loop, Nest } from "./nest.ts";
import { type Graph, type Node, streamsOf } from "./nodes.ts";
import { numberOf, type Poly } from "./poly.ts";
import type { Walk } from "./kernel-code.ts";

/** Rows of the tiles that packed rows are made for. */
const ROWS = 4;
const MORE_LANES = 64;
/** Work of an elementwise value above which one vector at a time fills the registers. */
const MAP_WORK = 200;

/** What an engine keeps in registers, of which there are sixteen: `wide` where they hold eight lanes each. */
export type TileSize = "small" | "large" | "wide";

interface Tile {
  readonly rows: readonly number[];
  /** Lanes of a tile of many rows: whole panels. */
  readonly lanes: number;
  /** Lanes of a tile of one row: enough sums to hide the latency of an addition. */
  readonly few: number;
}

const SIZES: Readonly<Record<TileSize, Tile>> = {
  small: { rows: [ROWS, 1], lanes: 8, few: 24 },
  large: { rows: [6, ROWS, 1], lanes: 8, few: 32 },
  wide: { rows: [6, ROWS, 1], lanes: 16, few: 40 },
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
  lanes: MORE_LANES,
  /** Lanes in a panel of packed weights. */
  panel: 8,
  /** Functions of a kernel that are written out before calls take their place: what code may grow by. */
  inlined: 64,
  /** Vectors at a time of a sum along its own lanes. */
  own: 4,
  plan: planOf,
} as const;

function planOf(nest: Nest, graph: Graph, size: TileSize): Plan {
  const { lane, axes } = nest;
  const tile = SIZES[size];
  const row = lane === null ? null : rowOf(nest, graph);
  if (row === null) {
    const wide = graph.value.work < MAP_WORK ? [8, 4, 1] : [4, 1];
    const lanes = sums(nest) ? [tile.few, 4, 1] : size === "wide" ? [8,4,1]: wide;
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
