/** @file JSON lines → table. In: bytes, one JSON object a line. Out: a column for each key met; a line
 *  without it has a missing cell. Never interprets values. */
import { fail, ok, fault, type DataFault, type Result } from "../fault.ts";
import { decodeText, type Source, type Table } from "../table.ts";

/** D103 at the first line that is not JSON and the first that is no object. */
export function readJsonLines(source: Source): Result<Table> {
  const text = decodeText(source);
  if (!text.ok) return text;
  const { file } = source;
  const lines = text.value
    .split(/\r\n|\n/)
    .flatMap((line, i) => (line.trim() === "" ? [] : [{ line, row: i + 1 }]));
  if (lines.length === 0) return fail(fault("D103", "the file is empty", { file }));
  const faults: DataFault[] = [];
  const records: ReadonlyMap<string, unknown>[] = [];
  for (const { line, row } of lines) {
    const record = parseRecord(line);
    if (typeof record === "string") faults.push(fault("D103", record, { file, row }));
    else records.push(record);
  }
  if (faults.length > 0) return fail(...faults.slice(0, REPORTED));
  const names = [...new Set(records.flatMap((r) => [...r.keys()]))];
  return ok({
    rows: records.length,
    columns: new Map(
      names.map((name) => [name, { kind: "cells", cells: records.map((r) => r.get(name)) }]),
    ),
    origin: (row) => ({ file, row: lines[row]?.row ?? 1 }),
  });
}

/** Lines after these repeat what the first ones say. */
const REPORTED = 10;

function parseRecord(line: string): ReadonlyMap<string, unknown> | string {
  try {
    const json: unknown = JSON.parse(line);
    if (typeof json === "object" && json !== null && !Array.isArray(json))
      return new Map(Object.entries(json));
    return "a line is to be a JSON object";
  } catch (error) {
    return error instanceof SyntaxError ? `not JSON: ${error.message}` : "not JSON";
  }
}
