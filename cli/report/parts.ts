/** @file Tables and texts of a report. In: facts. Out: markup. */
import type { EpochLine } from "../../runtime/train/sink.ts";
import { type Content, html, type Markup, raw, tableOf } from "../page/html.ts";
import { short } from "../render.ts";
import { leavesOf } from "./compare.ts";
import type { CheckedCase } from "./gradients.ts";
import type { Report, RunFacts } from "./facts.ts";
import type { Live } from "./page.ts";

/** What is asked first: how it stands, how good, how long. */
export function summary({ runs }: Report, live: Live | null): Markup {
  if (runs.length > 1) return runsTable(runs);
  const run = runs[0]!;
  const { progress, model, settings, gradcheck } = run;
  const { best } = progress;
  const facts: readonly (readonly [string, Content])[] = [
    ["state", stateOf(run, live)],
    ["epochs", `${progress.epochs} of ${settings.epochs}`],
    ["updates", progress.steps],
    [
      "best validation loss",
      best === null
        ? "–"
        : html`${figures(best.val_loss)} <span class="soft">epoch ${best.epoch}</span>`,
    ],
    ["training loss", progress.train_loss === null ? "–" : figures(progress.train_loss)],
    ["time", duration(progress.elapsed_ms)],
    [
      "tokens a second",
      progress.tokens_per_s === null ? "–" : short(Math.round(progress.tokens_per_s)),
    ],
    [
      "clipped updates",
      settings.clip.norm !== null
        ? `${progress.clipped} of ${progress.steps}`
        : settings.clip.value === null
          ? "no limit"
          : `elements above ${settings.clip.value}`,
    ],
    ["parameters", short(model.parameters)],
    ["backend", run.backend],
    ...(gradcheck === null ? [] : [["gradient check", verdict(gradcheck.ok)] as const]),
  ];
  return html`<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function runsTable(runs: readonly RunFacts[]): Markup {
  const head = [
    "run",
    "model",
    "parameters",
    "epochs",
    "updates",
    "best validation loss",
    "in epoch",
    "training loss",
    "time",
    "tokens / s",
    "clipped",
    "backend",
    "state",
  ];
  const rows = runs.map((run): readonly Content[] => {
    const { progress: p, model } = run;
    return [
      run.name,
      model.entry.name,
      model.parameters,
      p.epochs,
      p.steps,
      p.best === null ? null : figures(p.best.val_loss),
      p.best?.epoch ?? null,
      p.train_loss === null ? null : figures(p.train_loss),
      duration(p.elapsed_ms),
      p.tokens_per_s === null ? null : Math.round(p.tokens_per_s),
      p.clipped,
      run.backend,
      stateOf(run, null),
    ];
  });
  return tableOf([head, ...rows], "The runs");
}

function stateOf({ progress: { ended }, settings, folder }: RunFacts, live: Live | null): Content {
  if (live?.isTraining) return html`<span class="good">training</span>`;
  if (ended === "epochs") return html`<span class="good">finished</span>`;
  if (ended === "patience")
    return html`<span class="good">finished</span> <span class="soft">${settings.patience} epochs without a better loss</span>`;
  return html`<span class="bad">stopped</span> <span class="soft">cellc train ${folder} --resume</span>`;
}

export function checkOf({ gradcheck, folder, backend }: RunFacts, isLive: boolean): Markup {
  if (gradcheck === null)
    return html`<p class="soft">Not run${isLive ? " while training" : ""}: <code>cellc report ${folder}</code> runs it.</p>`;
  const { sizes, tolerance, checked, unsampled, kinks, cases } = gradcheck;
  const at = Object.entries(sizes).map(([name, size]) => `${name} = ${size}`);
  const left = [
    unsampled > 0 ? `${unsampled} of large tensors left out` : "",
    kinks > 0 ? `${kinks} at kinks, where there is no derivative` : "",
  ].filter((s) => s !== "");
  const row = ({ name, tensors, error, ok }: CheckedCase): readonly Content[] => [
    name,
    tensors,
    error.toExponential(1),
    verdict(ok),
  ];
  const head = ["case", "tensors", "largest error", "verdict"];
  return html`<p>${verdict(gradcheck.ok)}: the gradients that training used, at a random point near the initial weights (${at.join(", ")}).</p>
${tableOf([head, ...cases.map(row)], `Each of ${checked} elements against central differences in float64, relative error at most ${tolerance.element.toExponential(0)}${left.length > 0 ? `; ${left.join("; ")}` : ""}`)}
${
  gradcheck.backend === null
    ? html`<p class="soft">${backend === "reference" ? "The run's backend is the reference itself." : `The backend ${backend} cannot run here, so it was not compared with float64.`}</p>`
    : tableOf(
        [head, ...gradcheck.backend.cases.map(row)],
        `The backend ${gradcheck.backend.name} against float64, relative L2 error of a tensor at most ${tolerance.tensor.toExponential(0)}`,
      )
}`;
}

/** What differs first, where runs are compared; then all of it. */
export function settingsTable({ runs, differences }: Report): Markup {
  const names = runs.map((run) => run.name);
  const groups = GROUPS.map(([title, of]) => {
    const all = runs.map((run) => new Map(leavesOf(of(run), "")));
    const keys = [...new Set(all.flatMap((leaves) => [...leaves.keys()]))];
    const rows = keys.map((key) => [key, ...all.map((leaves) => shown(leaves.get(key) ?? null))]);
    return tableOf([["", ...(names.length === 1 ? ["value"] : names)], ...rows], title);
  });
  const grid = html`<div class="grid">${groups}</div>`;
  if (runs.length === 1) return grid;
  const differing =
    differences.length === 0
      ? html`<p>The runs have the same configuration.</p>`
      : tableOf(
          [["setting", ...names], ...differences.map((d) => [d.of, ...d.values.map(shown)])],
          "What differs",
        );
  return html`${differing}<details><summary>All settings</summary>${grid}</details>`;
}

const GROUPS: readonly (readonly [string, (run: RunFacts) => unknown])[] = [
  [
    "Model",
    ({ model: { entry, dims, loss, optimizer, parameters, hash } }) => ({
      entry: entry.name,
      kind: entry.kind,
      direction: entry.direction,
      ...dims,
      loss,
      optimizer,
      parameters,
      hash: hash.slice(0, 16),
    }),
  ],
  ["Settings", ({ settings }) => settings],
  ["Data", ({ data }) => data],
  ["Versions", ({ versions, backend }) => ({ ...versions, backend })],
];

const shown = (value: unknown): Content => (value === null || value === "" ? "–" : String(value));

export function epochTable({ epochs }: RunFacts): Markup {
  if (epochs.length === 0) return html`<p class="soft">No epoch is done yet.</p>`;
  const metrics = epochs[0]!.val_metrics;
  const name = ({ name, column, target }: EpochLine["val_metrics"][number]): string =>
    `${name} ${column ?? target}`;
  const head = [
    "epoch",
    "updates",
    "training loss",
    "validation loss",
    ...metrics.map(name),
    "best",
    "time",
  ];
  const rows = epochs.map((e): readonly Content[] => [
    e.epoch,
    e.step,
    figures(e.train_loss),
    e.val_loss === null ? null : figures(e.val_loss),
    ...metrics.map((_, i) => figures(e.val_metrics[i]!.value)),
    e.best ? "best so far" : "",
    duration(e.elapsed_ms),
  ]);
  return html`<details ${raw(epochs.length <= 60 ? "open" : "")}><summary>Epochs</summary>${tableOf([head, ...rows], "Losses and metrics by epoch")}</details>`;
}

export function parameterTable({ model, gradients }: RunFacts): Markup {
  const [first, last] = [gradients[0], gradients.at(-1)];
  const norm = (line: typeof first, name: string): Content => {
    const value = line?.grad_norms[name];
    return value === undefined ? null : figures(value);
  };
  const head = [
    "parameter",
    "shape",
    "initialiser",
    `‖g‖ at update ${first?.step ?? "–"}`,
    `‖g‖ at update ${last?.step ?? "–"}`,
  ];
  const rows = model.tensors.map(({ name, shape, initialiser }): readonly Content[] => [
    name,
    `[${shape.join(", ")}]`,
    initialiser,
    norm(first, name),
    norm(last, name),
  ]);
  return html`<details><summary>Parameters</summary>${tableOf([head, ...rows], "Parameters and the norms of their gradients before clipping")}</details>`;
}

/** The entry's own file open, files that it imports closed. */
export function specOf({ spec }: RunFacts): Markup {
  return html`${spec.map(({ path, text }, file) => {
    const lines = text.replace(/\n$/, "").split("\n");
    return html`<details ${raw(file === 0 ? "open" : "")}><summary>${path}</summary>
<pre class="source" tabindex="0" aria-label="${path}">${lines.map(
      (line, i) => html`<span class="line"><span class="n" aria-hidden="true">${i + 1}</span>${line}
</span>`,
    )}</pre></details>`;
  })}`;
}

const verdict = (ok: boolean): Markup =>
  ok
    ? html`<span class="good">within tolerance</span>`
    : html`<span class="bad">out of tolerance</span>`;

/** Four significant digits, without an exponent where a reader needs none. */
export function figures(x: number): string {
  return x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e6)
    ? x.toExponential(3)
    : x.toPrecision(4);
}

export function duration(ms: number): string {
  const s = ms / 1000;
  if (s < 60) return `${s.toFixed(1)} s`;
  const minutes = Math.floor(s / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(s % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
