/** @file The report for a terminal. In: what --json prints. Out: equations and a table of some lags. */
import { table } from "../render.ts";
import type { Report, Spread } from "./report.ts";

export function textOf(r: Report): string {
  const sizes = Object.entries(r.dims).map(([k, v]) => `${k} = ${v}`);
  const head = [r.entry, r.layer === "" ? "" : ` (${r.layer})`].join("");
  const states = r.states.map((s) => `${s.name} [${s.shape.join(", ")}]`).join(", ");
  return [
    `${head}${sizes.length === 0 ? "" : `, ${sizes.join(", ")}`}; states ${states}`,
    "",
    ...r.jacobian.map(blockText),
    ...(r.definitions.length === 0
      ? []
      : [`where\n${r.definitions.map((d) => `  ${d.name} = ${d.text}`).join("\n")}\n`]),
    measuredText(r),
  ].join("\n");
}

function blockText(b: Report["jacobian"][number]): string {
  const lines = b.terms.map((t, i) => {
    const sign = i === 0 ? "   " : " + ";
    const through = t.through.map((name, k) => `${name} (${lineOf(t.lines[k]!)})`).join(" ← ");
    return [sign + t.text, `${t.direct ? "direct: " : ""}${through}`] as const;
  });
  const width = Math.min(60, Math.max(...lines.map(([text]) => text.length)));
  const shown = lines.map(([text, through]) => `${text.padEnd(width)}   ${through}`);
  const more = b.more === 0 ? [] : [` + ${b.more} terms through longer paths`];
  return `d${b.of}[t]/d${b.to}[t-${b.lag}] =\n${[...shown, ...more].join("\n")}\n`;
}

const lineOf = (place: string): string => place.slice(place.lastIndexOf("/") + 1);

function measuredText(r: Report): string {
  const from = [
    r.weights === null ? "at initialisation" : `weights of ${r.weights}`,
    r.data === null ? "on noise" : `on ${r.data}`,
    r.runs === 1 ? "1 run" : `${r.runs} runs`,
    `${r.precision === "f32" ? "float32" : "float64"} on ${r.backend}`,
    ...(r.directions === null ? [] : [`by subspace iteration, ${r.directions} directions`]),
  ].join(", ");
  const gradient = r.gradient_of === "loss" ? "the loss" : "the outputs' sum";
  const rows = sampled(r.measured.length).map((lag) => {
    const [m, g, b] = [r.measured[lag - 1]!, r.gradient[lag - 1]!, r.bound[lag - 1]];
    return [
      lag,
      ...spread(m),
      magnitude(g.log10.median, g.median),
      magnitude(b?.log10 ?? null, b?.value ?? null, "none"),
    ];
  });
  const half =
    r.half_life === null
      ? `none within ${r.gradient.length} steps`
      : `${r.half_life.toPrecision(3)} steps${range(r)}`;
  return [
    `norm of ds[T]/ds[T-lag], s = (${r.states.map((s) => s.name).join(", ")}); ${from}`,
    "",
    table([["lag", "median", "min", "max", "gradient", "bound"], ...rows]),
    ...(r.unbounded === null ? [] : [`no finite bound: ${r.unbounded}`]),
    `half-life of the gradient of ${gradient} at the last step: ${half}`,
    `leading Lyapunov exponents a step: ${r.lyapunov.map((e) => e.median.toPrecision(3)).join(", ")}`,
    "",
  ].join("\n");
}

function range({ half_life_range: [low, high], runs }: Report): string {
  return runs === 1 || low === null || high === null
    ? ""
    : ` (${low.toPrecision(3)} to ${high.toPrecision(3)})`;
}

/** 1, 2, 5, 10, … and the last. */
export function sampled(last: number): readonly number[] {
  const lags: number[] = [];
  for (let ten = 1; ten <= last; ten *= 10)
    for (const k of [1, 2, 5]) if (k * ten <= last) lags.push(k * ten);
  return lags.at(-1) === last || last < 1 ? lags : [...lags, last];
}

const spread = (s: Spread): readonly string[] => [
  magnitude(s.log10.median, s.median),
  magnitude(s.log10.min, s.min),
  magnitude(s.log10.max, s.max),
];

/** 0.132, 2.1e-41; beyond float64 by its logarithm. */
export function magnitude(log10: number | null, value: number | null, none = "0"): string {
  if (log10 === null) return none;
  if (value !== null && log10 > -4 && log10 < 5) return value.toPrecision(4);
  const exponent = Math.floor(log10);
  return `${(10 ** (log10 - exponent)).toFixed(1)}e${exponent}`;
}
