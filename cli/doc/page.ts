/** @file A spec's page. In: what `--json` prints, and its picture. Out: one HTML file. Never a number that
 *  the facts do not have. */
import { latexOfName } from "../../grammar/latex-names.ts";
import { type Content, figure, html, type Markup, page, tableOf } from "../page/html.ts";
import { math, mathStyle } from "../page/math.ts";
import { short } from "../render.ts";
import type { EquationFacts, FunctionFacts, Group, Origin } from "./cell-facts.ts";
import { derivationSection } from "./derivation.ts";
import { DIAGRAM_STYLE } from "./draw.ts";
import type { DocFacts } from "./facts.ts";
import { DOC_STYLE } from "./style.ts";

/** What a page has beside its own facts: nothing where it stands alone. */
export interface Surroundings {
  /** Of another entry's page, or null where it has none. */
  readonly linkTo: (entry: string) => string | null;
  readonly index: string | null;
  readonly relatives: readonly Markup[] | null;
}

export const ALONE: Surroundings = { linkTo: () => null, index: null, relatives: null };

export function docPage(facts: DocFacts, picture: Markup, around: Surroundings): string {
  const sections = sectionsOf(facts, picture, around).filter((s) => s.body !== null);
  const body = html`${indexLink(around)}
${heading(facts, around)}
${nav(sections)}
${sections.map((s) => html`<section id="${s.id}"><h2>${s.title}</h2>\n${s.body}</section>\n`)}`;
  const style = `${mathStyle(body)}${DIAGRAM_STYLE}${DOC_STYLE}`;
  return page({ title: `${facts.name} · cellc`, body, style, data: facts });
}

/** A file of functions. */
export function functionsPage(
  file: string,
  functions: readonly FunctionFacts[],
  around: Surroundings,
): string {
  const body = html`${indexLink(around)}
<header><p class="soft kind">functions</p><h1>${file}</h1></header>
${functions.map((f) => html`<section id="${f.name}"><h2>${f.name}</h2>${functionBlock(f)}<pre>${f.text}</pre></section>`)}`;
  return page({
    title: `${file} · cellc`,
    body,
    style: `${mathStyle(body)}${DOC_STYLE}`,
    data: functions,
  });
}

const indexLink = ({ index }: Surroundings): Markup | null =>
  index === null ? null : html`<p class="soft"><a href="${index}">All specs</a></p>`;

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Content;
}

function sectionsOf(facts: DocFacts, picture: Markup, around: Surroundings): readonly Section[] {
  const { cell, model } = facts;
  return [
    { id: "step", title: cell === null ? "Flow" : "One step", body: diagram(facts, picture) },
    { id: "equations", title: "Equations", body: cell === null ? null : equations(facts, around) },
    {
      id: "definition",
      title: "Definition",
      body: model === null ? null : definition(facts, around),
    },
    {
      id: "functions",
      title: "Functions",
      body: cell === null || cell.functions.length === 0 ? null : cell.functions.map(functionBlock),
    },
    { id: "relatives", title: "Relatives", body: around.relatives },
    {
      id: "jacobian",
      title: "Derivation of the Jacobian",
      body: facts.jacobian === null ? null : derivationSection(facts.jacobian),
    },
    { id: "parameters", title: "Parameters", body: parameters(facts) },
    { id: "states", title: "States", body: states(facts) },
    { id: "cost", title: "Cost", body: cost(facts) },
    { id: "training", title: "Training", body: model?.training == null ? null : training(facts) },
    {
      id: "source",
      title: "Spec",
      body: html`<p class="soft">${facts.file}, line ${facts.line}</p><pre>${facts.source}</pre>`,
    },
  ];
}

function heading({ name, kind, dims, doc, papers, cell }: DocFacts, around: Surroundings): Markup {
  const params =
    dims.length === 0
      ? null
      : html`<span class="dims">⟨${dims.map((d) => d.name).join(", ")}⟩</span>`;
  const line =
    cell === null || cell.ancestors.length === 0
      ? null
      : html` · extends ${cell.ancestors.map((a, i) => html`${i === 0 ? "" : ", which extends "}${entryLink(a, around)}`)}`;
  const links =
    papers.length === 0
      ? null
      : html`<p class="papers">${papers.map((p) => html`<a href="${p.url}" rel="noreferrer">${p.label}</a> `)}</p>`;
  return html`<header><p class="soft kind">${kind}${line}</p><h1>${name}<wbr>${params}</h1><p class="doc">${prose(doc)}</p>${links}</header>`;
}

/** A comment's text; what stands in backticks is code. */
const prose = (doc: string): readonly Content[] =>
  doc.split("`").map((part, i) => (i % 2 === 0 ? part : html`<code>${part}</code>`));

const nav = (sections: readonly Section[]): Markup =>
  html`<nav aria-label="Sections"><ul>${sections.map((s) => html`<li><a href="#${s.id}">${s.title}</a></li>`)}</ul></nav>`;

function entryLink(name: string, { linkTo }: Surroundings): Markup {
  const link = linkTo(name);
  return link === null ? html`${name}` : html`<a href="${link}">${name}</a>`;
}

function diagram({ cell, diagram: { nodes } }: DocFacts, picture: Markup): Markup {
  const has = (kind: string): boolean => nodes.some((n) => n.kind === kind);
  const keys: readonly (readonly [string, string, boolean])[] = [
    ["gate", "gate, in [0, 1]", has("gate")],
    ["value", "value", has("value") && cell !== null],
    ["state", "state", has("state")],
    ["past", "its value of an earlier step: the dashed line is the delay", has("past")],
    ["operation", "operation", has("operation")],
  ];
  const caption =
    cell === null
      ? "What flows through the layers, from the inputs down."
      : html`${keys.filter(([, , shown]) => shown).map(([kind, text]) => html`<span class="key"><span class="swatch ${kind}"></span>${text}</span> `)}<br>Weights stand on the lines: ${math("W")} for a matrix product ${math("W\\,x")}, ${math("\\odot\\,p")} for an elementwise one. Parameters added to several terms are not drawn.`;
  return figure(
    html`<div class="wide" role="region" tabindex="0" aria-label="Diagram">${picture}</div>`,
    caption,
  );
}

// ---- equations

const GROUPS: readonly (readonly [Group, string])[] = [
  ["sequence", "Once a sequence"],
  ["gate", "Gates"],
  ["value", "Values"],
  ["state", "States"],
  ["output", "Outputs"],
];

function equations({ cell }: DocFacts, around: Surroundings): Markup {
  const all = cell!.equations;
  const groups = GROUPS.map(
    ([group, title]) => [title, all.filter((e) => e.group === group)] as const,
  );
  const constants =
    cell!.constants.length === 0
      ? null
      : html`<p>${cell!.constants.map((c, i) => html`${i === 0 ? "with " : ", "}${math(c.latex)}`)}</p>`;
  const inputs = cell!.inputs.map(
    (x, i) =>
      html`${i === 0 ? "" : ", "}${x.memory ? "memory " : ""}${math(latexOfName(x.name, x.memory ? null : 0))} <code>${x.shape}</code>`,
  );
  const outputs = cell!.outputs.map(
    (x, i) => html`${i === 0 ? "" : ", "}${math(latexOfName(x, 0))}`,
  );
  return html`<p>Takes ${inputs}; gives ${outputs}.</p>${groups.map(([title, list]) => (list.length === 0 ? null : html`<h3>${title}</h3><div class="equations">${list.map((e) => equation(e, around))}</div>`))}${constants}`;
}

const ORIGINS: Readonly<Record<Origin, string | null>> = {
  own: null,
  inherited: "from",
  replaced: "replaced",
  added: "new",
};

function equation(e: EquationFacts, around: Surroundings): Markup {
  const word = ORIGINS[e.origin];
  const from = e.origin === "inherited" ? html` ${entryLink(e.from, around)}` : null;
  const note = word === null ? null : html`<span class="origin ${e.origin}">${word}${from}</span>`;
  const doc = e.doc === "" ? null : html`<p class="soft note">${prose(e.doc)}</p>`;
  return html`<div class="equation ${e.group} ${e.origin}" data-name="${e.name}"><div class="math" title="${e.file}:${e.line}: ${e.text}">${math(`${e.latex.left} = ${e.latex.right}`)}</div><span class="aside"><code class="shape">${e.shape}</code>${note}</span>${doc}</div>
`;
}

function functionBlock(f: FunctionFacts): Markup {
  return html`<div class="equation value" data-name="${f.name}"><div class="math" title="${f.file}:${f.line}: ${f.text}">${math(`${f.latex.left} = ${f.latex.right}`)}</div><p class="soft note">${prose(f.doc)}</p></div>
`;
}

function definition({ model }: DocFacts, around: Surroundings): Markup {
  const { definitions, cells, inputs } = model!;
  const lines = definitions.map(
    (d) =>
      html`<div class="equation ${d.output ? "output" : "value"}" data-name="${d.name}"><div class="math" title="${d.text}">${math(`${d.latex.left} = ${d.latex.right}`)}</div></div>`,
  );
  return html`${tableOf([["input", "shape"], ...inputs.map((i) => [i.name, html`<code>${i.shape}</code>`])])}
<div class="equations">${lines}</div>
<p>Cells: ${cells.map((c, i) => html`${i === 0 ? "" : ", "}${entryLink(c, around)}`)}.</p>`;
}

// ---- tables

const shapeText = (shape: readonly number[]): string =>
  shape.length === 0 ? "1" : shape.join(" × ");

function atDims({ dims }: DocFacts): string {
  if (dims.length === 0) return "";
  const examples = dims.filter((d) => d.example).map((d) => d.name);
  const at = `at ${dims.map((d) => `${d.name} = ${d.size}`).join(", ")}`;
  return examples.length === 0 ? at : `${at} (${examples.join(", ")}: an example, set by --set)`;
}

function parameters(facts: DocFacts): Markup {
  const { cell, work } = facts;
  const caption = `${work.parameters.toLocaleString("en")} parameters ${atDims(facts)}`;
  const symbolic = new Map(cell?.parameters.map((p) => [p.name, p]));
  const head =
    cell === null
      ? ["name", "size", "initialiser", "count"]
      : ["name", "shape", "size", "initialiser", "count", "number"];
  const rows = work.tensors.map((t) => {
    const p = symbolic.get(t.name);
    const name = html`<code>${t.name}</code>`;
    const count = t.count.toLocaleString("en");
    if (p === undefined) return [name, shapeText(t.shape), t.initialiser, count];
    return [
      name,
      html`<code>${p.shape}</code>`,
      shapeText(t.shape),
      p.initialiser,
      math(p.count.latex),
      count,
    ];
  });
  const total =
    cell === null
      ? null
      : html`<p class="total">${math(`${cell.count.latex} = ${work.parameters.toLocaleString("en").replaceAll(",", "{,}")}`)}</p>`;
  return html`${total}${tableOf([head, ...rows], caption)}`;
}

function states(facts: DocFacts): Markup | null {
  const { cell, work } = facts;
  if (work.states.length === 0) return null;
  const symbolic = new Map(cell?.states.map((s) => [s.name, s]));
  const head = ["name", ...(cell === null ? [] : ["shape"]), "size", "starts at", "steps kept"];
  const rows = work.states.map((s) => {
    const declared = symbolic.get(s.name);
    const shape = declared === undefined ? [] : [html`<code>${declared.shape}</code>`];
    const start = declared?.initial ?? s.initial ?? "computed";
    return [html`<code>${s.name}</code>`, ...shape, shapeText(s.shape), start, s.lags];
  });
  const numbers = work.states.reduce((sum, s) => sum + s.count, 0);
  return tableOf(
    [head, ...rows],
    `${numbers.toLocaleString("en")} numbers carried from step to step ${atDims(facts)}`,
  );
}

function cost(facts: DocFacts): Markup {
  const rows = facts.work.programs.map((p) => [
    p.name === "forward" ? "forward" : "forward and gradient",
    short(p.flops),
    `${short(p.bytes)}B`,
  ]);
  return tableOf([["one step of one sample", "FLOP", "memory traffic"], ...rows], atDims(facts));
}

function training({ model }: DocFacts): Markup {
  return tableOf([
    ["setting", "value"],
    ...model!.training!.map((s) => [s.setting, html`<code>${s.value}</code>`]),
  ]);
}
