/** @file Parquet → table. In: bytes. Out: a column for each top-level field, by hyparquet (uncompressed
 *  and Snappy pages). Never converts: cells are as the library gives
 *  them. Cut files and damaged footers are faults; bytes changed within a page are the library's to find. */
import { type FileMetaData, parquetMetadata, parquetReadObjects } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { parquetPlan } from "hyparquet/src/plan.js";
import { fail, ok, fault, type Result } from "../fault.ts";
import type { Source, Table } from "../table.ts";

/** D103 with the library's words where the file is not one it reads. */
export async function readParquet(source: Source): Promise<Result<Table>> {
  const { bytes, file } = source;
  const buffer = new Uint8Array(bytes).buffer;
  try {
    const metadata = parquetMetadata(buffer);
    if (metadata.num_rows > BigInt(MOST_ROWS))
      return fail(fault("D103", `the file says that it has ${metadata.num_rows} rows`, { file }));
    const unsized = unsizedPage(buffer, metadata);
    if (unsized !== null)
      return fail(fault("D103", `byte ${unsized}: a page without a size`, { file }));
    const rows = await parquetReadObjects({ file: buffer, metadata });
    const first = rows[0];
    if (first === undefined || BigInt(rows.length) !== metadata.num_rows)
      return fail(
        fault(
          "D103",
          `the file says that it has ${metadata.num_rows} rows, and has ${rows.length}`,
          { file },
        ),
      );
    const names = Object.keys(first);
    return ok({
      rows: rows.length,
      columns: new Map(
        names.map((name) => [name, { kind: "cells", cells: rows.map((row) => row[name]) }]),
      ),
      origin: (row) => ({ file, row: row + 1 }),
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fail(fault("D103", `not a Parquet file that can be read: ${why}`, { file }));
  }
}

/** Rows that one array can hold with room to spare. */
const MOST_ROWS = 2 ** 31;

/**
 * The offset of the first page whose header gives no size, or a negative one; null where there is none.
 * The library would follow such a page in a circle, without end (1.31.5, `column.js`, `readPage`).
 */
function unsizedPage(file: ArrayBuffer, metadata: FileMetaData): number | null {
  for (const { chunks } of parquetPlan({ file, metadata }).groups)
    for (const { range } of chunks) {
      const view = new DataView(file.slice(range.startByte, range.endByte));
      const reader = { view, offset: 0 };
      while (reader.offset < view.byteLength - 1) {
        const at = reader.offset;
        const size = parquetHeader(reader).compressed_page_size;
        if (!Number.isInteger(size) || size < 0) return range.startByte + at;
        reader.offset += size;
      }
    }
  return null;
}
