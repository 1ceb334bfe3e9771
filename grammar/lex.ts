/** @file Text to tokens. In: text. Out: tokens with the starts of statements marked, comments, and
 *  what is not of the language as diagnostics. Never throws; a malformed token still stands for one. */
import { type IToken, Lexer } from "chevrotain";
import { CLOSERS } from "./brackets.ts";
import { type Diagnostic, error } from "./diagnostic.ts";
import { type Marked, markStatements } from "./mark-statements.ts";
import type { Span } from "./span.ts";
import { Identifier, NumberLiteral, PAIRS, StringLiteral, TOKENS } from "./tokens.ts";

export interface Comment {
  /** With its slashes, without trailing space. */
  readonly text: string;
  /** Whether nothing but space stands before it on its line. */
  readonly ownLine: boolean;
  readonly span: Span;
}

export interface Lexed extends Marked {
  readonly comments: readonly Comment[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Brackets inside brackets, deeper than anyone writes and shallower than any stack. */
export const MAX_NESTING = 64;

export function lex(text: string, file: string): Lexed {
  const { tokens, groups, errors } = LEXER.tokenize(text);
  const diagnostics = [
    ...errors.map(({ offset, length, line, column }) =>
      unknownText(text.slice(offset, offset + length), {
        file,
        start: offset,
        end: offset + length,
        line: line!,
        column: column!,
      }),
    ),
    ...(groups.blocks ?? []).map((block) =>
      error("E101", tokenSpan(block, file), "block comments are not of the language", {
        label: "starts here",
        help: "start each line with `//`",
      }),
    ),
    ...tokens.flatMap((token) => malformed(token, tokenSpan(token, file))),
  ];
  const cut = cutDeepNesting(tokens, file);
  return {
    ...markStatements(cut.tokens),
    comments: (groups.comments ?? []).map((token) => ({
      text: token.image.trimEnd(),
      ownLine:
        text.slice(token.startOffset - token.startColumn! + 1, token.startOffset).trim() === "",
      span: tokenSpan(token, file),
    })),
    diagnostics: [...diagnostics, ...cut.diagnostics],
  };
}

// Mistakes in the tokens themselves are looked for by a test: that takes as long as the rest.
const LEXER = new Lexer([...TOKENS], { skipValidations: true });

export function tokenSpan(token: IToken, file: string): Span {
  const { startOffset, startLine, startColumn, image } = token;
  return {
    file,
    start: startOffset,
    end: startOffset + image.length,
    line: startLine!,
    column: startColumn!,
  };
}

const NUMBER = /^\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** The value of a number as written; null where it is malformed or beyond float64. */
export function numberValue(image: string): number | null {
  const value = NUMBER.test(image) ? Number(image) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}

function malformed(token: IToken, span: Span): readonly Diagnostic[] {
  const { image, tokenType } = token;
  if (tokenType === StringLiteral && !/^".*"$/s.test(image))
    return [
      error("E103", span, "this string has no closing quote", {
        label: "opened here, still open at the end of the line",
        help: `write \`${image.trimEnd()}"\``,
      }),
    ];
  if (tokenType !== NumberLiteral || numberValue(image) !== null) return [];
  if (NUMBER.test(image))
    return [
      error("E102", span, `\`${image}\` is too large for a number`, { label: "over 1.8e308" }),
    ];
  return [
    error("E102", span, `\`${image}\` is not a number`, {
      label: "wanted digits, as in `1`, `0.5`, `1e-3`",
      help: numberHelp(image),
    }),
  ];
}

function numberHelp(image: string): string | null {
  const product = /^(\d+(?:\.\d+)?)([A-Za-z_]\w*)$/.exec(image);
  const candidates = [
    image.startsWith(".") ? `0${image}` : image,
    `${image}0`,
    image.replace(/\.$/, ""),
    image.replaceAll("_", ""),
  ];
  const written = candidates.find((c) => NUMBER.test(c));
  if (written !== undefined) return `write \`${written}\``;
  return product === null ? null : `a product is written \`${product[1]} * ${product[2]}\``;
}

/** Replaces what is nested too deep by one name, so that every later recursion is bounded. */
function cutDeepNesting(
  tokens: readonly IToken[],
  file: string,
): { readonly tokens: readonly IToken[]; readonly diagnostics: readonly Diagnostic[] } {
  const kept: IToken[] = [];
  const diagnostics: Diagnostic[] = [];
  let depth = 0;
  for (const token of tokens) {
    if (CLOSERS.has(token.tokenType)) depth = Math.max(0, depth - 1);
    if (depth < MAX_NESTING) kept.push(token);
    if (!PAIRS.has(token.tokenType)) continue;
    depth++;
    if (depth !== MAX_NESTING) continue;
    kept.push({
      ...token,
      tokenType: Identifier,
      tokenTypeIdx: Identifier.tokenTypeIdx!,
      image: "_",
    });
    diagnostics.push(
      error("E116", tokenSpan(token, file), `brackets nest more than ${MAX_NESTING} deep`, {
        label: "from here on",
        help: "name a part with `let`",
      }),
    );
  }
  return { tokens: kept, diagnostics };
}

function unknownText(found: string, span: Span): Diagnostic {
  const first = [...found][0] ?? "";
  return error("E101", span, `\`${found}\` is not of the language`, {
    label: "unexpected",
    help: HELP[first] ?? (/\p{L}/u.test(first) ? "names are ASCII letters, digits and `_`" : null),
  });
}

const spelled = (name: string): string => `write \`${name}\``;
const instead = (symbol: string): string => `write \`${symbol}\``;

const GREEK: Readonly<Record<string, string>> = Object.fromEntries(
  (
    "α alpha β beta γ gamma δ delta ε epsilon ζ zeta η eta θ theta κ kappa λ lambda μ mu ν nu " +
    "ξ xi π pi ρ rho τ tau φ phi χ chi ψ psi ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Σ Sigma " +
    "Φ Phi Ψ Psi Ω Omega"
  )
    .match(/\S+ \S+/g)!
    .map((pair) => [pair[0]!, spelled(pair.slice(2))]),
);

const HELP: Readonly<Record<string, string>> = {
  ...GREEK,
  ";": "statements need no `;`: each starts with its own word",
  "#": "comments start with `//`",
  "'": "paths stand in double quotes",
  "“": "paths stand in straight double quotes",
  "”": "paths stand in straight double quotes",
  "%": "there is no remainder; a percentage is a fraction, as in `0.2`",
  "&": "for both, multiply the two comparisons",
  "!": "for unequal, write `!=`; for the opposite of a comparison, `1 - (a < b)`",
  "?": "a choice is written `where(condition, a, b)`",
  "×": instead("*"),
  "∗": instead("*"),
  "⋅": instead("*"),
  "⨀": instead("*"),
  "∘": instead("*"),
  "÷": instead("/"),
  "−": instead("-"),
  "–": instead("-"),
  "≤": instead("<="),
  "≥": instead(">="),
  "≠": instead("!="),
  "→": instead("->"),
  ᵀ: "write `transpose(…)`",
  "∈": "a shape is written `name: [D]`",
  ℝ: "a shape is written `name: [D]`",
};
