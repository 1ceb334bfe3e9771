/** @file Files' bytes → one table, by the declaration's format. In: sources in the order of the
 *  declaration. Out: a table or all faults of all files. Never opens a file: `node.ts` does. */
import type { DataDecl } from "./declaration.ts";
import { fail, ok, fault, type DataFault, type Result } from "./fault.ts";
import { readCsv } from "./readers/csv.ts";
import { readJsonLines } from "./readers/jsonl.ts";
import { readNpy } from "./readers/npy.ts";
import { readParquet } from "./readers/parquet.ts";
import { readText } from "./readers/text.ts";
import { type RawColumn, type Source, stack, type Table } from "./table.ts";

/** Reads `sources`, one for each of `fileNames(decl)`. */
export async function readTable(
  decl: DataDecl,
  sources: readonly Source[],
): Promise<Result<Table>> {
  if (decl.format === "npy") return readArrays(decl, sources);
  const tables: Table[] = [];
  const faults: DataFault[] = [];
  for (const source of sources) {
    const table = await readOne(decl, decl.format, source);
    if (table.ok) tables.push(table.value);
    else faults.push(...table.faults);
  }
  return faults.length > 0 ? fail(...faults) : stack(tables);
}

/** As they stand in the declaration. */
export function fileNames(decl: DataDecl): readonly string[] {
  return Object.values(decl.files);
}

async function readOne(
  decl: DataDecl,
  format: Exclude<DataDecl["format"], "npy">,
  source: Source,
): Promise<Result<Table>> {
  switch (format) {
    case "csv":
      return readCsv(source, decl.csv);
    case "jsonl":
      return readJsonLines(source);
    case "parquet":
      return readParquet(source);
    case "text":
      return readText(source, decl.text?.unit ?? "characters");
  }
}

/** Each file is a column; all have as many rows. */
function readArrays(decl: DataDecl, sources: readonly Source[]): Result<Table> {
  const columns = new Map<string, RawColumn>();
  const faults: DataFault[] = [];
  const names = Object.keys(decl.files);
  const extents = sources.map((source, i) => {
    const column = readNpy(source);
    if (!column.ok) {
      faults.push(...column.faults);
      return null;
    }
    columns.set(names[i]!, column.value);
    return column.value.shape[0]!;
  });
  const rows = extents.find((extent) => extent !== null) ?? 0;
  extents.forEach((extent, i) => {
    if (extent === null || extent === rows) return;
    faults.push(
      fault("D107", `${extent} rows, where ${sources[0]!.file} has ${rows}`, {
        file: sources[i]!.file,
        help: "axis 0 of every array is the row: give all the same length",
      }),
    );
  });
  if (faults.length > 0) return fail(...faults);
  return ok({ rows, columns, origin: (row) => ({ file: sources[0]!.file, row }) });
}
