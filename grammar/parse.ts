/** @file Text to tree. In: the text of a `.cell` file. Out: its tree, its comments, all its syntax
 *  mistakes. Never throws on any text; what has a mistake is missing from the tree, the rest is there. */
import type { IRecognitionException } from "chevrotain";
import type { SourceFile } from "./ast.ts";
import { isWhole, spanOf } from "./cst-tools.ts";
import { type Diagnostic, error, inOrder } from "./diagnostic.ts";
import { docsOf } from "./docs.ts";
import { type Comment, type Lexed, lex } from "./lex.ts";
import { parseTokens } from "./parser.ts";
import type { Span } from "./span.ts";
import { syntaxErrors } from "./syntax-errors.ts";
import { toAst } from "./to-ast.ts";
import type { MemberContext } from "./to-ast-member.ts";
import { StatementName } from "./tokens.ts";

export interface ParseResult {
  readonly ast: SourceFile;
  /** In order; those that became a declaration's `doc` are not among them. */
  readonly comments: readonly Comment[];
  readonly diagnostics: readonly Diagnostic[];
}

/** `file` is the name that spans carry. A text without diagnostics is in the language. */
export function parse(text: string, file: string): ParseResult {
  const lexed = lex(text, file);
  const { cst, errors } = parseTokens(lexed.tokens);
  const whole: Span = { file, start: 0, end: text.length, line: 1, column: 1 };
  const end = endOf(lexed, whole);
  const found: Diagnostic[] = [...lexed.diagnostics, ...syntaxErrors(errors, lexed, end)];
  if (cst === null)
    return {
      ast: { kind: "file", imports: [], items: [], span: whole },
      comments: lexed.comments,
      diagnostics: inOrder([...found, error("E104", end, "too many mistakes to read on")]),
    };
  const docs = docsOf(lexed);
  const isSpoiled = spoiled(lexed, errors);
  /** Nothing was recovered from: every node is whole. */
  const isClean = errors.length === 0 && lexed.diagnostics.length === 0;
  const used = new Set<Comment>();
  const ctx: MemberContext = {
    file,
    targets: false,
    report: (d) => found.push(d),
    doc: (first) => {
      const doc = docs.get(first.startOffset);
      for (const comment of doc?.comments ?? []) used.add(comment);
      return doc?.text ?? "";
    },
    unlessSpoiled: (node, build) => {
      if (!isClean && (!isWhole(node) || isSpoiled(spanOf(node, ctx)))) return null;
      const before = found.length;
      const built = build();
      return found.length === before ? built : null;
    },
  };
  const ast = toAst(cst, whole, ctx);
  return {
    ast,
    comments: lexed.comments.filter((c) => !used.has(c)),
    diagnostics: inOrder(found),
  };
}

/** Just after the last token. */
function endOf({ tokens }: Lexed, whole: Span): Span {
  const last = tokens.at(-1);
  if (last === undefined) return { ...whole, end: 0 };
  const start = last.startOffset + last.image.length;
  const column = last.startColumn! + last.image.length;
  return { file: whole.file, start, end: start, line: last.startLine!, column };
}

/**
 * Whether a mistake lies in a node that recovery made whole: a malformed token, a token it skipped,
 * or a misspelt keyword in front, as in `gat f[t] = …`.
 */
function spoiled(
  { tokens, diagnostics }: Lexed,
  errors: readonly IRecognitionException[],
): (node: Span) => boolean {
  const malformed = diagnostics.map((d) => d.span.start);
  const skipped = errors.map((e) => e.token.startOffset);
  const afterSkipped = new Set(
    tokens.flatMap((token, i) =>
      token.tokenType === StatementName && skipped.includes(tokens[i - 1]?.startOffset ?? -1)
        ? [token.startOffset]
        : [],
    ),
  );
  return ({ start, end }) =>
    malformed.some((at) => at >= start && at < end) ||
    skipped.some((at) => at > start && at < end) ||
    afterSkipped.has(start);
}
