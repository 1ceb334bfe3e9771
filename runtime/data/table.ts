/** @file What a reader hands over: named columns of raw cells, and where each row stood. In: readers'
 *  findings. Out: one table of one or several files. Never interprets a cell. */
import { fail, ok, fault, type DataFault, type Result } from "./fault.ts";

export interface Table {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, RawColumn>;
  readonly origin: (row: number) => Origin;
}

/** `row` as `DataFault.row`. */
export interface Origin {
  readonly file: string;
  readonly row: number;
}

/**
 * cells: text, numbers, null, lists, whatever the format has, one a row.
 * array: numbers row-major, axis 0 the row; NaN is missing.
 */
export type RawColumn =
  | { readonly kind: "cells"; readonly cells: readonly unknown[] }
  | { readonly kind: "array"; readonly data: Float64Array; readonly shape: readonly number[] };

/** A file's bytes as they came, and the name that faults are to call it by. */
export interface Source {
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Rows of each table after the one before it; D103 where their columns differ. */
export function stack(tables: readonly Table[]): Result<Table> {
  const first = tables[0];
  if (first === undefined) return fail(fault("D101", "no file is named"));
  if (tables.length === 1) return ok(first);
  const names = [...first.columns.keys()];
  const faults = tables.flatMap((table) => differing(first, table, names));
  if (faults.length > 0) return fail(...faults);
  const columns = new Map(
    names.map((name) => [
      name,
      { kind: "cells" as const, cells: tables.flatMap((t) => cellsOf(t.columns.get(name)!)) },
    ]),
  );
  const starts = tables.map((_, i) => tables.slice(0, i).reduce((sum, t) => sum + t.rows, 0));
  return ok({
    rows: tables.reduce((sum, t) => sum + t.rows, 0),
    columns,
    origin: (row) => {
      const index = starts.findLastIndex((start) => start <= row);
      return tables[index]!.origin(row - starts[index]!);
    },
  });
}

/** Text of UTF-8 bytes, without a byte order mark; D103 at bytes that are not UTF-8. */
export function decodeText(source: Source): Result<string> {
  try {
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(source.bytes));
  } catch {
    return fail(
      fault("D103", "the bytes are not UTF-8", {
        file: source.file,
        help: "save the file as UTF-8",
      }),
    );
  }
}

function differing(first: Table, other: Table, names: readonly string[]): DataFault[] {
  const got = [...other.columns.keys()];
  if (got.length === names.length && names.every((name) => other.columns.has(name))) return [];
  return [
    fault("D103", `its columns are ${got.join(", ")}; the first file's are ${names.join(", ")}`, {
      file: other.rows > 0 ? other.origin(0).file : null,
      help: `files read as one table share their columns; ${first.origin(0).file} is the first`,
    }),
  ];
}

/** Only tables of cells are stacked: arrays come one a column, from files of their own. */
function cellsOf(column: RawColumn): readonly unknown[] {
  return column.kind === "cells" ? column.cells : [...column.data];
}
