/** @file Where a piece of text stands. In: offsets of tokens. Out: spans that
 *  diagnostics, IR nodes and kernels carry. Never holds the text itself. */

/** Half-open range [start, end) of UTF-16 offsets in `file`; `line`, `column` are 1-based, of the start. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly column: number;
}

/** The smallest span that covers both; they must be of one file. */
export function cover(a: Span, b: Span): Span {
  const first = a.start <= b.start ? a : b;
  return { ...first, end: Math.max(a.end, b.end) };
}
