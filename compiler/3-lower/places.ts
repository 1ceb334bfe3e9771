/** @file From spans to the artifact's source map. In: spans and what stands there. Out: indices into
 *  `SourceInfo.places`, each place once. Never repeats a file's text. */
import type { SourceInfo } from "../../runtime/artifact/artifact.ts";
import type { Span } from "../../grammar/span.ts";

export interface Places {
  /** The index of the place `of` (e.g. "gate i") at `span`; made when new. */
  add(of: string, span: Span): number;
  /** The place that covers the span most tightly, or a new one called `of`. */
  at(span: Span, of: string | null): number;
  info(): SourceInfo;
}

export function createPlaces(
  files: readonly { readonly path: string; readonly text: string }[],
): Places {
  const places: SourceInfo["places"][number][] = [];
  const spans: Span[] = [];
  const known = new Map<string, number>();
  const fileIndex = new Map(files.map((f, i) => [f.path, i]));

  const add = (of: string, span: Span): number => {
    const key = `${span.file}:${span.start}:${span.end}:${of}`;
    const there = known.get(key);
    if (there !== undefined) return there;
    const index = places.length;
    places.push({ of, file: fileIndex.get(span.file) ?? 0, line: span.line, column: span.column });
    spans.push(span);
    known.set(key, index);
    return index;
  };
  return {
    add,
    at(span, of) {
      let best = -1;
      for (const [i, s] of spans.entries()) {
        if (s.file !== span.file || s.start > span.start || s.end < span.end) continue;
        const current = spans[best];
        if (current === undefined || s.end - s.start < current.end - current.start) best = i;
      }
      return best >= 0 ? best : add(of ?? "expression", span);
    },
    info: () => ({ files, places }),
  };
}
