/** @file Mathematics in a picture. In: names, lags, expressions of constants. Out: runs of text with their
 *  height on the line, and their width. Never more than a line: what is longer is written as in the spec. */
import type { Expr } from "../../grammar/ast.ts";
import { functionLabel } from "./labels.ts";
import { written } from "./text.ts";

import { isGreek, partsOfName } from "../../grammar/latex-names.ts";

export interface Run {
  readonly text: string;
  readonly italic: boolean;
  /** Below the line, on it, above it. */
  readonly shift: "sub" | "line" | "super";
}
export type Ink = readonly Run[];

export const upright = (text: string): Ink => [{ text, italic: false, shift: "line" }];
const sub = (text: string, italic = false): Run => ({ text, italic, shift: "sub" });
export const raised = (text: string): Run => ({ text, italic: false, shift: "super" });

/** `h` at lag 1: an italic h with t−1 below. */
export function inkOfName(name: string, lag: number | null): Ink {
  const parts = partsOfName(name);
  const time = lag === null ? [] : [sub(lag === 0 ? "t" : `t−${lag}`, true)];
  if (parts === null) return [...upright(name), ...time];
  const indices = parts.indices.map((i) =>
    sub(isGreek(i, true) ? greekLetter(i) : i, i.length === 1 && !/\d/.test(i)),
  );
  const below = [...indices, ...time].flatMap((run, i) => (i === 0 ? [run] : [sub(","), run]));
  const letter = isGreek(parts.head) ? greekLetter(parts.head) : parts.head;
  return [{ text: letter, italic: true, shift: "line" }, ...below];
}

/** A weight or constant on an edge: `W_f`, `A⊤`, `1 − α`. */
export function inkOf(e: Expr): Ink {
  switch (e.kind) {
    case "number":
      return upright(e.text);
    case "ref":
      return inkOfName(e.name, e.lag);
    case "unary":
      return [...upright("−"), ...inkOf(e.operand)];
    case "binary":
      if (e.op === "+" || e.op === "-" || e.op === "/")
        return [...inkOf(e.left), ...upright(e.op === "-" ? " − " : e.op), ...inkOf(e.right)];
      return [...inkOf(e.left), ...upright(e.op === "*" ? " " : e.op), ...inkOf(e.right)];
    case "call": {
      const [first] = e.args;
      if (first?.kind === "positional" && e.args.length === 1) {
        if (e.callee.text === "transpose") return [...inkOf(first.value), raised("⊤")];
        const [open, close] = e.callee.text === "sqrt" ? ["√", ""] : ["(", ")"];
        const name = e.callee.text === "sqrt" ? "" : functionLabel(e.callee.text);
        return [...upright(`${name}${open}`), ...inkOf(first.value), ...upright(close)];
      }
      return upright(written(e));
    }
    default:
      return upright(written(e));
  }
}

export const plainText = (ink: Ink): string => ink.map((r) => r.text).join("");

/** In units of the font's size; a guess on the wide side, as no font is at hand. */
export function widthOf(ink: Ink): number {
  const letters = (r: Run): number =>
    [...r.text].reduce(
      (sum, c) => sum + (/[il.,|()[\]' ]/.test(c) ? 0.34 : /[mwMW]/.test(c) ? 0.86 : 0.58),
      0,
    );
  return ink.reduce((sum, r) => sum + letters(r) * (r.shift === "line" ? 1 : 0.72), 0);
}

const ALPHABET: Readonly<Record<string, string>> = Object.fromEntries(
  (
    "alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ " +
    "sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ " +
    "Phi Φ Psi Ψ Omega Ω"
  )
    .split(" ")
    .flatMap((word, i, all) => (i % 2 === 0 ? [[word, all[i + 1]!]] : [])),
);
const greekLetter = (word: string): string => ALPHABET[word] ?? word;
