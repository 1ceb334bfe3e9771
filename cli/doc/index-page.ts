/** @file The front of a gallery. In: its pages and their pictures. Out: one HTML page of cards by folder. */
import { html, type Markup, page } from "../page/html.ts";
import { math, mathStyle } from "../page/math.ts";
import { DIAGRAM_STYLE } from "./draw.ts";
import type { Exhibit } from "./gallery.ts";
import { DOC_STYLE, INDEX_STYLE } from "./style.ts";

export function indexPage(
  folder: string,
  exhibits: readonly Exhibit[],
  thumbnails: ReadonlyMap<Exhibit, Markup>,
): string {
  const names = new Set(exhibits.map(folderOf));
  const folders = [...names].map((f) => [f, exhibits.filter((e) => folderOf(e) === f)] as const);
  const entries = exhibits.filter((e) => e.kind === "entry").length;
  const links = [...names].map((f) => html`<li><a href="#${anchor(f)}">${titleOf(f)}</a></li>`);
  const nav = names.size === 1 ? null : html`<nav aria-label="Folders"><ul>${links}</ul></nav>`;
  const body = html`<header><h1>${folder}</h1><p class="doc">${entries} cells and models, each on a page: equations, a diagram of the step, tables, and its relatives with the equations that differ.</p></header>
${nav}
${folders.map(([name, list]) => section(name, list, thumbnails))}`;
  const style = `${mathStyle(body)}${DIAGRAM_STYLE}${DOC_STYLE}${INDEX_STYLE}`;
  const data = exhibits.map(({ name, file, page: p }) => ({ name, file, page: p }));
  return page({ title: `${folder} · cellc`, body, style, data });
}

function section(
  folder: string,
  list: readonly Exhibit[],
  thumbnails: ReadonlyMap<Exhibit, Markup>,
): Markup {
  const cards = list.map((e) => card(e, thumbnails.get(e) ?? null));
  return html`<section id="${anchor(folder)}"><h2>${titleOf(folder)}</h2><ul class="cards">${cards}</ul></section>
`;
}

const titleOf = (folder: string): string => (folder === "" ? "Specs" : folder);
const folderOf = (e: Exhibit): string => e.file.split("/").slice(0, -1).join("/");
const anchor = (folder: string): string => `folder-${folder.replaceAll("/", "-")}`;

function card(e: Exhibit, picture: Markup | null): Markup {
  if (e.kind === "functions") {
    const names = e.functions.map((f) => f.name).join(", ");
    return html`<li class="card"><a href="${e.page}"><strong>${e.name}</strong></a><p>Functions: ${names}.</p></li>\n`;
  }
  const { cell, doc, work } = e.facts;
  const total = work.parameters.toLocaleString("en");
  const count =
    cell === null ? html`${total} parameters` : html`${math(cell.count.latex)} parameters`;
  return html`<li class="card"><a href="${e.page}"><span class="thumb">${picture}</span><strong>${e.name}</strong></a><p>${firstSentence(doc)}</p><p class="soft">${count}</p></li>\n`;
}

/** Up to a full stop that ends no abbreviation. */
export function firstSentence(doc: string): string {
  const end = /(?<!\b(?:al|eq|eqs|fig|sec|cf|vs|[A-Z]))\.\s+(?=[A-Z"])/.exec(doc);
  return end === null ? doc : doc.slice(0, end.index + 1);
}
