/** @file Gradients of a report as pictures: their norm with its limit, by parameter, by lag. In: facts. Out:
 *  charts as data. Never computes a gradient. */
import type { LagNorms } from "../../runtime/train/lags.ts";
import type { Picture } from "./charts.ts";
import type { RunFacts } from "./facts.ts";
import {
  colourOf,
  heatMap,
  layered,
  lines,
  logarithmic,
  type Row,
  scaled,
  shortNames,
  some,
  UPDATES,
} from "./plot.ts";

export function gradientCharts(runs: readonly RunFacts[]): readonly Picture[] {
  const isAlone = runs.length === 1;
  return [
    ...normPictures(runs),
    ...runs.flatMap((run, i) => parameterPicture(run, i, isAlone)),
    ...(isAlone ? lagsOverTraining(runs[0]!) : lagsAtTheEnd(runs)),
  ];
}

/** Norms before clipping; a triangle where the row has clipped updates; the limit; of one run, norms after it. */
function normPictures(runs: readonly RunFacts[]): readonly Picture[] {
  const rows = runs.flatMap((run) => run.steps.map((row) => ({ ...row, run: run.name })));
  if (rows.length === 0) return [];
  const isAlone = runs.length === 1;
  const after = isAlone && isClipped(runs[0]!) ? runs[0]!.gradients : [];
  const norms = rows.map((row) => row.grad_norm);
  const most = Math.max(...norms);
  // A limit far above all norms would press them together.
  const limits = runs.flatMap(({ settings: { clip } }) =>
    clip.norm === null || clip.norm > 10 * most ? [] : [clip.norm],
  );
  const all = [...norms, ...limits, ...after.map((line) => line.norm_after)];
  const y = scaled({ field: "grad_norm", title: "‖g‖" }, all);
  const series = isAlone
    ? after.length === 0
      ? ["before clipping"]
      : ["before clipping", "after clipping"]
    : runs.map((run) => run.name);
  const named = rows.map((row) => ({ ...row, series: isAlone ? "before clipping" : row.run }));
  const colour = { color: colourOf("series", series) };
  const chart = layered(named, UPDATES, y, [
    ...(after.length === 0
      ? []
      : [
          {
            data: {
              values: after.map((l) => ({
                step: l.step,
                norm_after: l.norm_after,
                series: series[1],
              })),
            },
            mark: { type: "line", strokeWidth: 4, opacity: 0.5, clip: true },
            encoding: { ...colour, y: { field: "norm_after", type: "quantitative" } },
          },
        ]),
    { mark: { type: "line", strokeWidth: 1.5, clip: true }, encoding: colour },
    {
      transform: [{ filter: "datum.clipped > 0" }],
      mark: { type: "point", filled: true, shape: "triangle-down", size: 34, opacity: 0.9 },
      encoding: colour,
    },
    ...[...new Set(limits)].map((limit) => ({
      data: { values: [{ limit }] },
      mark: { type: "rule", strokeDash: [4, 4], opacity: 0.7 },
      encoding: { y: { field: "limit", type: "quantitative" }, x: null },
    })),
  ]);
  const shares = runs.map((run) => `${isAlone ? "" : `${run.name}: `}${clippingOf(run)}`);
  return [
    {
      id: "grad-norm",
      title: "Norm of the gradient and clipping",
      caption: `‖g‖₂ over all parameters before clipping; a triangle where the norm was above its limit, which is dashed: ${shares.join("; ")}.`,
      chart,
    },
    ...clippedShare(runs),
  ];
}

/** So often that norms after clipping are another line, and not the same one. */
const isClipped = ({ progress, settings: { clip } }: RunFacts): boolean =>
  clip.value !== null || progress.clipped > 0.05 * progress.steps;

function clippingOf({ progress, settings: { clip } }: RunFacts): string {
  const said = [
    ...(clip.norm === null
      ? []
      : [`${progress.clipped} of ${progress.steps} updates above the limit of ${clip.norm}`]),
    ...(clip.value === null ? [] : [`each element kept within ±${clip.value}`]),
  ];
  return said.length === 0 ? "nothing is clipped" : said.join(", ");
}

/** Where a row stands for many updates, a triangle says too little. */
function clippedShare(runs: readonly RunFacts[]): readonly Picture[] {
  const rows = runs.flatMap(({ name, steps }) =>
    steps.map(({ step, clipped, updates }) => ({
      run: name,
      step,
      updates,
      share: clipped / updates,
    })),
  );
  if (rows.every((row) => row.updates === 1 || row.share === 0)) return [];
  const y = {
    field: "share",
    title: "share clipped",
    scale: { domain: [0, 1] },
    axis: { format: ".0%" },
  };
  const order = runs.map((run) => run.name);
  return [
    {
      id: "clipped",
      title: "Clipped updates",
      caption:
        "The share of updates whose gradient was above the limit; a point stands for several updates.",
      chart: lines(rows, UPDATES, y, { field: "run", order }, false),
    },
  ];
}

/** Columns of the map: a picture of some thousand cells at most. */
const CELLS = 1600;

function parameterPicture(run: RunFacts, index: number, isAlone: boolean): readonly Picture[] {
  const { gradients, model } = run;
  if (gradients.length === 0) return [];
  const names = model.tensors.map((t) => t.name);
  const short = shortNames(names);
  const columns = some(gradients, Math.max(12, Math.min(60, Math.floor(CELLS / names.length))));
  const end = (i: number): number =>
    columns[i + 1]?.step ?? 2 * columns[i]!.step - (columns[i - 1]?.step ?? columns[i]!.step - 1);
  const rows: readonly Row[] = columns.flatMap(({ step, grad_norms }, i) =>
    names.flatMap((name, k) => {
      const norm = grad_norms[name] ?? 0;
      return norm > 0
        ? [{ step, to: end(i), parameter: short[k]!, log_norm: Math.log10(norm) }]
        : [];
    }),
  );
  return [
    {
      id: `grad-parameters-${index}`,
      title: isAlone ? "Gradient by parameter" : `Gradient by parameter: ${run.name}`,
      caption:
        "‖∂L/∂p‖₂ of each parameter before clipping, at the updates that were recorded. An empty cell: zero.",
      chart: heatMap(rows, {
        x: { ...UPDATES, to: "to", type: "quantitative", scale: { nice: false, zero: false } },
        y: { field: "parameter", title: "", type: "nominal" },
        colour: { field: "log_norm", title: "log₁₀ ‖∂L/∂p‖", scale: {} },
        rowHeight: 15,
        names: short,
      }),
    },
  ];
}

/** More values than that are in the data only. */
const PICTURES = 6;

const WHAT = {
  states: (short: string) =>
    `‖∂(u · y[T]) / ∂${short}[T−k]‖₂, u a fixed random unit vector, root mean square over the first samples of the training split, every step by itself: what the last output still tells the state k steps back.`,
  inputs: (short: string) =>
    `‖∂(u · y[T]) / ∂${short}[T−k]‖₂, u a fixed random unit vector, root mean square over the first samples of the training split: what the last output still tells the input k steps back.`,
} as const;

function lagsOverTraining(run: RunFacts): readonly Picture[] {
  const probes = some(
    run.probes.filter((p) => p.lags !== null),
    5,
  );
  const [first] = probes;
  if (first === undefined) return [];
  const of = first.lags!.of;
  const names = Object.keys(first.lags!.norms);
  const short = shortNames(names);
  const label = (epoch: number): string => (epoch === 0 ? "before training" : `epoch ${epoch}`);
  return names.slice(0, PICTURES).flatMap((name, i): readonly Picture[] => {
    const rows = probes.flatMap((p) =>
      lagRows(p.lags!, name).map((row) => ({ ...row, series: label(p.epoch) })),
    );
    if (rows.length === 0) return [];
    return [
      {
        id: `lags-${i}`,
        title: `Gradient by lag: ${short[i]}`,
        caption: WHAT[of](short[i]!),
        chart: lagChart(
          rows,
          probes.map((p) => label(p.epoch)),
        ),
      },
    ];
  });
}

/** The last probe of each run, a line a state or input. */
function lagsAtTheEnd(runs: readonly RunFacts[]): readonly Picture[] {
  const found = runs.flatMap((run) => {
    const lags = run.probes.findLast((p) => p.lags !== null)?.lags;
    return lags === undefined || lags === null ? [] : [{ run, lags }];
  });
  const rows = found.flatMap(({ run, lags }) =>
    Object.keys(lags.norms).flatMap((name, i, all) =>
      lagRows(lags, name).map((row) => ({
        ...row,
        series: all.length === 1 ? run.name : `${run.name}: ${shortNames(all)[i]}`,
      })),
    ),
  );
  if (rows.length === 0) return [];
  return [
    {
      id: "lags",
      title: "Gradient by lag, at the last probe",
      caption:
        "‖∂(u · y[T]) / ∂v[T−k]‖₂ for each state v (inputs, where a model has no states to step), u a fixed random unit vector.",
      chart: lagChart(rows, [...new Set(rows.map((r) => r.series))]),
    },
  ];
}

function lagRows({ of, norms }: LagNorms, name: string) {
  const first = of === "states" ? 1 : 0;
  return (norms[name] ?? []).flatMap((norm, k) => (norm > 0 ? [{ lag: k + first, norm }] : []));
}

function lagChart(rows: readonly { readonly norm: number }[], order: readonly string[]) {
  const norms = rows.map((row) => row.norm);
  const y = logarithmic({ field: "norm", title: "norm" }, Math.min(...norms), Math.max(...norms));
  return lines(
    rows,
    { field: "lag", title: "lag k, steps", scale: { nice: false } },
    y,
    { field: "series", order },
    false,
  );
}
