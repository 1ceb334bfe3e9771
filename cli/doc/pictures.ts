/** @file Diagrams drawn. In: facts. Out: SVG. The layout engine is loaded once, when a picture is asked for. */
import { createRequire } from "node:module";
import type { ELK, ELKConstructorArguments } from "elkjs";
import type { Markup } from "../page/html.ts";
import { SVG_STYLE } from "../page/style.ts";
import { DIAGRAM_STYLE, draw, drawSmall } from "./draw.ts";
import type { DocFacts } from "./facts.ts";
import { layOut } from "./layout.ts";

export interface Pictures {
  /** For its page, and small, without what is too small to read then. */
  draw(facts: DocFacts): Promise<{ readonly page: Markup; readonly thumbnail: Markup }>;
}

/** Cells from left to right, as time goes; models from the inputs down. */
export async function openPictures(): Promise<Pictures> {
  // Its module is a function of CommonJS, which types and runtime would name differently in an import.
  const Engine = createRequire(import.meta.url)("elkjs/lib/elk.bundled.js") as new (
    options?: ELKConstructorArguments,
  ) => ELK;
  const engine = new Engine();
  return {
    draw: async (facts) => {
      const { diagram, name, cell } = facts;
      const placed = await layOut(diagram, engine, cell === null ? "DOWN" : "RIGHT");
      const title = `${cell === null ? "Flow" : "One step"} of ${name}`;
      return { page: draw(placed, title, inWords(facts)), thumbnail: drawSmall(placed, title) };
    },
  };
}

/** A drawn diagram as a file: its own colours for light and dark. */
export function svgFile({ markup }: Markup): string {
  return `${markup.replace("</title>", `</title><style>${SVG_STYLE}${DIAGRAM_STYLE}</style>`)}\n`;
}

/** For those who do not see the picture: each value and what it reads. */
function inWords({ cell, model }: DocFacts): string {
  return [...(cell?.equations ?? []), ...(model?.definitions ?? [])].map((e) => e.text).join("; ");
}
