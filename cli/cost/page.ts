/** @file A cost as a page. In: a report, measurements. Out: one HTML file: tables, and curves of the cell and of
 *  attention against the length. Formulas are the report's; a curve is them at many lengths. */
import type { CostReport } from "../../compiler/cost/report.ts";
import { type Chart, chart } from "../page/chart.ts";
import { type Content, figure, html, type Markup, page, tableOf } from "../page/html.ts";
import { attentionRows, costRows, measuredRows, memoryRows } from "./rows.ts";
import type { CostFacts } from "./facts.ts";

export async function costPage(facts: CostFacts): Promise<string> {
  const { entry, report, layers, measurement } = facts;
  const title = `What ${entry.name} costs`;
  const sizes = Object.entries({ ...report.dims, ...report.sizes }).map(([k, v]) => `${k} = ${v}`);
  const compared: readonly [string, CostReport][] = [
    [entry.name, report],
    ...layers.map((l): [string, CostReport] => [`layer ${l.layer}: ${l.cell}`, l.report]),
  ];
  const body = html`<h1>${title}</h1>
<p>${entry.kind === "cell" ? "Cell" : "Model"} ${entry.name}; values at ${sizes.join(", ")}.</p>
${report.note === null ? null : html`<p>${report.note}.</p>`}
${tableOf(coded(costRows(report), [1]))}
<h2>Memory of a gradient over time</h2>
${tableOf(coded(memoryRows(report), [1]))}
${figure(await chart(memoryChart(report), { title: "Memory of a gradient against the length" }), "Bytes against the number of steps, both axes logarithmic.")}
${await comparisons(compared)}
${measurement === null ? null : html`<h2>Measured</h2><p>${said(measurement)}</p>${tableOf(measuredRows(measurement))}`}`;
  return page({ title, body, style: STYLE, data: facts });
}

async function comparisons(compared: readonly [string, CostReport][]): Promise<Content> {
  const made: Content[] = [];
  for (const [name, { attention }] of compared) {
    if (attention === null) continue;
    made.push(html`<h2>${name} beside self-attention</h2>
<p>One head of the same widths, every pair of steps: Vaswani et al. 2017, eq. 1. Per sample.</p>
${tableOf(coded(attentionRows(attention), [1, 2]))}`);
    const curves: Content[] = [];
    for (const { what, curve } of attention.rows) curves.push(await curveFigure(name, what, curve));
    made.push(html`<div class="pair">${curves}</div>`);
  }
  return made;
}

/** Formulas in the columns named, as code: they are no numbers to align. */
function coded(
  [head = [], ...rows]: readonly (readonly string[])[],
  columns: readonly number[],
): readonly (readonly Content[])[] {
  return [
    head,
    ...rows.map((row) => row.map((c, i) => (columns.includes(i) ? html`<code>${c}</code>` : c))),
  ];
}

const STYLE = `
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: .5rem 1.5rem; }`;

const said = ({ backend }: NonNullable<CostFacts["measurement"]>): string =>
  `On ${backend.backend}, ${backend.executor}, ${backend.precision}; the least of several runs on noise.`;

type Curve = readonly {
  readonly steps: number;
  readonly recurrent: number;
  readonly attention: number;
}[];

async function curveFigure(name: string, what: string, curve: Curve): Promise<Markup> {
  const values = curve.flatMap(({ steps, recurrent, attention }) => [
    { of: name, steps, value: recurrent },
    { of: "self-attention", steps, value: attention },
  ]);
  return figure(await chart(lines(values, unitOf(what)), { title: `${name}: ${what}` }), what);
}

/** "work of T steps, FLOP" → "FLOP". */
const unitOf = (what: string): string => what.slice(what.lastIndexOf(", ") + 2);

function memoryChart({ memory }: CostReport): Chart {
  const values = memory.training.curve.flatMap(({ steps, whole, truncated, checkpointed }) => [
    { of: "all steps", steps, value: whole },
    { of: "truncated", steps, value: truncated },
    ...(checkpointed === null ? [] : [{ of: "checkpoints", steps, value: checkpointed }]),
  ]);
  return lines(values, "bytes");
}

function lines(
  values: readonly { of: string; steps: number; value: number }[],
  title: string,
): Chart {
  return {
    width: 560,
    height: 200,
    data: { values: [...values] },
    mark: { type: "line" },
    encoding: {
      x: {
        field: "steps",
        type: "quantitative",
        scale: { type: "log", nice: false },
        axis: { title: "steps T", format: "~s", grid: false },
      },
      y: {
        field: "value",
        type: "quantitative",
        scale: { type: "log" },
        axis: { title, format: "~s", tickCount: 5 },
      },
      color: {
        field: "of",
        type: "nominal",
        title: null,
        sort: [...new Set(values.map((v) => v.of))],
      },
    },
  };
}
