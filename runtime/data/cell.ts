/** @file One cell of a file → a number or a word. In: what a reader or a stream gives. Out: its value, or
 *  that it is missing, or that it is something else. Never rounds, never trims a word. */
import type { ColumnDecl, DataDecl } from "./declaration.ts";

/** Text that stands for a missing value. Text that is split into tokens has none: "NA" is a word there. */
export function missingWords(decl: DataDecl, column: ColumnDecl): ReadonlySet<string> {
  const split = decl.format === "text" || column.unit !== undefined;
  return new Set(split ? [] : (decl.missing ?? ["", "NA", "NaN", "null"]));
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A finite number, NaN where it is missing, null where it is something else. */
export function numberOf(cell: unknown, missing: ReadonlySet<string>): number | null {
  switch (typeof cell) {
    case "undefined":
      return Number.NaN;
    case "number":
      return Number.isFinite(cell) || Number.isNaN(cell) ? cell : null;
    case "bigint":
      return Number.isSafeInteger(Number(cell)) ? Number(cell) : null;
    case "boolean":
      return cell ? 1 : 0;
    case "string": {
      const text = cell.trim();
      if (missing.has(text)) return Number.NaN;
      return DECIMAL.test(text) && Number.isFinite(Number(text)) ? Number(text) : null;
    }
    default:
      return cell === null ? Number.NaN : null;
  }
}

/** White space is a token like any other, so nothing is trimmed here. */
export function wordOf(cell: unknown, missing: ReadonlySet<string>): string | null {
  if (cell === null || cell === undefined || Number.isNaN(cell)) return null;
  const word = typeof cell === "string" ? cell : write(cell);
  return missing.has(word) ? null : word;
}

/** As JSON has it, whole numbers of any size among them. */
function write(cell: unknown): string {
  const json = JSON.stringify(cell, (_, v: unknown) => (typeof v === "bigint" ? String(v) : v));
  return typeof cell === "bigint" || json === undefined ? String(cell) : json;
}

export function show(cell: unknown): string {
  const text = write(cell);
  return text.length > 40 ? `${text.slice(0, 37)}…` : text;
}
