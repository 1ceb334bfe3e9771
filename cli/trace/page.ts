/** @file A trace as a page. In: its facts and numbers. Out: one HTML file: a table, histograms, how saturated each
 *  unit is, means and heat maps over time. Nothing in it is computed a second time. */
import { chart } from "../page/chart.ts";
import { type Content, figure, html, type Markup, page, tableOf } from "../page/html.ts";
import { heatMap } from "./heat-map.ts";
import { histogram, overTime, saturationByUnit } from "./pictures.ts";
import type { Facts } from "./report.ts";
import type { Trace, TracedTensor } from "./run.ts";

const STYLE = `
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .5rem 1.5rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: .5rem 1.5rem; align-items: start; }
.map img { width: 100%; image-rendering: pixelated; display: block; border: 1px solid var(--grid); }
.scale { display: inline-flex; gap: .4rem; align-items: center; } .scale img { width: 8rem; height: .7rem; border: 0; }
.grid h3, .map h3 { margin: .4rem 0 0; font-size: 1rem; } .grid figure, .map { margin: 0 0 .6rem; }`;

/** Maps of the first sample; all else of all samples. */
export async function tracePage(facts: Facts, trace: Trace): Promise<string> {
  const { values } = trace;
  const gates = values.filter((v) => v.role === "gate");
  const title = `${facts.entry.name} over time`;
  const body = html`<h1>${title}</h1>
<p>${sentence(facts)}</p>
${tableOf(rows(values), "Every named value, over all samples and steps")}
<p class="soft">Saturated: within ${percent(trace.tolerance)} of the range of an end of it, where the slope of a
sigmoid or a tanh is under a fifth of its largest. A dash: the equation proves no finite range.</p>
${gates.length === 0 ? null : await gateCharts(gates)}
<h2>How often each value occurs</h2>
<div class="grid">${await each(values, histogramFigure)}</div>
<h2>Over time</h2>
<p class="soft">Sample 1${(trace.sizes.B ?? 1) > 1 ? ` of ${trace.sizes.B}` : ""}: a row a unit, a column a step.</p>
${await each(values, (v) => mapFigure(v, trace))}`;
  return page({ title, body, style: STYLE, data: facts });
}

function sentence({ entry, dims, backend, sizes, input, weights }: Facts): string {
  const all = Object.entries({ ...dims, ...sizes }).map(([k, v]) => `${k} = ${v}`);
  return `${entry.kind === "cell" ? "Cell" : "Model"} ${entry.name}, ${all.join(", ")}; ${input}; ${weights}; computed by ${backend.backend} in ${backend.precision}.`;
}

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;
const number = (x: number): string => String(Number(x.toPrecision(4)));

function rows(values: readonly TracedTensor[]): readonly (readonly Content[])[] {
  return [
    [
      "value",
      "kind",
      "shape",
      "min",
      "mean",
      "max",
      "at the low end",
      "at the high end",
      "saturated",
    ],
    ...values.map(({ label, role, extents, stats: s, place }) => {
      const shares = s.saturation;
      const share = (x: number | undefined): Content => (x === undefined ? "–" : percent(x));
      return [
        html`<span title="${place.of}, ${place.file}:${place.line}">${label}</span>`,
        role,
        `[${extents.slice(2).join(", ")}]`,
        number(s.min),
        number(s.mean),
        number(s.max),
        share(shares?.low),
        share(shares?.high),
        share(shares?.total),
      ];
    }),
  ];
}

async function gateCharts(gates: readonly TracedTensor[]): Promise<Markup> {
  const names = gates.map((g) => g.label).join(", ");
  const mean = overTime(gates, (g) => g.stats.meanByStep, "mean of the gate", [0, 1]);
  const saturated = overTime(
    gates,
    (g) => g.stats.saturation?.byStep ?? [],
    "saturated units",
    [0, 1],
  );
  const pictures = [
    figure(
      await chart(saturationByUnit(gates), { title: `Saturation by unit: ${names}` }),
      "A point a unit: never saturated at the lower left, always at the diagonal.",
    ),
    html`<div>${figure(await chart(mean, { title: `Mean of each gate over time: ${names}` }), "Each gate, the mean over samples and units.")}
${figure(await chart(saturated, { title: `Saturated share over time: ${names}` }), "The share of its units that are saturated.")}</div>`,
  ];
  return html`<h2>Gates</h2>\n<div class="pair">${pictures}</div>`;
}

async function histogramFigure(value: TracedTensor): Promise<Markup> {
  const { label, role, place, stats } = value;
  const words = {
    title: `Histogram of ${label}`,
    description: `from ${number(stats.min)} to ${number(stats.max)}, mean ${number(stats.mean)}`,
  };
  const bad = stats.nonFinite === 0 ? "" : `; ${stats.nonFinite} not finite`;
  const caption = `${role}, line ${place.line}: mean ${number(stats.mean)}, deviation ${number(stats.deviation)}${bad}`;
  return html`<div><h3>${label}</h3>${figure(await chart(histogram(value), words), caption)}</div>\n`;
}

async function mapFigure(value: TracedTensor, { lengths }: Trace): Promise<Markup | null> {
  const { label, role, extents, seq } = value;
  const steps = lengths?.[seq]?.[0] ?? extents[1] ?? 0;
  const units = extents.slice(2).reduce((n, e) => n * e, 1);
  if (steps === 0 || units === 0) return null;
  const map = await heatMap(value, 0, steps);
  const high = Math.max(18, Math.min(320, map.height * 6));
  const means = [
    ...(map.stepsEach > 1 ? [`a column is the mean of ${map.stepsEach} steps`] : []),
    ...(map.unitsEach > 1 ? [`a row that of ${map.unitsEach} units`] : []),
  ];
  const alt = `${label}: ${units} units over ${steps} steps, from ${number(map.from)} to ${number(map.to)}`;
  return html`<figure class="map"><h3>${label}</h3>
<img src="${map.image}" alt="${alt}" width="${map.width}" height="${map.height}" style="height: ${high}px">
<figcaption>${role}; ${units} ${units === 1 ? "unit" : "units"}, ${steps} steps${means.map((m) => `; ${m}`)}
<span class="scale">${number(map.from)}<img src="${map.scale}" alt="from low to high">${number(map.to)}</span></figcaption></figure>\n`;
}

async function each(
  values: readonly TracedTensor[],
  of: (value: TracedTensor) => Promise<Markup | null>,
): Promise<readonly Content[]> {
  const made: Content[] = [];
  for (const value of values) made.push(await of(value));
  return made;
}
