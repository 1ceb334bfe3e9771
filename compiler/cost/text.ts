/** @file Formulas for people. In: a formula in dims and run-time sizes. Out: `8·D·H + 8·H²`: products of high
 *  degree first, powers as such. Same formula, same text. */
import type { Formula } from "../6-schedule/formula.ts";

export function show(f: Formula): string {
  const terms = [...f].map(([key, c]) => ({ symbols: key === "" ? [] : key.split("·"), c }));
  terms.sort(
    (a, b) => b.symbols.length - a.symbols.length || (a.symbols.join() < b.symbols.join() ? -1 : 1),
  );
  if (terms.length === 0) return "0";
  return terms
    .map(({ symbols, c }, i) => {
      const sign = c < 0 ? (i === 0 ? "−" : " − ") : i === 0 ? "" : " + ";
      const factors = powers(symbols);
      const number = String(Math.round(Math.abs(c) * 1000) / 1000);
      return `${sign}${[...(number === "1" && factors.length > 0 ? [] : [number]), ...factors].join("·")}`;
    })
    .join("");
}

const DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Dims before B, sequences after: `D·H·B·T`. */
function powers(symbols: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const s of symbols) counts.set(s, (counts.get(s) ?? 0) + 1);
  const rank = (s: string): number => (s === "T" ? 2 : s === "B" ? 1 : 0);
  return [...counts]
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map(([s, n]) =>
      n === 1 ? s : `${s}${[...String(n)].map((d) => DIGITS[Number(d)]).join("")}`,
    );
}
