/** @file Charts of a trace. In: traced values with their statistics. Out: Vega-Lite specifications. Numbers are
 *  those of the statistics; nothing is counted here. */
import type { Chart } from "../page/chart.ts";
import type { TracedTensor } from "./run.ts";

/** How often each value occurs. */
export function histogram({ stats: { histogram } }: Pick<TracedTensor, "stats">): Chart {
  const { edges, counts } = histogram;
  return {
    width: 260,
    height: 90,
    data: { values: counts.map((count, i) => ({ from: edges[i], to: edges[i + 1], count })) },
    mark: { type: "bar", binSpacing: 0.5, color: "var(--c1)" },
    encoding: {
      x: {
        field: "from",
        bin: { binned: true },
        title: null,
        scale: { domain: [edges[0] ?? 0, edges.at(-1) ?? 1], nice: false, zero: false },
        axis: { grid: false, tickCount: 5 },
      },
      x2: { field: "to" },
      y: {
        field: "count",
        type: "quantitative",
        title: null,
        axis: { tickCount: 3, format: "~s" },
      },
    },
  };
}

/** A point a unit: how much of the time it is at the low end of its range, and at the high end. */
export function saturationByUnit(values: readonly TracedTensor[]): Chart {
  const points = values.flatMap(({ label, stats: { saturation } }) =>
    saturation === null
      ? []
      : saturation.byUnit.low.map((low, unit) => ({
          of: label,
          unit,
          low,
          high: saturation.byUnit.high[unit],
        })),
  );
  const share = { type: "quantitative" as const, scale: { domain: [0, 1] } };
  return {
    width: 320,
    height: 320,
    data: { values: points },
    mark: { type: "point", filled: true, size: 30, opacity: 0.7, clip: false },
    encoding: {
      x: {
        ...share,
        field: "low",
        axis: { title: "share of the time at the low end", format: "%" },
      },
      y: {
        ...share,
        field: "high",
        axis: { title: "share of the time at the high end", format: "%" },
      },
      color: { field: "of", type: "nominal", title: null, sort: values.map((v) => v.label) },
    },
  };
}

const MOST_POINTS = 400;

/** A line a value: `of` its statistics, step by step; a long run's points are means of several steps. */
export function overTime(
  values: readonly TracedTensor[],
  of: (value: TracedTensor) => readonly number[],
  title: string,
  domain: readonly [number, number] | null,
): Chart {
  const points = values.flatMap((value) => {
    const list = of(value);
    const each = Math.ceil(list.length / MOST_POINTS);
    return Array.from({ length: Math.ceil(list.length / each) }, (_, i) => {
      const some = list.slice(i * each, (i + 1) * each);
      const mean = some.reduce((a, b) => a + b, 0) / some.length;
      return { of: value.label, step: i * each + 1, mean };
    });
  });
  return {
    width: 560,
    height: 200,
    data: { values: points },
    mark: { type: "line", interpolate: "linear" },
    encoding: {
      x: {
        field: "step",
        type: "quantitative",
        scale: { nice: false, zero: false },
        axis: { title: "step", grid: false, tickMinStep: 1 },
      },
      y: {
        field: "mean",
        type: "quantitative",
        axis: { title, tickCount: 5 },
        ...(domain === null ? {} : { scale: { domain: [...domain] } }),
      },
      color: { field: "of", type: "nominal", title: null, sort: values.map((v) => v.label) },
    },
  };
}
