/** @file A report as a page. In: its facts. Out: parts that a live page replaces one by one, or one HTML file.
 *  Nothing in it is computed a second time, but for how a number is written. */
import { chart } from "../page/chart.ts";
import { type Content, figure, html, type Markup, page } from "../page/html.ts";
import { type Picture, type Section, sections } from "./charts.ts";
import { checkOf, epochTable, parameterTable, settingsTable, specOf, summary } from "./parts.ts";
import type { Report, RunFacts } from "./facts.ts";
import { SCRIPT } from "./live-script.ts";
import { STYLE } from "./style.ts";

/** Of a page that is updated while a run trains. */
export interface Live {
  readonly isTraining: boolean;
}

/** What stands in a place of the page, by the place's id. */
export type Parts = ReadonlyMap<string, Markup>;

export async function reportPage(
  report: Report,
  live: Live | null = null,
  draw: Draw = openDraw(),
): Promise<string> {
  const parts = await partsOf(report, live, draw);
  const all = sections(report);
  const title = titleOf(report);
  const links = [
    ...all.map((s) => [s.id, s.title] as const),
    ["gradcheck", "Gradient check"] as const,
    ["configuration", "Configuration"] as const,
    ["numbers", "Numbers"] as const,
    ["spec", "Spec"] as const,
  ];
  const body = html`<header>
<p class="soft">cellc report</p>
<h1>${title}</h1>
${part(parts, "summary")}
<nav aria-label="Sections"><ul>${links.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
</header>
${all.map(
  (s) => html`<section aria-labelledby="${s.id}"><h2 id="${s.id}">${s.title}</h2>
${part(parts, `pictures-${s.id}`)}</section>
`,
)}
<section aria-labelledby="gradcheck"><h2 id="gradcheck">Gradient check</h2>
${part(parts, "check")}</section>
<section aria-labelledby="configuration"><h2 id="configuration">Configuration</h2>
${part(parts, "settings")}</section>
<section aria-labelledby="numbers"><h2 id="numbers">Numbers</h2>
${part(parts, "epochs")}
${part(parts, "parameters")}</section>
<section aria-labelledby="spec"><h2 id="spec">Spec</h2>
${part(parts, "source")}</section>`;
  const script = live === null ? {} : { script: SCRIPT, connect: true };
  return page({ title: `${title} – cellc report`, body, style: STYLE, data: report, ...script });
}

const part = (parts: Parts, id: string): Markup =>
  html`<div id="part-${id}">${parts.get(id)!}</div>`;

function titleOf({ runs }: Report): string {
  const [first] = runs;
  return runs.length === 1
    ? `${first!.model.entry.name}: ${first!.name}`
    : `${runs.map((r) => r.name).join(", ")} compared`;
}

/** Every part of the page, in order. */
export async function partsOf(report: Report, live: Live | null, draw: Draw): Promise<Parts> {
  const { runs } = report;
  const parts = new Map<string, Markup>();
  parts.set("summary", summary(report, live));
  for (const section of sections(report))
    parts.set(`pictures-${section.id}`, await picturesOf(section, draw));
  parts.set(
    "check",
    perRun(runs, (run) => checkOf(run, live !== null)),
  );
  parts.set("settings", settingsTable(report));
  parts.set("epochs", perRun(runs, epochTable));
  parts.set("parameters", perRun(runs, parameterTable));
  parts.set("source", perRun(sameSpecs(runs), specOf));
  return parts;
}

async function picturesOf({ pictures, none }: Section, draw: Draw): Promise<Markup> {
  if (pictures.length === 0) return html`<p class="soft">${none}</p>`;
  const drawn: Markup[] = [];
  for (const picture of pictures) drawn.push(await draw(picture));
  return html`<div class="grid">${drawn}</div>`;
}

export type Draw = (picture: Picture) => Promise<Markup>;

/** Draws a picture anew only where it is not the one that it drew last. */
export function openDraw(): Draw {
  const last = new Map<string, { readonly text: string; readonly markup: Markup }>();
  return async (picture) => {
    const { id, title, caption, chart: spec } = picture;
    const text = JSON.stringify(picture);
    const before = last.get(id);
    if (before?.text === text) return before.markup;
    const svg = await chart(spec, { title, description: caption });
    const markup = html`<div class="picture" id="${id}"><h3>${title}</h3>${figure(svg, caption)}</div>`;
    last.set(id, { text, markup });
    return markup;
  };
}

function perRun(runs: readonly RunFacts[], of: (run: RunFacts) => Content): Markup {
  return runs.length === 1
    ? html`${of(runs[0]!)}`
    : html`${runs.map((run) => html`<h3>${run.name}</h3>${of(run)}`)}`;
}

/** Runs of one spec show it once. */
function sameSpecs(runs: readonly RunFacts[]): readonly RunFacts[] {
  const text = (run: RunFacts): string => JSON.stringify(run.spec);
  return runs.filter((run, i) => runs.findIndex((other) => text(other) === text(run)) === i);
}
