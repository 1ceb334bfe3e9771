/** @file Charts as SVG. In: a Vega-Lite specification with its data. Out: markup for a page, or a file of its
 *  own. Never fetches: data are values. */
import type { TopLevelSpec } from "vega-lite";
import { escaped, type Markup, raw } from "./html.ts";
import { SERIES, SVG_STYLE } from "./style.ts";

export type Chart = TopLevelSpec;

export interface Words {
  /** Read out instead of the picture. */
  readonly title: string;
  readonly description?: string;
}

/** Colours that follow the page: text and axes the ink, series the palette. */
const CONFIG = {
  background: "transparent",
  font: "system-ui, sans-serif",
  axis: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    gridColor: "var(--grid)",
    domainColor: "currentColor",
    tickColor: "currentColor",
    labelFontSize: 12,
    titleFontSize: 13,
    titleFontWeight: "normal",
  },
  legend: {
    labelColor: "currentColor",
    titleColor: "currentColor",
    labelFontSize: 12,
    titleFontSize: 13,
    titleFontWeight: "normal",
    labelLimit: 320,
  },
  header: { labelColor: "currentColor", titleColor: "currentColor", labelFontSize: 12 },
  title: { color: "currentColor", fontSize: 14, fontWeight: "normal", anchor: "start" },
  text: { color: "currentColor" },
  rule: { color: "currentColor" },
  view: { stroke: null },
  line: { strokeWidth: 2 },
  range: { category: Array.from({ length: SERIES }, (_, i) => `var(--c${i + 1})`) },
} as const;

/** The chart as an `svg` element, 100 % wide in a page's figure. */
export async function chart(spec: Chart, words: Words): Promise<Markup> {
  const text = await svgOf(spec);
  const named = [
    `<title>${escaped(words.title)}</title>`,
    words.description === undefined ? "" : `<desc>${escaped(words.description)}</desc>`,
  ].join("");
  return raw(text.replace(/^<svg ([^>]*)>/, `<svg role="img" $1>${named}`));
}

/** The chart as a file: its own colours for light and dark. */
export async function chartFile(spec: Chart, words: Words): Promise<string> {
  const { markup } = await chart(spec, words);
  return `${markup.replace(/(<\/title>)/, `$1<style>${SVG_STYLE}</style>`)}\n`;
}

async function svgOf(spec: Chart): Promise<string> {
  // Loaded when a picture is asked for: a quarter of a second that other commands do not pay.
  const [vega, lite] = await Promise.all([import("vega"), import("vega-lite")]);
  const compiled = lite.compile({ ...spec, config: { ...CONFIG, ...spec.config } });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: "none" });
  const text = await view.toSVG();
  view.finalize();
  return text;
}
