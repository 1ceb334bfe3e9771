/** @file Declarations one below the other. In: entries in the order of the text, and its comments.
 *  Out: lines, with every comment where it was and blank lines between groups, at most one. */
import { isDoc } from "./docs.ts";
import type { Comment } from "./lex.ts";
import type { TakeComments } from "./print-expression.ts";
import type { Span } from "./span.ts";

export interface Entry {
  readonly kind: "import" | "item" | "member" | "setting";
  readonly span: Span;
  readonly doc: string;
  /** Its lines; called once, in the order of the text. */
  readonly print: () => readonly string[];
}

export interface Page {
  readonly take: TakeComments;
  /** The 1-based line that an offset of the source stands on. */
  readonly lineOf: (offset: number) => number;
}

/** A loose doc is a `///` that documents nothing: kept apart from what it would then document. */
type Kind = Entry["kind"] | "comment" | "loose doc";

/** Adds entries and the comments up to `end` to `lines`, whose last line may take the first comment. */
export function addBlock(
  lines: string[],
  entries: readonly Entry[],
  end: number,
  indent: string,
  { take, lineOf }: Page,
): void {
  let previous: Kind | null = null;
  let commented = false;
  let lastLine = 0;

  const add = (kind: Kind, from: number, added: readonly string[]): void => {
    const apart =
      previous === "item" ||
      (previous === "import" && kind === "item") ||
      (previous === "loose doc" && (kind === "item" || kind === "member"));
    if (previous !== null && (apart || from - lastLine >= 2)) lines.push("");
    for (const text of added) lines.push(text);
    previous = kind;
  };
  const addComments = (comments: readonly Comment[]): void => {
    for (const { text, ownLine, span } of comments) {
      if (!ownLine && !commented && lines.length > 0) lines.push(`${lines.pop()} ${text}`);
      else add(isDoc(text) ? "loose doc" : "comment", span.line, [`${indent}${text}`]);
      commented = true;
      lastLine = Math.max(lastLine, span.line);
    }
  };

  for (const entry of entries) {
    addComments(take(entry.span.start));
    const doc = docLines(entry.doc).map((text) => `${indent}${text}`);
    add(entry.kind, entry.span.line - doc.length, [...doc, ...entry.print()]);
    commented = false;
    lastLine = Math.max(lastLine, lineOf(entry.span.end));
  }
  addComments(take(end));
}

function docLines(doc: string): readonly string[] {
  return doc === "" ? [] : doc.split("\n").map((text) => (text === "" ? "///" : `/// ${text}`));
}

/** For `Page.lineOf`, over any line endings. */
export function lineCounter(source: string): (offset: number) => number {
  const starts = [0, ...Array.from(source.matchAll(/\r\n|\r|\n/g), (m) => m.index + m[0].length)];
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
