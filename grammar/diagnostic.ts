/** @file What we tell a user about a mistake. In: a code from `codes.ts`, a span, words. Out: plain
 *  data, its rendering and its JSON. Never throws for a user's mistake, never stops at the first. */
import type { Code } from "./codes.ts";
import type { Span } from "./span.ts";

export interface Diagnostic {
  readonly code: Code;
  readonly severity: "error" | "warning";
  /** One sentence, lower case, no full stop: "shape mismatch in gate `f`". */
  readonly message: string;
  readonly span: Span;
  /** Under the carets: what was got and wanted. */
  readonly label: string;
  /** A way out; null when there is none to name. */
  readonly help: string | null;
  readonly related: readonly { readonly span: Span; readonly message: string }[];
}

export interface Details {
  readonly label?: string;
  readonly help?: string | null;
  readonly related?: Diagnostic["related"];
}

/** `error("E203", at, "shape mismatch in gate `f`", { label: "has [H, D]", help: "did you mean `U_f`?" })`. */
export function error(code: Code, span: Span, message: string, details: Details = {}): Diagnostic {
  return diagnostic("error", code, span, message, details);
}

export function warning(
  code: Code,
  span: Span,
  message: string,
  details: Details = {},
): Diagnostic {
  return diagnostic("warning", code, span, message, details);
}

function diagnostic(
  severity: Diagnostic["severity"],
  code: Code,
  span: Span,
  message: string,
  { label = "", help = null, related = [] }: Details,
): Diagnostic {
  return { code, severity, message, span, label, help, related };
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((d) => d.severity === "error");
}

/** In the order of the text, file by file in order of first mention; stable for equal places. */
export function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const files = [...new Set(diagnostics.map((d) => d.span.file))];
  return diagnostics.toSorted(
    (a, b) =>
      files.indexOf(a.span.file) - files.indexOf(b.span.file) || a.span.start - b.span.start,
  );
}

/**
 * The candidate that `name` was probably meant to be: fewest insertions, deletions, replacements and
 * swaps of neighbours, at most a third of the name's length (at least one, never all of it); letter
 * case counts nothing. The first of equals; null where none is near.
 */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  const wanted = name.toLowerCase();
  const limit = Math.min(Math.max(1, Math.floor(name.length / 3)), name.length - 1);
  let best: string | null = null;
  let least = limit + 1;
  for (const candidate of candidates) {
    if (candidate === name) continue;
    const got = candidate.toLowerCase();
    if (Math.abs(got.length - wanted.length) >= least) continue;
    const distance = editDistance(wanted, got);
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** Optimal string alignment distance. Damerau 1964. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}

export interface RenderOptions {
  /** ANSI colours; default false. */
  readonly color?: boolean;
}

/**
 * Diagnostics as people read them, one blank line between two:
 *
 *     error[E203]: shape mismatch in gate `f`
 *       --> lstm.cell:12:23
 *        |
 *     12 |   gate f[t] = sigmoid(W_f @ h[t-1] + b_f)
 *        |                       ^^^ has [H, D], but h[t-1] is [H]: D would have to be H
 *        = help: did you mean `U_f` ([H, H])?
 *
 * A span over several lines is underlined on its first. A file missing from `sources` shows no text.
 */
export function render(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  options: RenderOptions = {},
): string {
  const paint = options.color === true ? ansi : plain;
  return diagnostics.map((d) => renderOne(d, sources.get(d.span.file), paint)).join("\n");
}

type Paint = (style: "error" | "warning" | "gutter" | "bold", text: string) => string;
const STYLES = { error: "1;31", warning: "1;33", gutter: "1;34", bold: "1" } as const;
const plain: Paint = (_, text) => text;
const ansi: Paint = (style, text) => `\u001b[${STYLES[style]}m${text}\u001b[0m`;

function renderOne(d: Diagnostic, source: string | undefined, paint: Paint): string {
  const { span } = d;
  const width = String(span.line).length;
  const pad = " ".repeat(width);
  const bar = paint("gutter", "|");
  const lines = [
    `${paint(d.severity, `${d.severity}[${d.code}]`)}${paint("bold", `: ${d.message}`)}`,
    `${pad}${paint("gutter", "-->")} ${span.file}:${span.line}:${span.column}`,
  ];
  const text = source === undefined ? undefined : lineAt(source, span.line);
  if (text !== undefined) {
    const indent = text.slice(0, span.column - 1).replace(/[^\t]/g, " ");
    const room = Math.max(1, text.length - (span.column - 1));
    const carets = "^".repeat(Math.max(1, Math.min(span.end - span.start, room)));
    lines.push(
      `${pad} ${bar}`,
      `${paint("gutter", String(span.line))} ${bar} ${text}`.trimEnd(),
      `${pad} ${bar} ${indent}${paint(d.severity, `${carets} ${d.label}`.trimEnd())}`,
    );
  } else if (d.label !== "") lines.push(`${pad} ${paint("gutter", "=")} ${d.label}`);
  for (const { span: at, message } of d.related)
    lines.push(`${pad} ${note("note", paint)} ${message} (${at.file}:${at.line}:${at.column})`);
  if (d.help !== null) lines.push(`${pad} ${note("help", paint)} ${d.help}`);
  return `${lines.join("\n")}\n`;
}

function note(word: string, paint: Paint): string {
  return `${paint("gutter", "=")} ${paint("bold", `${word}:`)}`;
}

function lineAt(source: string, line: number): string | undefined {
  return source.split(/\r\n|\r|\n/)[line - 1];
}

interface JsonPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly start: number;
  readonly end: number;
}

export interface JsonDiagnostic extends JsonPlace {
  readonly code: Code;
  readonly severity: Diagnostic["severity"];
  readonly message: string;
  readonly label: string;
  readonly help: string | null;
  readonly related: readonly (JsonPlace & { readonly message: string })[];
}

/** For `--json`: plain data, the place's fields beside the rest. */
export function toJson(diagnostics: readonly Diagnostic[]): readonly JsonDiagnostic[] {
  return diagnostics.map((d) => ({
    code: d.code,
    severity: d.severity,
    message: d.message,
    ...place(d.span),
    label: d.label,
    help: d.help,
    related: d.related.map((r) => ({ ...place(r.span), message: r.message })),
  }));
}

function place({ file, line, column, start, end }: Span): JsonPlace {
  return { file, line, column, start, end };
}
