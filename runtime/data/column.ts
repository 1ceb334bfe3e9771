/** @file Raw cells → values. In: a raw column, its declaration. Out: steps of numbers or words, NaN or
 *  null where one is missing. Never fills, drops or scales. */
import { missingWords, numberOf, show, wordOf } from "./cell.ts";
import type { ColumnDecl, DataDecl } from "./declaration.ts";
import { type DataFault, fail, fault, ok, type Result } from "./fault.ts";
import { tokens } from "./readers/text.ts";
import type { RawColumn, Table } from "./table.ts";

/** Row r has steps starts[r] … starts[r+1]; step s has values[s·width] … values[(s+1)·width]. */
export interface Column {
  readonly values: Values;
  readonly width: number;
  readonly starts: readonly number[];
}

/** NaN, null: missing. */
export type Values =
  | { readonly kind: "number"; readonly data: Float64Array }
  | { readonly kind: "category"; readonly data: readonly (string | null)[] };

/** D104 where the table lacks it, D105 at cells that are no numbers, D107 at vectors of another width. */
export function parseColumn(
  decl: DataDecl,
  name: string,
  column: ColumnDecl,
  table: Table,
): Result<Column> {
  const from = column.from ?? name;
  const raw = table.columns.get(from);
  if (raw === undefined)
    return fail(
      fault("D104", `there is no column ${JSON.stringify(from)}`, {
        file: table.rows > 0 ? table.origin(0).file : null,
        column: from,
        help: `the columns are ${[...table.columns.keys()].join(", ")}`,
      }),
    );
  const flat = flatten(raw, decl, column);
  const width = flat.width;
  const uneven = flat.widths.findIndex((w) => w !== null && w !== width);
  if (uneven >= 0)
    return fail(
      fault("D107", `${flat.widths[uneven]} numbers in a step, where others have ${width}`, {
        ...table.origin(rowOfStep(flat.starts, uneven)),
        column: from,
        help: "every step of a column has as many features",
      }),
    );
  const scalars = padMissing(flat);
  const words = missingWords(decl, column);
  const { starts } = flat;
  if (column.type === "category") {
    const data = Array.from(scalars, (s) => wordOf(s, words));
    return ok({ values: { kind: "category", data }, width, starts });
  }
  const data =
    scalars instanceof Float64Array
      ? scalars.map((v) => (v === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : v))
      : Float64Array.from(scalars, (s) => numberOf(s, words) ?? Number.POSITIVE_INFINITY);
  const bad = badNumbers(data, scalars, { starts, width, table, from });
  return bad.length > 0 ? fail(...bad) : ok({ values: { kind: "number", data }, width, starts });
}

/** The row that a step is of: the last that starts at or before it. */
export function rowOfStep(starts: readonly number[], step: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle]! <= step) low = middle;
    else high = middle - 1;
  }
  return low;
}

interface Flat {
  readonly scalars: ArrayLike<unknown>;
  /** Features of each step; null where the whole step is missing. */
  readonly widths: readonly (number | null)[];
  readonly width: number;
  readonly starts: readonly number[];
}

/** Cells as steps of scalars: see `ColumnDecl` and `Samples` for what a list means. */
function flatten(raw: RawColumn, decl: DataDecl, column: ColumnDecl): Flat {
  const listsAreSteps = decl.samples.kind === "records" && column.vector !== true;
  if (raw.kind === "array") return flattenArray(raw, listsAreSteps);
  const scalars: unknown[] = [];
  const widths: (number | null)[] = [];
  const starts = [0];
  for (const cell of raw.cells) {
    for (const step of stepsOf(cell, listsAreSteps, column)) {
      const values = Array.isArray(step) ? step.flat(Number.POSITIVE_INFINITY) : [step];
      const whole = values.length === 1 && (values[0] === null || values[0] === undefined);
      widths.push(whole ? null : values.length);
      for (const value of values) scalars.push(value);
    }
    starts.push(widths.length);
  }
  return { scalars, widths, width: widths.find((w) => w !== null) ?? 1, starts };
}

function stepsOf(cell: unknown, listsAreSteps: boolean, column: ColumnDecl): readonly unknown[] {
  if (column.unit !== undefined && typeof cell === "string") return tokens(cell, column.unit);
  return listsAreSteps && Array.isArray(cell) ? cell : [cell];
}

function flattenArray(raw: Extract<RawColumn, { kind: "array" }>, listsAreSteps: boolean): Flat {
  const [rows, ...rest] = raw.shape;
  const steps = listsAreSteps ? (rest[0] ?? 1) : 1;
  const features = listsAreSteps ? rest.slice(1) : rest;
  const width = features.reduce((p, e) => p * e, 1);
  return {
    scalars: raw.data,
    widths: new Array<number>(rows! * steps).fill(width),
    width,
    starts: Array.from({ length: rows! + 1 }, (_, row) => row * steps),
  };
}

/** A step that is missing as a whole has `width` missing values. */
function padMissing({ scalars, widths, width }: Flat): ArrayLike<unknown> {
  if (width === 1 || !widths.includes(null)) return scalars;
  const padded: unknown[] = [];
  let at = 0;
  for (const w of widths) {
    for (let i = 0; i < width; i++) padded.push(w === null ? null : scalars[at + i]);
    at += w ?? 1;
  }
  return padded;
}

interface Here {
  readonly starts: readonly number[];
  readonly width: number;
  readonly table: Table;
  readonly from: string;
}

function badNumbers(data: Float64Array, scalars: ArrayLike<unknown>, here: Here): DataFault[] {
  const first = data.indexOf(Number.POSITIVE_INFINITY);
  if (first < 0) return [];
  const count = data.reduce((n, v) => n + (v === Number.POSITIVE_INFINITY ? 1 : 0), 0);
  const others = count === 1 ? "" : `, and ${count - 1} more values are not`;
  return [
    fault("D105", `${show(scalars[first])} is not a number${others}`, {
      ...here.table.origin(rowOfStep(here.starts, Math.floor(first / here.width))),
      column: here.from,
      help: 'correct it, name it in "missing", or make the column a category',
    }),
  ];
}
