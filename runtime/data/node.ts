/** @file Declarations and data from disk. In: paths. Out: declaration, table. The only file of `data/` that
 *  needs Node: everything else takes bytes. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type DataDecl, parseDeclaration } from "./declaration.ts";
import { fail, ok, fault, type DataFault, type Result } from "./fault.ts";
import { fileNames, readTable } from "./read.ts";
import type { Source, Table } from "./table.ts";

/** Reads a declaration; D101, D102. */
export async function loadDeclaration(path: string): Promise<Result<DataDecl>> {
  const source = await load(path, path);
  if (!source.ok) return source;
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(source.value.bytes));
    return parseDeclaration(json, path);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return fail(fault("D102", `not JSON: ${error.message}`, { file: path }));
  }
}

/** Reads the files of a declaration whose folder is `folder`; faults name files as the declaration does. */
export async function loadTable(decl: DataDecl, folder: string): Promise<Result<Table>> {
  const sources: Source[] = [];
  const faults: DataFault[] = [];
  for (const name of fileNames(decl)) {
    const source = await load(resolve(folder, name), name);
    if (source.ok) sources.push(source.value);
    else faults.push(...source.faults);
  }
  return faults.length > 0 ? fail(...faults) : readTable(decl, sources);
}

/** The folder that a declaration's file names are relative to. */
export function folderOf(declarationPath: string): string {
  return dirname(resolve(declarationPath));
}

async function load(path: string, file: string): Promise<Result<Source>> {
  try {
    return ok({ file, bytes: await readFile(path) });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const why = code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`;
    return fail(
      fault("D101", why, { file, help: "file names are relative to the declaration's folder" }),
    );
  }
}
