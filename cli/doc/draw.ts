/** @file A placed diagram as SVG. In: boxes and bends. Out: markup whose colours are the page's variables.
 *  Never a colour of its own, never a script. */
import { html, type Markup, raw } from "../page/html.ts";
import type { NodeKind } from "./diagram.ts";
import { type Ink, plainText } from "./ink.ts";
import { type Box, FONT, type Placed, type Point } from "./layout.ts";

/** An `svg` element with a title for those who do not see it. */
export function draw(placed: Placed, title: string, description: string): Markup {
  const { width, height, nodes, edges } = placed;
  return html`<svg class="diagram" role="img" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" style="width:max(${Math.round(width * 0.75)}px,min(100%,${Math.round(width * 1.35)}px));height:auto">
<title>${title}</title><desc>${description}</desc>
${edges.map(drawEdge)}
${nodes.map(drawNode)}
${edges.map(drawLabel)}
</svg>`;
}

/** The same without labels and what is shown on asking. */
export function drawSmall({ width, height, nodes, edges }: Placed, title: string): Markup {
  return html`<svg class="diagram" role="img" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><title>${title}</title>
${edges.map(drawEdge)}
${nodes.map((n) => drawNode({ ...n, title: null }))}
</svg>`;
}

function drawEdge({ points, junctions, kind, from, to }: Placed["edges"][number]): Markup {
  return html`<path class="edge ${kind}" d="${rounded(points)}" data-from="${from}" data-to="${to}"/><path class="head ${kind}" d="${arrowHead(points)}"/>${junctions.map((p) => html`<circle class="head ${kind}" cx="${at(p.x)}" cy="${at(p.y)}" r="2.4"/>`)}
`;
}

function drawLabel({ label, labelBox, kind }: Placed["edges"][number]): Markup | null {
  if (label === null || labelBox === null) return null;
  const { x, y, width, height } = labelBox;
  return html`<g class="label ${kind}"><rect x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}" rx="3"/>${inkAt(label, x + width / 2, y + height / 2 + 4.5, FONT.label)}</g>
`;
}

type Shown = Omit<Placed["nodes"][number], "title"> & { readonly title: string | null };

function drawNode({ id, kind, name, sign, title, box }: Shown): Markup {
  const middle = box.x + box.width / 2;
  const centre = box.y + box.height / 2;
  const texts =
    name === null
      ? sign && inkAt(sign, middle, centre + 5, FONT.sign)
      : sign === null
        ? inkAt(name, middle, centre + 5, kind === "output" ? FONT.label : FONT.name)
        : [
            inkAt(name, middle, centre - 3, FONT.name),
            inkAt(sign, middle, centre + 16, FONT.sign, "sign"),
          ];
  return html`<g class="node ${kind}" data-id="${id}">${title === null ? null : html`<title>${title}</title>`}${outline(kind, box)}${texts}</g>
`;
}

function outline(kind: NodeKind, { x, y, width, height }: Box): Markup | null {
  if (kind === "output") return null;
  const radius = {
    operation: height / 2,
    input: height / 2,
    past: height / 2,
    memory: 4,
    gate: 10,
    value: 4,
    state: 4,
    layer: 6,
  }[kind];
  const inner =
    kind === "state"
      ? html`<rect class="inner" x="${at(x + 3)}" y="${at(y + 3)}" width="${at(width - 6)}" height="${at(height - 6)}" rx="2"/>`
      : null;
  return html`<rect x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}" rx="${at(radius)}"/>${inner}`;
}

/** One line of mathematics, centred; what stands below or above the line is smaller. */
function inkAt(ink: Ink, x: number, y: number, size: number, kind = "ink"): Markup {
  let shift = 0;
  const runs = ink.map((run) => {
    const wanted = run.shift === "sub" ? size * 0.22 : run.shift === "super" ? -size * 0.36 : 0;
    const dy = wanted - shift;
    shift = wanted;
    const style = `${run.italic ? "it" : "up"}${run.shift === "line" ? "" : " small"}`;
    return html`<tspan class="${style}"${raw(dy === 0 ? "" : ` dy="${at(dy)}"`)}>${run.text}</tspan>`;
  });
  return html`<text class="${kind}" x="${at(x)}" y="${at(y)}" font-size="${size}" text-anchor="middle" aria-label="${plainText(ink)}">${runs}</text>`;
}

/** At the last point, the way the last piece goes. */
function arrowHead(points: readonly Point[]): string {
  const tip = points.at(-1)!;
  const base = toward(tip, points.at(-2) ?? tip, 7);
  const [dx, dy] = [(tip.y - base.y) * 0.42, (base.x - tip.x) * 0.42];
  return `M${at(tip.x)} ${at(tip.y)} L${at(base.x + dx)} ${at(base.y + dy)} L${at(base.x - dx)} ${at(base.y - dy)} Z`;
}

/** Straight pieces with rounded corners. */
function rounded(points: readonly Point[]): string {
  const RADIUS = 6;
  return points
    .map((p, i) => {
      const [before, after] = [points[i - 1], points[i + 1]];
      if (before === undefined) return `M${at(p.x)} ${at(p.y)}`;
      if (after === undefined) return `L${at(p.x)} ${at(p.y)}`;
      const [a, b] = [toward(p, before, RADIUS), toward(p, after, RADIUS)];
      return `L${at(a.x)} ${at(a.y)} Q${at(p.x)} ${at(p.y)} ${at(b.x)} ${at(b.y)}`;
    })
    .join(" ");
}

function toward(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const part = length === 0 ? 0 : Math.min(distance, length / 2) / length;
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

const at = (x: number): number => Math.round(x * 10) / 10;

/** For a page; `SVG_STYLE` has the colours for a file of its own. */
export const DIAGRAM_STYLE = `
.diagram { font-family: KaTeX_Main, "Latin Modern Math", "STIX Two Text", Cambria, Georgia, serif; }
.diagram .it { font-style: italic; font-family: KaTeX_Math, "Latin Modern Math", "STIX Two Text", Cambria, Georgia, serif; } .diagram .small { font-size: 72%; }
.diagram text { fill: currentColor; }
.diagram .edge { fill: none; stroke: var(--soft); stroke-width: 1.3; }
.diagram .edge.delay { stroke: var(--c2); stroke-dasharray: 5 4; }
.diagram .head { fill: var(--soft); } .diagram .head.delay { fill: var(--c2); }
.diagram .label rect { fill: var(--paper); } .diagram .label text { fill: currentColor; }
.diagram .label.delay text { fill: var(--c2); }
.diagram .node rect { fill: var(--paper); stroke: currentColor; stroke-width: 1.3; }
.diagram .node .sign { fill: var(--soft); }
.diagram .input rect, .diagram .memory rect { fill: var(--shade); }
.diagram .past rect { stroke: var(--c2); stroke-dasharray: 5 4; }
.diagram .gate rect { fill: color-mix(in srgb, var(--c1) 18%, var(--paper)); stroke: var(--c1); stroke-width: 1.8; }
.diagram .state rect { stroke: var(--c2); stroke-width: 1.8; fill: color-mix(in srgb, var(--c2) 10%, var(--paper)); }
.diagram .state .inner { fill: none; stroke-width: .8; }
.diagram .operation rect { fill: var(--shade); stroke: var(--soft); }
.diagram .output text { fill: var(--soft); }
`;
