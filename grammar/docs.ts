/** @file Which comments document what. In: tokens, comments, starts of statements. Out: the `///`
 *  lines that stand directly above a statement. Any other `///` is a comment like all others. */
import type { Comment, Lexed } from "./lex.ts";

export interface Doc {
  /** Without slashes, one space after them and trailing space; lines joined by "\n". */
  readonly text: string;
  readonly comments: readonly Comment[];
}

/** Offset of a statement's first token → its doc, for statements that have one. */
export function docsOf({ tokens, starts, comments }: Lexed): ReadonlyMap<number, Doc> {
  const docs = new Map<number, Doc>();
  const opening = new Set(starts);
  let next = 0;
  let previousEnd = 0;
  for (const token of tokens) {
    while (next < comments.length && comments[next]!.span.start < token.startOffset) next++;
    if (opening.has(token.startOffset)) {
      const run: Comment[] = [];
      for (let i = next - 1; i >= 0; i--) {
        const comment = comments[i]!;
        const above = comment.span.line === token.startLine! - run.length - 1;
        if (!above || !comment.ownLine || comment.span.start < previousEnd) break;
        if (!isDoc(comment.text)) break;
        run.unshift(comment);
      }
      const text = textOf(run);
      if (text !== "") docs.set(token.startOffset, { text, comments: run });
    }
    previousEnd = token.startOffset + 1;
  }
  return docs;
}

/** Whether a comment has the form of a doc. */
export function isDoc(comment: string): boolean {
  return /^\/\/\/(?!\/)/.test(comment);
}

function textOf(run: readonly Comment[]): string {
  return run.map((c) => c.text.replace(/^\/\/\/ ?/, "")).join("\n");
}
