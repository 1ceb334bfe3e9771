/** @file Chart specifications that reports share. In: rows. Out: Vega-Lite. Of one size, so that a page sets them
 *  in columns and text stays legible on a phone. Never draws. */
import type { Chart } from "../page/chart.ts";

/** Fields by name: numbers and words. */
export type Row = object;

export interface Axis {
  readonly field: string;
  readonly title: string;
  readonly scale?: Readonly<Record<string, unknown>>;
  readonly axis?: Readonly<Record<string, unknown>>;
}

export type Layer = Readonly<Record<string, unknown>>;

export const UPDATES: Axis = { field: "step", title: "updates", axis: { format: "~s" } };

const SIZE = {
  width: 420,
  height: 270,
  autosize: { type: "fit", contains: "padding" },
  padding: 4,
} as const;

/** Layers over the same two axes; each names its own mark, and data where it has others. */
export function layered(rows: readonly Row[], x: Axis, y: Axis, layers: readonly Layer[]): Chart {
  return {
    ...SIZE,
    data: { values: [...rows] },
    encoding: {
      x: { type: "quantitative", ...x, axis: { tickCount: 5, grid: false, ...x.axis } },
      y: { type: "quantitative", ...y, axis: { tickCount: 5, ...y.axis } },
    },
    layer: layers.map((layer) => ({ ...layer })),
  } as unknown as Chart;
}

/** A line a series, in the order of `series`. */
export function lines(
  rows: readonly Row[],
  x: Axis,
  y: Axis,
  series: { readonly field: string; readonly order: readonly string[] },
  points: boolean,
): Chart {
  return layered(rows, x, y, [
    {
      mark: { type: "line", clip: true, ...(points ? { point: { size: 28 } } : {}) },
      encoding: { color: colourOf(series.field, series.order) },
    },
  ]);
}

/** Colours by name; the legend lies under the picture, and only where there is something to tell apart. */
export function colourOf(field: string, order: readonly string[]): Layer {
  return {
    field,
    type: "nominal",
    sort: [...order],
    scale: { domain: [...order] },
    legend: order.length < 2 ? null : LEGEND,
  };
}

export const LEGEND = {
  orient: "bottom",
  title: null,
  columns: 2,
  symbolType: "stroke",
  symbolStrokeWidth: 3,
  labelLimit: 190,
} as const;

export interface Cells {
  readonly x: Axis & { readonly to?: string; readonly type: "quantitative" | "ordinal" };
  readonly y: Axis & { readonly to?: string; readonly type: "quantitative" | "nominal" };
  readonly colour: { readonly field: string; readonly title: string; readonly scale: Layer };
  /** Of a named row; a chart of a fixed height where null. */
  readonly rowHeight: number | null;
  readonly names?: readonly string[];
}

/** A cell a row of data; columns and rows that stand side by side touch. */
export function heatMap(rows: readonly Row[], { x, y, colour, rowHeight, names }: Cells): Chart {
  const { to: x2, ...xs } = x;
  const { to: y2, ...ys } = y;
  const height =
    rowHeight === null ? SIZE.height : 92 + rowHeight * Math.max(4, names?.length ?? 1);
  return {
    ...SIZE,
    height,
    data: { values: [...rows] },
    transform: [{ calculate: `datum.${colour.field}`, as: "edge" }],
    mark: { type: "rect", strokeWidth: 0.7, aria: false },
    encoding: {
      x: { ...xs, axis: { tickCount: 5, grid: false, ...x.axis } },
      ...(x2 === undefined ? {} : { x2: { field: x2 } }),
      y: {
        ...ys,
        ...(names === undefined ? {} : { sort: [...names] }),
        axis: { grid: false, labelLimit: 130, ...y.axis },
      },
      ...(y2 === undefined ? {} : { y2: { field: y2 } }),
      color: {
        field: colour.field,
        type: "quantitative",
        scale: { scheme: "viridis", ...colour.scale },
        legend: {
          orient: "top",
          direction: "horizontal",
          title: colour.title,
          gradientLength: 150,
          gradientThickness: 10,
          tickCount: 4,
        },
      },
      // Closes the seams between neighbours; by a name of its own, or the legends would be one.
      stroke: {
        field: "edge",
        type: "quantitative",
        scale: { scheme: "viridis", ...colour.scale },
        legend: null,
      },
    },
  } as unknown as Chart;
}

/** The scale and ticks of values: logarithmic where they are positive and span a factor of ten, else linear. */
export function scaled(axis: Pick<Axis, "field" | "title">, values: readonly number[]): Axis {
  const finite = values.filter(Number.isFinite);
  const [least, most] = [Math.min(...finite), Math.max(...finite)];
  return least > 0 && most / least >= 10
    ? logarithmic(axis, least, most)
    : { ...axis, scale: { zero: false, nice: true } };
}

/** Decades alone where there are several; 1, 2 and 5 of each where there are few. */
export function logarithmic(
  axis: Pick<Axis, "field" | "title">,
  least: number,
  most: number,
): Axis {
  const from = Math.floor(Math.log10(least));
  const decades = Math.ceil(Math.log10(most)) - from;
  const each = Math.ceil(decades / 8);
  const values = Array.from({ length: decades + 1 }, (_, i) => from + i).flatMap((power) =>
    decades > 3
      ? (power - from) % each === 0
        ? [10 ** power]
        : []
      : [1, 2, 5].map((n) => Number(`${n}e${power}`)),
  );
  const scale = { type: "log", nice: false, padding: 4 };
  const isSmall = least < 1e-3 || most >= 1e6;
  return { ...axis, scale, axis: { values, format: isSmall ? ".0e" : "~g" } };
}

/** The shortest endings of dotted names that tell them apart: `W_i` for `y.Cell.W_i`. */
export function shortNames(names: readonly string[]): readonly string[] {
  const parts = names.map((name) => name.split("."));
  const most = Math.max(...parts.map((p) => p.length));
  for (let n = 1; n < most; n++) {
    const short = parts.map((p) => p.slice(-n).join("."));
    if (new Set(short).size === names.length) return short;
  }
  return names;
}

/** At most `count` of the items, evenly, the first and the last among them. */
export function some<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  return Array.from(
    { length: count },
    (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]!,
  );
}
