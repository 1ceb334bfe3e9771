/** @file The report as a picture: log norm against lag, bound and measurement, several specs on one. In: reports.
 *  Out: a Vega-Lite chart, an SVG file, a page. Every number is the report's. */
import { type Chart, chart, chartFile, type Words } from "../page/chart.ts";
import { figure, html, type Markup, page, tableOf } from "../page/html.ts";
import type { Report } from "./report.ts";
import { magnitude, sampled } from "./text.ts";

/** Points of one line at most. */
const POINTS = 240;

interface Row {
  readonly lag: number;
  readonly spec: string;
  readonly line: "measured" | "bound";
  readonly y: number;
  readonly low: number | null;
  readonly high: number | null;
}

export type Shown = "measured" | "gradient";

const TITLE: Readonly<Record<Shown, string>> = {
  measured: "norm of ∂s[T]/∂s[T−lag]",
  gradient: "norm of ∂L[T]/∂s[T−lag]",
};

export function chartOf(reports: readonly Report[], shown: Shown = "measured"): Chart {
  const rows = reports.flatMap((r, i) => rowsOf(r, labelsOf(reports)[i]!, shown));
  const hasBound = rows.some((r) => r.line === "bound");
  const x = {
    field: "lag",
    type: "quantitative" as const,
    title: "lag (steps)",
    scale: { nice: false },
  };
  const y = { type: "quantitative" as const, title: `log₁₀ of the ${TITLE[shown]}` };
  const color = {
    field: "spec",
    type: "nominal" as const,
    sort: labelsOf(reports),
    title: null,
    legend: {
      orient: "top" as const,
      columns: 3,
      symbolType: "stroke",
      symbolOpacity: 1,
      symbolStrokeWidth: 3,
    },
  };
  return {
    width: 640,
    height: 360,
    data: { values: rows },
    layer: [
      {
        transform: [{ filter: "datum.low !== null" }],
        mark: { type: "area", opacity: 0.18 },
        encoding: { x, y: { field: "low", ...y }, y2: { field: "high" }, color },
      },
      {
        mark: { type: "line", interpolate: "linear" },
        encoding: {
          x,
          y: { field: "y", ...y },
          color,
          strokeDash: {
            field: "line",
            type: "nominal",
            title: null,
            scale: {
              domain: ["measured", "bound"],
              range: [
                [1, 0],
                [6, 4],
              ],
            },
            legend: hasBound ? { orient: "top", symbolSize: 600 } : null,
          },
        },
      },
    ],
  };
}

function rowsOf(r: Report, spec: string, shown: Shown): readonly Row[] {
  const kept = (n: number): ((_: unknown, i: number) => boolean) => {
    const every = Math.max(1, Math.ceil(n / POINTS));
    return (_, i) => i % every === 0 || i === n - 1;
  };
  const finite = (x: number | null): x is number => x !== null;
  const measured = r[shown]
    .filter(kept(r[shown].length))
    .flatMap(({ lag, log10 }): Row[] =>
      finite(log10.median)
        ? [{ lag, spec, line: "measured", y: log10.median, low: log10.min, high: log10.max }]
        : [],
    );
  const bound = shown === "gradient" ? [] : r.bound.filter(kept(r.bound.length));
  const top = Math.max(0, ...measured.map((m) => m.high ?? m.y));
  const floor = Math.min(0, ...measured.map((m) => m.low ?? m.y));
  const limit = top + Math.max(2, (top - floor) / 3);
  return [
    ...measured,
    ...bound.flatMap(({ lag, log10 }): Row[] =>
      finite(log10) && log10 <= limit
        ? [{ lag, spec, line: "bound", y: log10, low: null, high: null }]
        : [],
    ),
  ];
}

/** Entries by name; where two are of one name, with what they were run on. */
export function labelsOf(reports: readonly Report[]): readonly string[] {
  return reports.map((r) => {
    const same = reports.filter((o) => o.entry === r.entry);
    const what = r.weights === null ? "at initialisation" : `weights of ${r.weights}`;
    return same.length === 1 ? r.entry : `${r.entry}, ${what}`;
  });
}

const wordsOf = (reports: readonly Report[], shown: Shown): Words => ({
  title: `${TITLE[shown]} against lag: ${labelsOf(reports).join("; ")}`,
  description: reports.map(sentence).join(" "),
});

function sentence(r: Report): string {
  const ends = [r.measured[0], r.measured.at(-1)].flatMap((m) => m ?? []);
  const at = ends.map((m) => `${magnitude(m.log10.median, m.median)} at lag ${m.lag}`);
  return `${r.entry}: ${at.join(", ")}.`;
}

export async function svgFile(
  reports: readonly Report[],
  shown: Shown = "measured",
): Promise<string> {
  return chartFile(chartOf(reports, shown), wordsOf(reports, shown));
}

export async function htmlFile(reports: readonly Report[]): Promise<string> {
  const names = labelsOf(reports).join(", ");
  const pictures = await Promise.all(
    (["measured", "gradient"] as const).map(async (shown) =>
      figure(
        await chart(chartOf(reports, shown), wordsOf(reports, shown)),
        captionOf(reports, shown),
      ),
    ),
  );
  return page({
    title: `${names}: what reaches back`,
    body: html`<h1>${names}: what reaches back</h1>${pictures}${reports.map(sectionOf)}`,
    data: reports,
  });
}

function captionOf(reports: readonly Report[], shown: Shown): string {
  const runs = Math.max(...reports.map((r) => r.runs));
  const many = runs > 1 ? "; lines are medians, shades the range of runs" : "";
  return shown === "measured"
    ? `How much of the state of lag steps ago reaches the state now${many}. Dashed: a bound that holds for these weights on every input.`
    : `How much of the gradient at the last step reaches the state of lag steps ago${many}.`;
}

function sectionOf(r: Report, i: number, all: readonly Report[]): Markup {
  const rows = sampled(r.measured.length).map((lag) => {
    const [m, g, b] = [r.measured[lag - 1]!, r.gradient[lag - 1]!, r.bound[lag - 1]!];
    return [
      lag,
      magnitude(m.log10.median, m.median),
      magnitude(m.log10.min, m.min),
      magnitude(m.log10.max, m.max),
      magnitude(g.log10.median, g.median),
      magnitude(b.log10, b.value, "none"),
    ];
  });
  const half =
    r.half_life === null ? "none within these lags" : `${r.half_life.toPrecision(3)} steps`;
  return html`<h2>${labelsOf(all)[i]!}</h2>
${r.jacobian.map(blockOf)}
${r.definitions.length === 0 ? null : html`<p>where</p><pre tabindex="0">${r.definitions.map((d) => `${d.name} = ${d.text}\n`)}</pre>`}
${tableOf([["lag", "median", "min", "max", "gradient", "bound"], ...rows], `${r.entry}, norms by lag`)}
${r.unbounded === null ? null : html`<p>No finite bound: ${r.unbounded}.</p>`}
<p>Half-life of the gradient: ${half}. Leading Lyapunov exponents a step: ${r.lyapunov.map((e) => e.median.toPrecision(3)).join(", ")}.</p>`;
}

function blockOf(b: Report["jacobian"][number]): Markup {
  const lines = b.terms.map((t, k) => {
    const through = t.through
      .map((name, j) => `${name} (${t.lines[j]!.split("/").at(-1)})`)
      .join(" ← ");
    return `${k === 0 ? "   " : " + "}${t.text}    ${t.direct ? "direct: " : ""}${through}\n`;
  });
  return html`<pre tabindex="0">∂${b.of}[t]/∂${b.to}[t-${b.lag}] =\n${lines}</pre>`;
}
