/** @file Markup and the frame of a page. In: texts and numbers. Out: one HTML file that asks no host for
 *  anything. Never puts a value in a page unescaped. */
import { PAGE_STYLE } from "./style.ts";

/** Text that is markup already. Made by `html`, by `raw` from our own generators, by nothing else. */
export interface Markup {
  readonly markup: string;
}

export type Content = Markup | string | number | null | readonly Content[];

/** A template whose values are escaped, unless they are markup; null is nothing, lists are joined. */
export function html(texts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return {
    markup: texts.reduce(
      (all, text, i) => all + text + (i < values.length ? shown(values[i]!) : ""),
      "",
    ),
  };
}

/** Markup from a generator of ours or a library's (SVG of a chart, KaTeX). Never of a user's text. */
export const raw = (markup: string): Markup => ({ markup });

function shown(value: Content): string {
  if (value === null) return "";
  if (typeof value === "string") return escaped(value);
  if (typeof value === "number") return String(value);
  if ("markup" in value) return value.markup;
  return value.map(shown).join("");
}

const NAMES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => NAMES[c]!);
}

export interface Page {
  readonly title: string;
  readonly body: Content;
  /** CSS beside the common sheet. */
  readonly style?: string;
  /** Script of our own; `connect` allows requests to where the page came from, and nowhere else. */
  readonly script?: string;
  readonly connect?: boolean;
  /** Data for programs that read the page: `<script type="application/json" id="data">`. */
  readonly data?: unknown;
}

/** A whole page. Its policy forbids requests: what it needs is inside. */
export function page({ title, body, style, script, connect, data }: Page): string {
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "img-src data:",
    "font-src data:",
    ...(script === undefined ? [] : ["script-src 'unsafe-inline'"]),
    ...(connect === true ? ["connect-src 'self'"] : []),
  ].join("; ");
  const head = html`<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(PAGE_STYLE)}${raw(style ?? "")}</style>`;
  const json =
    data === undefined
      ? null
      : html`<script type="application/json" id="data">${raw(inScript(JSON.stringify(data)))}</script>`;
  const code = script === undefined ? null : html`<script>${raw(inScript(script))}</script>`;
  return `<!doctype html>
${
  html`<html lang="en">
<head>
${head}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<main id="main">
${body}
</main>
${json}${code}
</body>
</html>`.markup
}
`;
}

/** `<` never ends a script element early. */
function inScript(text: string): string {
  return text.replace(/<(?=[/!])/g, "\\u003c");
}

/** A table; the first row is the head; columns of numbers stand to the right. */
export function tableOf(rows: readonly (readonly Content[])[], caption?: string): Markup {
  const [head = [], ...body] = rows;
  const numeric = head.map((_, i) =>
    body.every((row) => /^[-−\d.]/.test(shown(row[i] ?? "").trim()) || row[i] === null),
  );
  const kind = (i: number): Markup => raw(numeric[i] && body.length > 0 ? ' class="number"' : "");
  return html`<div class="wide" role="region" tabindex="0" aria-label="${caption ?? "table"}"><table>
${caption === undefined ? null : html`<caption class="soft">${caption}</caption>`}
<thead><tr>${head.map((cell, i) => html`<th scope="col"${kind(i)}>${cell}</th>`)}</tr></thead>
<tbody>${body.map((row) => html`<tr>${row.map((cell, i) => html`<td${kind(i)}>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}

/** A picture with its caption. */
export function figure(picture: Markup, caption: Content): Markup {
  return html`<figure>${picture}<figcaption>${caption}</figcaption></figure>`;
}
