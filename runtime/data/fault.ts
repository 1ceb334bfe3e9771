/** @file What we tell a user about data or training that cannot go on. In: a code, words, a place. Out:
 *  plain data, and results that hold either a value or every fault. Never throws. */
import type { DataCode } from "./codes.ts";

/** As the runtime's `Fault` (`../artifact/fault.ts`), with its place in a file taken apart. */
export interface DataFault {
  readonly code: DataCode;
  /** One sentence, lower case, no full stop; what was wanted and what was got. */
  readonly message: string;
  /** The place as people read it: "data.csv:12, column CO2"; empty where there is none. */
  readonly path: string;
  /** A way out; null when there is none to name. */
  readonly help: string | null;
  readonly file: string | null;
  /** 1-based, as an editor or a spreadsheet counts (a header is row 1); of arrays, the index on axis 0. */
  readonly row: number | null;
  readonly column: string | null;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly DataFault[] };

export type Where = Partial<Pick<DataFault, "file" | "row" | "column" | "help">>;

export function fault(code: DataCode, message: string, where: Where = {}): DataFault {
  const { file = null, row = null, column = null, help = null } = where;
  const line = file === null ? "" : row === null ? file : `${file}:${row}`;
  const path = [line, column === null ? "" : `column ${column}`].filter((s) => s !== "").join(", ");
  return { code, message, path, help, file, row, column };
}

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function fail(...faults: readonly DataFault[]): {
  readonly ok: false;
  readonly faults: readonly DataFault[];
} {
  return { ok: false, faults };
}
