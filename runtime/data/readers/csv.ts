/** @file CSV → table. In: bytes. Out: a column of strings for each name of the header (or "0", "1", … where
 *  there is none). Never guesses types; never skips a row that is not blank. RFC 4180, by papaparse. */
import Papa from "papaparse";
import type { DataDecl } from "../declaration.ts";
import { fail, ok, fault, type DataFault, type Result } from "../fault.ts";
import { decodeText, type Source, type Table } from "../table.ts";

/** D103 at rows with too few or too many fields, open quotes, and headers that repeat. */
export function readCsv(source: Source, options: DataDecl["csv"] = {}): Result<Table> {
  const text = decodeText(source);
  if (!text.ok) return text;
  const { file } = source;
  const parsed = Papa.parse<string[]>(text.value, {
    delimiter: options.delimiter ?? ",",
    skipEmptyLines: false,
  });
  const malformed = parsed.errors
    .filter((e) => e.type === "Quotes")
    .map((e) =>
      fault("D103", e.message.toLowerCase(), {
        file,
        row: (e.row ?? 0) + 1,
        help: "close the quote, or double a quote inside quotes",
      }),
    );
  if (malformed.length > 0) return fail(...malformed);
  const lines = parsed.data.flatMap((fields, i) =>
    isBlank(fields) ? [] : [{ fields, row: i + 1 }],
  );
  const first = lines[0];
  if (first === undefined) return fail(fault("D103", "the file is empty", { file }));
  const header = options.header ?? true;
  const names = header ? first.fields.map((f) => f.trim()) : first.fields.map((_, i) => String(i));
  const rows = header ? lines.slice(1) : lines;
  const faults = [...repeated(names, file), ...ragged(rows, names.length, file)];
  if (faults.length > 0) return fail(...faults);
  return ok({
    rows: rows.length,
    columns: new Map(
      names.map((name, i) => [name, { kind: "cells", cells: rows.map((r) => r.fields[i]!) }]),
    ),
    origin: (row) => ({ file, row: rows[row]?.row ?? 1 }),
  });
}

function isBlank(fields: readonly string[]): boolean {
  return fields.length === 1 && fields[0]!.trim() === "";
}

function repeated(names: readonly string[], file: string): DataFault[] {
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  return [...new Set(twice)].map((name) =>
    fault("D103", `the header names column ${JSON.stringify(name)} more than once`, {
      file,
      row: 1,
      help: "name each column once",
    }),
  );
}

function ragged(
  rows: readonly { readonly fields: readonly string[]; readonly row: number }[],
  width: number,
  file: string,
): DataFault[] {
  const wrong = rows.filter((r) => r.fields.length !== width);
  const first = wrong[0];
  if (first === undefined) return [];
  const others = wrong.length === 1 ? "" : `; ${wrong.length} rows are so`;
  return [
    fault("D103", `${first.fields.length} fields in a row of ${width} columns${others}`, {
      file,
      row: first.row,
      help: "quote fields that hold the delimiter, or name it by csv.delimiter",
    }),
  ];
}
