/** @file The pictures of a report. In: its facts. Out: charts as data, by section. Every number in them is one
 *  of the facts, but for logarithms. Never draws. */
import type { Chart } from "../page/chart.ts";
import type { Report, RunFacts } from "./facts.ts";
import { gateCharts } from "./gate-charts.ts";
import { gradientCharts } from "./gradient-charts.ts";
import { type Axis, colourOf, layered, lines, type Row, scaled, UPDATES } from "./plot.ts";

export interface Picture {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly chart: Chart;
}

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly pictures: readonly Picture[];
  /** In place of pictures, where there are none. */
  readonly none: string;
}

const LOSS = { field: "loss", title: "loss" };

export function sections(report: Report): readonly Section[] {
  const { runs } = report;
  return [
    { id: "loss", title: "Loss", pictures: lossPictures(runs), none: "No update is recorded yet." },
    {
      id: "metrics",
      title: "Metrics",
      pictures: metricPictures(runs),
      none: "No metric is recorded: metrics come with a validation split, at the end of an epoch.",
    },
    {
      id: "gradients",
      title: "Gradients",
      pictures: gradientCharts(runs),
      none: "No update is recorded yet.",
    },
    {
      id: "gates",
      title: "Gates",
      pictures: gateCharts(runs),
      none: "No gate is recorded: the model has none, or training was told not to record (--record-every 0).",
    },
    {
      id: "speed",
      title: "Learning rate and throughput",
      pictures: paces(runs),
      none: "No update is recorded yet.",
    },
  ];
}

/** The rows of every run, each with the run's name. */
function ofRuns<T>(
  runs: readonly RunFacts[],
  rows: (run: RunFacts) => readonly T[],
): readonly (T & { readonly run: string })[] {
  return runs.flatMap((run) => rows(run).map((row) => ({ ...row, run: run.name })));
}

const namesOf = (runs: readonly RunFacts[]): readonly string[] => runs.map((run) => run.name);

function lossPictures(runs: readonly RunFacts[]): readonly Picture[] {
  const steps = ofRuns(runs, (run) => run.steps);
  if (steps.length === 0) return [];
  const epochs = ofRuns(runs, epochLosses);
  const values = [steps.map((s) => s.loss_min), steps.map((s) => s.loss_max)];
  const y = scaled(LOSS, [...values.flat(), ...epochs.map((e) => e.loss)]);
  const pictures: Picture[] = [
    {
      id: "loss-updates",
      title: "Loss over updates",
      caption: runs.length > 1 ? COMPARED : aloneCaption(runs[0]!),
      chart:
        runs.length > 1
          ? comparedLoss(runs, epochs, steps, y)
          : lossOfRun(steps, epochs, runs[0]!, y),
    },
  ];
  if (epochs.length < 2) return pictures;
  const minutes = Math.max(...epochs.map((e) => e.elapsed_ms)) > 120_000;
  const timed = epochs.map((e) => ({ ...e, time: e.elapsed_ms / (minutes ? 60_000 : 1000) }));
  const time = { field: "time", title: minutes ? "minutes" : "seconds" };
  return [
    ...pictures,
    {
      id: "loss-time",
      title: "Loss over time",
      caption: "The mean loss of each epoch when it ended, against the time that training took.",
      chart: layered(
        timed,
        time,
        scaled(
          LOSS,
          epochs.map((e) => e.loss),
        ),
        [splitLines(runs)],
      ),
    },
  ];
}

function aloneCaption({ progress: { best }, epochs }: RunFacts): string {
  return [
    "Thin: each update (the mean of several in a long run), shaded from the least to the greatest.",
    epochs.length === 0 ? "" : " Lines with points: the mean of each epoch.",
    best === null ? "" : " The dashed line is the best epoch.",
  ].join("");
}

const COMPARED = "Solid: validation. Dashed: training. A point an epoch.";

function epochLosses({ epochs }: RunFacts) {
  return epochs.flatMap((e) => {
    const { step, epoch, elapsed_ms } = e;
    const row = (split: string, loss: number) => ({ step, epoch, elapsed_ms, split, loss });
    const validation = e.val_loss === null ? [] : [row("validation", e.val_loss)];
    return [row("training", e.train_loss), ...validation];
  });
}

function lossOfRun(steps: readonly Row[], epochs: readonly Row[], run: RunFacts, y: Axis): Chart {
  const { best } = run.progress;
  return layered(steps, UPDATES, y, [
    {
      mark: { type: "area", opacity: 0.18, color: "var(--c1)" },
      encoding: { y: { field: "loss_min", type: "quantitative" }, y2: { field: "loss_max" } },
    },
    { mark: { type: "line", strokeWidth: 1, opacity: 0.45, color: "var(--c1)" } },
    ...(epochs.length === 0 ? [] : [{ data: { values: epochs }, ...splitLines([run]) }]),
    ...(best === null
      ? []
      : [
          {
            data: { values: [{ step: best.step }] },
            mark: { type: "rule", strokeDash: [4, 4], opacity: 0.6 },
            encoding: { y: null },
          },
        ]),
  ]);
}

function comparedLoss(
  runs: readonly RunFacts[],
  epochs: readonly Row[],
  steps: readonly Row[],
  y: Axis,
): Chart {
  return epochs.length > 0
    ? layered(epochs, UPDATES, y, [splitLines(runs)])
    : lines(steps, UPDATES, y, { field: "run", order: namesOf(runs) }, false);
}

/** Training and validation: by colour in one run, by dashes where colours tell runs apart. */
function splitLines(runs: readonly RunFacts[]): Readonly<Record<string, unknown>> {
  const mark = { type: "line", point: { size: 28 }, clip: true };
  const hasValidation = runs.some((run) => run.epochs.some((e) => e.val_loss !== null));
  const splits = hasValidation ? ["training", "validation"] : ["training"];
  if (runs.length === 1) return { mark, encoding: { color: colourOf("split", splits) } };
  return {
    mark,
    encoding: {
      color: colourOf("run", namesOf(runs)),
      strokeDash: {
        field: "split",
        type: "nominal",
        scale: {
          domain: ["training", "validation"],
          range: [
            [4, 3],
            [1, 0],
          ],
        },
        legend: null,
      },
    },
  };
}

function metricPictures(runs: readonly RunFacts[]): readonly Picture[] {
  const rows = ofRuns(runs, ({ epochs }) =>
    epochs.flatMap(({ step, val_metrics }) =>
      val_metrics.map(({ name, target, column, value }) => ({
        step,
        name,
        of: column ?? target,
        value,
      })),
    ),
  );
  return [...new Set(rows.map((r) => r.name))].map((name) => {
    const own = rows.filter((r) => r.name === name);
    const ofs = [...new Set(own.map((r) => r.of))];
    const series = own.map((r) => ({
      ...r,
      series: runs.length === 1 ? r.of : ofs.length === 1 ? r.run : `${r.run}: ${r.of}`,
    }));
    const order = [...new Set(series.map((r) => r.series))];
    const title = ofs.length === 1 ? `${name} of ${ofs[0]}` : name;
    return {
      id: `metric-${name}`,
      title,
      caption: `Of the validation split after each epoch${/^(rmse|mae)$/.test(name) ? ", in the units of the file" : ""}.`,
      chart: lines(
        series,
        UPDATES,
        scaled(
          { field: "value", title: name },
          own.map((r) => r.value),
        ),
        { field: "series", order },
        true,
      ),
    };
  });
}

function paces(runs: readonly RunFacts[]): readonly Picture[] {
  const rows = ofRuns(runs, (run) => run.steps);
  if (rows.length === 0) return [];
  const series = { field: "run", order: namesOf(runs) };
  return [
    {
      id: "lr",
      title: "Learning rate",
      caption: "The rate of each update.",
      chart: lines(
        rows,
        UPDATES,
        { field: "lr", title: "learning rate", scale: { zero: true } },
        series,
        false,
      ),
    },
    {
      id: "throughput",
      title: "Throughput",
      caption:
        "Steps of samples a second, padding left out, while updates are computed; the first updates pay for compiling.",
      chart: lines(
        rows,
        UPDATES,
        {
          field: "tokens_per_s",
          title: "tokens / s",
          scale: { zero: true },
          axis: { format: "~s" },
        },
        series,
        false,
      ),
    },
  ];
}
