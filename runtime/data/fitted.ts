/** @file What is fitted on the training split and stored with the model: scales and vocabularies. In:
 *  training values. Out: JSON, and values to and from the model's scale. Never sees held-out values. */
import type { ColumnDecl } from "./declaration.ts";

/** By column name. JSON: the run folder keeps it. */
export interface Fitted {
  readonly columns: Readonly<Record<string, FittedColumn>>;
}

/** `from`: the file's column. Model value = (x[t] − x[t−difference] − offset) / scale, a feature each. */
export type FittedColumn = FittedNumber | FittedCategory;

export interface FittedNumber {
  readonly kind: "number";
  readonly from: string;
  readonly difference: number;
  readonly offset: readonly number[];
  readonly scale: readonly number[];
}

/** A word's model value is its index; index 0 stands for every word that is not listed. */
export interface FittedCategory {
  readonly kind: "category";
  readonly from: string;
  readonly tokens: readonly string[];
}

export const UNKNOWN = "<unknown>";

/** Offset and scale of each feature over `rows` of `width` numbers; a feature that never varies has scale 1. */
export function fitNumber(
  column: ColumnDecl,
  from: string,
  rows: Iterable<Float64Array>,
  width: number,
): FittedNumber {
  const all = [...rows];
  const features = Array.from({ length: width }, (_, f) => {
    const values = all.flatMap((row) => strided(row, f, width));
    return offsetAndScale(column.normalise ?? "none", values);
  });
  return {
    kind: "number",
    from,
    difference: column.difference ?? 0,
    offset: features.map((f) => f.offset),
    scale: features.map((f) => f.scale),
  };
}

/** The unknown token, then words by frequency, equal ones by code unit. */
export function fitCategory(
  column: ColumnDecl,
  from: string,
  words: Iterable<string>,
): FittedCategory {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  counts.delete(UNKNOWN);
  const ordered = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const kept = ordered.slice(0, (column.limit ?? Number.POSITIVE_INFINITY) - 1);
  return { kind: "category", from, tokens: [UNKNOWN, ...kept.map(([word]) => word)] };
}

export function normalised(fitted: FittedNumber, value: number, feature: number): number {
  return (value - fitted.offset[feature]!) / fitted.scale[feature]!;
}

export function denormalised(fitted: FittedNumber, value: number, feature: number): number {
  return value * fitted.scale[feature]! + fitted.offset[feature]!;
}

/** word → index; words not listed are not in it. */
export function vocabulary(fitted: FittedCategory): ReadonlyMap<string, number> {
  return new Map(fitted.tokens.map((token, index) => [token, index]));
}

function strided(row: Float64Array, feature: number, width: number): number[] {
  const values: number[] = [];
  for (let i = feature; i < row.length; i += width) values.push(row[i]!);
  return values;
}

/** standard: mean and population deviation; minmax: least value and range. */
function offsetAndScale(
  kind: NonNullable<ColumnDecl["normalise"]>,
  values: readonly number[],
): { readonly offset: number; readonly scale: number } {
  if (values.length === 0) return { offset: 0, scale: 1 };
  switch (kind) {
    case "none":
      return { offset: 0, scale: 1 };
    case "standard": {
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
      return { offset: mean, scale: Math.sqrt(variance) || 1 };
    }
    case "minmax": {
      const least = values.reduce((a, b) => Math.min(a, b));
      return { offset: least, scale: values.reduce((a, b) => Math.max(a, b)) - least || 1 };
    }
  }
}
