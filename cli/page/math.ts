/** @file Mathematics on a page. In: LaTeX. Out: markup with MathML for those who listen, and the style and
 *  fonts that it needs, inside the page. Never a request; never LaTeX that KaTeX does not know. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import katex from "katex";
import { type Markup, raw } from "./html.ts";

/** Throws on LaTeX that KaTeX cannot read: a mistake of ours, as it is made from a tree. Lines break at
 *  operators outside of brackets that grow. */
export function math(tex: string): Markup {
  const text = katex.renderToString(`\\displaystyle ${tex}`, {
    throwOnError: true,
    strict: (code: string) => (code === "htmlExtension" ? "ignore" : "error"),
    trust: ({ command }) => command === "\\htmlClass",
  });
  return raw(text);
}

interface Font {
  readonly file: string;
  readonly css: string;
  /** What in the markup is set in it. */
  readonly used: RegExp;
}

const font = (file: string, family: string, style: string, used: RegExp): Font => ({
  file: `KaTeX_${file}.woff2`,
  css: `font-family:KaTeX_${family};font-style:${style};font-weight:400`,
  used,
});

const FONTS: readonly Font[] = [
  font("Main-Regular", "Main", "normal", /katex|class="diagram"/),
  font("Math-Italic", "Math", "italic", /mathnormal|class="diagram"/),
  font("Main-Italic", "Main", "italic", /mathit/),
  font("AMS-Regular", "AMS", "normal", /amsrm|mathbb/),
  font("Typewriter-Regular", "Typewriter", "normal", /mathtt/),
  font("Size1-Regular", "Size1", "normal", /size1|small-op/),
  font("Size2-Regular", "Size2", "normal", /size2|large-op/),
  font("Size3-Regular", "Size3", "normal", /size3/),
  font("Size4-Regular", "Size4", "normal", /size4/),
];

/** KaTeX's sheet with the fonts that `markup` is set in, as data. Empty where there is no mathematics. */
export function mathStyle({ markup }: Markup): string {
  const used = FONTS.filter((f) => f.used.test(markup));
  if (used.length === 0) return "";
  const root = dirname(createRequire(import.meta.url).resolve("katex/dist/katex.min.css"));
  const sheet = readFileSync(join(root, "katex.min.css"), "utf8").replace(
    /@font-face\{[^}]*\}/g,
    "",
  );
  const faces = used.map(({ file, css }) => {
    const data = readFileSync(join(root, "fonts", file)).toString("base64");
    return `@font-face{${css};src:url(data:font/woff2;base64,${data}) format("woff2")}`;
  });
  return `${faces.join("\n")}\n${sheet}\n.katex { font-size: 1.12em; position: relative; }`;
}
