/** @file Warnings that an author accepts: `// lint: allow W305` on the line, or alone above it. In: files and
 *  warnings. Out: the warnings that are left. Never an error accepted; what accepts nothing is told. */
import { CODES } from "../../grammar/codes.ts";
import { type Diagnostic, hasErrors, nearest, warning } from "../../grammar/diagnostic.ts";
import { lex } from "../../grammar/lex.ts";
import type { Span } from "../../grammar/span.ts";
import { RULES } from "./table.ts";

interface Allowed {
  readonly code: string;
  /** The lines that it speaks of. */
  readonly lines: readonly number[];
  readonly span: Span;
}

/** `files`: the entry first. */
export function accept(
  diagnostics: readonly Diagnostic[],
  files: readonly { readonly path: string; readonly text: string }[],
): readonly Diagnostic[] {
  const allowed = files.flatMap((f) => (f.text.includes(MARK) ? allowedIn(f.text, f.path) : []));
  const covers = (a: Allowed, d: Diagnostic): boolean =>
    d.severity === "warning" &&
    d.code === a.code &&
    d.span.file === a.span.file &&
    a.lines.includes(d.span.line);
  const left = diagnostics.filter((d) => !allowed.some((a) => covers(a, d)));
  if (hasErrors(diagnostics)) return left;
  // Of an imported file only what is used is linted.
  const idle = allowed.filter(
    (a) =>
      a.span.file === files[0]?.path &&
      !SIZED.has(a.code) &&
      !diagnostics.some((d) => covers(a, d)),
  );
  return [...left, ...idle.map(report)];
}

const MARK = "lint: allow";

/** Warnings that may be there at other sizes. */
const SIZED: ReadonlySet<string> = new Set(RULES.flatMap((r) => (r.sized ? [r.code] : [])));

/** A comment alone on its line speaks of the next line that is no such comment; any other of its own. */
function allowedIn(text: string, file: string): readonly Allowed[] {
  const { comments } = lex(text, file);
  const alone = new Set(comments.filter((c) => c.ownLine).map((c) => c.span.line));
  return comments.flatMap(({ text: words, span, ownLine }) => {
    const found = /^\/\/\s*lint: allow(?![\w-])((?:[\s,]+[A-Z]\d{3}\b)*)/.exec(words);
    if (found === null) return [];
    let line = span.line;
    while (ownLine && alone.has(line)) line++;
    const codes = [...found[1]!.matchAll(/[A-Z]\d{3}/g)];
    const start = words.indexOf(found[1]!, MARK.length);
    const place = (at: number, length: number): Span => ({
      ...span,
      start: span.start + at,
      end: span.start + at + length,
      column: span.column + at,
    });
    if (codes.length === 0) return [{ code: "", lines: [], span: place(0, words.length) }];
    return codes.map((c) => ({
      code: c[0],
      lines: [line],
      span: place(start + c.index, c[0].length),
    }));
  });
}

function report({ code, span }: Allowed): Diagnostic {
  const warnings = Object.keys(CODES).filter((c) => c.startsWith("W"));
  if (code === "") {
    return warning("W311", span, "no code to accept", {
      label: "which warning?",
      help: "write `// lint: allow W305: why`",
    });
  }
  if (!warnings.includes(code)) {
    const isError = code.startsWith("E");
    const near = isError ? null : nearest(code, warnings);
    return warning("W311", span, `no warning \`${code}\` to accept`, {
      label: isError ? "is an error: it has to be mended" : "names no warning",
      help: near === null ? null : `did you mean ${near}?`,
    });
  }
  return warning("W311", span, `no ${code} here to accept`, {
    label: "the line that it speaks of has no such warning",
    help: "remove it",
  });
}
