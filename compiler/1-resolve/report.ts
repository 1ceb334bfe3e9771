/** @file Collecting what is wrong. In: problems as they are found. Out: diagnostics, each place told
 *  once, in reading order. Never throws, never stops at the first. */
import { type Diagnostic, nearest } from "../../grammar/diagnostic.ts";

export type Report = (problem: Diagnostic) => void;

/**
 * Keeps the first of each code at each place: an inherited equation is checked again in every cell
 * that extends its own, and its mistakes are one mistake. `files` gives the order of files.
 */
export function collector(): {
  readonly report: Report;
  readonly sorted: (files: readonly string[]) => readonly Diagnostic[];
} {
  const byPlace = new Map<string, Diagnostic>();
  return {
    report: (d) => {
      const key = `${d.code} ${d.span.file} ${d.span.start} ${d.span.end}`;
      if (!byPlace.has(key)) byPlace.set(key, d);
    },
    sorted: (files) => {
      const order = new Map(files.map((file, i) => [file, i]));
      const place = (d: Diagnostic) => order.get(d.span.file) ?? files.length;
      return [...byPlace.values()].sort(
        (a, b) => place(a) - place(b) || a.span.start - b.span.start || a.span.end - b.span.end,
      );
    },
  };
}

/** "did you mean `W_i`?", or null. */
export function didYouMean(name: string, candidates: Iterable<string>): string | null {
  const found = nearest(name, candidates);
  return found === null ? null : `did you mean \`${found}\`?`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
