/** @file Plain text → table. In: bytes. Out: one column `text`, a cell for each character or word. Never
 *  lowers case or drops punctuation; line ends become "\n". */
import { fail, ok, fault, type Result } from "../fault.ts";
import { decodeText, type Source, type Table } from "../table.ts";

export function readText(source: Source, unit: "characters" | "words"): Result<Table> {
  const text = decodeText(source);
  if (!text.ok) return text;
  const cells = tokens(text.value, unit);
  if (cells.length === 0) return fail(fault("D103", "the file is empty", { file: source.file }));
  return ok({
    rows: cells.length,
    columns: new Map([["text", { kind: "cells", cells }]]),
    origin: (row) => ({ file: source.file, row: row + 1 }),
  });
}

/**
 * characters: code points. words: runs of letters, marks and digits (with inner apostrophes), and each
 * other character but white space on its own.
 */
export function tokens(text: string, unit: "characters" | "words"): readonly string[] {
  const plain = text.replaceAll("\r\n", "\n");
  if (unit === "characters") return Array.from(plain);
  return plain.match(/[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*|[^\s]/gu) ?? [];
}
