/** @file Places in the spec, for people. In: an artifact's indices of places. Out: names and positions. */
import type { Artifact } from "./artifact.ts";

/** An equation or a declaration: "gate i" at file:line:column. */
export interface Place {
  readonly of: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export function placeAt({ source }: Artifact, index: number): Place {
  const { of, file, line, column } = source.places[index]!;
  return { of, file: source.files[file]!.path, line, column };
}
