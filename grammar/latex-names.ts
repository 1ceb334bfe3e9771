/** @file Names, numbers and dims as LaTeX. In: a name as written, the lag it is read at. Out: the field's
 *  letters: `W_f` with f as its index, `alpha` as α, `h[t-1]` with t−1 below. Never guesses what a name
 *  means. */
import type { DimExpr } from "./ast.ts";

const GREEK = (
  "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega " +
  "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
).split(" ");

/** Letters, then indices after `_` or digits at the end: all that has a customary form. */
const CUSTOMARY = /^([A-Za-z]+)(\d*)((?:_[A-Za-z0-9]+)*)$/;

export interface NameParts {
  /** One letter, a word, or a Greek letter by its name. */
  readonly head: string;
  /** In order: digits at the end of the head, then what follows each `_`; last the time, where read at one. */
  readonly indices: readonly string[];
}

/** A name taken apart, or null where it has no customary form and stands as it is. */
export function partsOfName(name: string): NameParts | null {
  const [, head, digits = "", rest = ""] = CUSTOMARY.exec(name) ?? [];
  if (head === undefined) return null;
  return { head, indices: [...(digits === "" ? [] : [digits]), ...rest.split("_").slice(1)] };
}

/** Two letters are two indices more often than they are Greek: `b_xi` is of x and i. */
export const isGreek = (word: string, asIndex = false): boolean =>
  (!asIndex || word.length > 2) && GREEK.includes(word);

/** `W_f` → `W_{f}`, `h[t-2]` → `h_{t-2}`, `s1[t]` → `s_{1,t}`; lag null where no `[t]` is written. */
export function latexOfName(name: string, lag: number | null = null): string {
  const parts = partsOfName(name);
  const letter = parts === null ? `\\mathtt{${verbatim(name)}}` : head(parts.head);
  const time = lag === null ? [] : [lag === 0 ? "t" : `t-${lag}`];
  const indices = [...(parts?.indices ?? []).map(index), ...time];
  return indices.length === 0 ? letter : `${letter}_{${indices.join(",")}}`;
}

function head(letters: string): string {
  if (isGreek(letters)) return greek(letters);
  return letters.length === 1 ? letters : `\\mathit{${letters}}`;
}

function index(text: string): string {
  if (isGreek(text, true)) return greek(text);
  return text.length === 1 || /^\d+$/.test(text) ? text : `\\mathrm{${text}}`;
}

const greek = (name: string): string => (name === "epsilon" ? "\\varepsilon" : `\\${name}`);

/** Any text as it is, for `\mathtt`, `\operatorname` and their like. */
export function verbatim(text: string): string {
  return text.replace(/[\\{}_^$%#&~]/g, (c) =>
    c === "\\" ? "\\backslash " : c === "^" ? "\\hat{}" : c === "~" ? "\\tilde{}" : `\\${c}`,
  );
}

/** A literal as it is written; `1e-5` → `10^{-5}`, `2.5e3` → `2.5 \cdot 10^{3}`. */
export function latexOfNumber(text: string): string {
  const [, digits = "", exponent] = /^([^eE]*)(?:[eE]\+?(.*))?$/.exec(text) ?? [];
  if (exponent === undefined) return digits;
  return digits === "1" ? `10^{${exponent}}` : `${digits} \\cdot 10^{${exponent}}`;
}

/** `4 * H` → `4H`, `D + A` → `D + A`, `H / 2` → `H/2`. */
export function latexOfDim(d: DimExpr, least = 1): string {
  switch (d.kind) {
    case "dim-number":
      return String(d.value);
    case "dim-name":
      return latexOfName(d.name);
    case "dim-binary": {
      const level = d.op === "+" || d.op === "-" ? 1 : 2;
      const left = latexOfDim(d.left, level);
      const right = latexOfDim(d.right, level + 1);
      const sign = {
        "+": " + ",
        "-": " - ",
        "*": /^\d/.test(right) ? " \\cdot " : "\\,",
        "/": "/",
      };
      const text = `${left}${sign[d.op]}${right}`;
      return level < least ? `(${text})` : text;
    }
    default:
      return d satisfies never;
  }
}
