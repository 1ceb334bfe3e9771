/** @file Data from text, for tests. In: a declaration, the text of its one file. Out: tables, prepared data,
 *  bound data. Throws what a test did not mean to get. */
import type { InputInfo } from "../../runtime/artifact/artifact.ts";
import { type Bound, bind } from "../../runtime/data/bind.ts";
import type { DataDecl } from "../../runtime/data/declaration.ts";
import type { DataFault, Result } from "../../runtime/data/fault.ts";
import { type Prepared, prepare } from "../../runtime/data/prepare.ts";
import { readTable } from "../../runtime/data/read.ts";
import type { Table } from "../../runtime/data/table.ts";

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export function accepted<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.faults.map((f) => `${f.code} ${f.message}`).join("\n"));
  return result.value;
}

export function refused(result: Result<unknown>): readonly DataFault[] {
  return result.ok ? [] : result.faults;
}

export async function tableOf(
  decl: DataDecl,
  ...files: readonly (string | Uint8Array)[]
): Promise<Table> {
  const sources = files.map((file, i) => ({
    file: Object.values(decl.files)[i] ?? `file ${i}`,
    bytes: typeof file === "string" ? utf8(file) : file,
  }));
  return accepted(await readTable(decl, sources));
}

export async function preparedOf(
  decl: DataDecl,
  ...files: readonly (string | Uint8Array)[]
): Promise<Prepared> {
  return accepted(prepare(decl, await tableOf(decl, ...files)));
}

export const input = (
  name: string,
  seq: string | null,
  shape: readonly number[],
  extra: Partial<InputInfo> = {},
): InputInfo => ({ name, seq, shape, memory: false, of: null, place: 0, ...extra });

export async function boundOf(
  decl: DataDecl,
  inputs: readonly InputInfo[],
  targets: readonly InputInfo[],
  ...files: readonly (string | Uint8Array)[]
): Promise<Bound> {
  return accepted(bind(await preparedOf(decl, ...files), { inputs, targets }));
}

/** A CSV of columns a = 0, 1, 2, …, b = 10·a. */
export function counting(rows: number): string {
  return `a,b\n${Array.from({ length: rows }, (_, i) => `${i},${10 * i}`).join("\n")}\n`;
}
