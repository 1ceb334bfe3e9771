/** @file `.cell` files from the disk. In: a path and compile options. Out: an artifact, or a Failure with
 *  every diagnostic rendered. The only place where the CLI reads specs. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import type { Command } from "commander";
import { type CompileResult, compile } from "../compiler/compile.ts";
import { type Diagnostic, hasErrors, render, toJson } from "../grammar/diagnostic.ts";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import { parse as parseArtifact } from "../runtime/artifact/load.ts";
import { RuntimeError } from "../runtime/errors.ts";
import { Failure, placed } from "./fail.ts";
import { libraryRoot } from "./package.ts";
import { colour } from "./render.ts";

export interface EntryOptions {
  readonly entry?: string;
  readonly set?: Readonly<Record<string, number>>;
  readonly direction?: "forward" | "backward";
}

/** `--entry NAME`, `--set D=5` (repeatable), `--direction backward`. */
export function entryOptions(command: Command): Command {
  return command
    .option(
      "--entry <name>",
      "the cell or model to compile (default: the file's only model or cell)",
    )
    .option("--set <dim=number>", "value of a dim; repeat for more", setDim, {})
    .option("--direction <direction>", "for a cell: forward or backward over time", direction);
}

/**
 * How files are found. The user's own paths start with `./`, `../` or `/`; any other path is the
 * library's, so a folder of the user's called `cells` shadows nothing.
 */
export function reader(): (path: string) => string | null {
  const root = libraryRoot();
  return (path) => {
    const own = path.startsWith("./") || path.startsWith("../") || isAbsolute(path);
    const full = own ? path : join(root, path);
    return existsSync(full) && statSync(full).isFile() ? readFileSync(full, "utf8") : null;
  };
}

/** The path as the compiler takes it; a file inside the library goes by its library name. */
export function sourcePath(file: string): string {
  const inLibrary = relative(libraryRoot(), file);
  if (!inLibrary.startsWith("..") && !isAbsolute(inLibrary)) return inLibrary.split(sep).join("/");
  return isAbsolute(file) || file.startsWith("../") || file.startsWith("./") ? file : `./${file}`;
}

/** Throws a Failure (1) with all diagnostics where there is an error; warnings go to stderr. */
export function compileFile(
  file: string,
  options: EntryOptions & { readonly inference?: boolean },
  json = false,
): CompileResult & { artifact: Artifact } {
  needSpec(file);
  const result = compile({
    file: sourcePath(file),
    read: reader(),
    entry: options.entry,
    dims: options.set,
    direction: options.direction,
    inference: options.inference,
  });
  report(result.diagnostics, result.checked.files, json);
  const { artifact } = result;
  if (artifact === null) throw new Failure("", 1);
  return { ...result, artifact };
}

/** An artifact from a `.json` artifact or a `.cell` file. What is compiled has its entry and sizes: options
 *  that say others are a mistake, not ignored. */
export async function artifactOf(
  file: string,
  options: EntryOptions,
  json = false,
): Promise<Artifact> {
  if (file.endsWith(".cell")) return compileFile(file, options, json).artifact;
  needFile(file);
  const result = await parseArtifact(readFileSync(file));
  if (!result.ok) throw new RuntimeError(placed(file, result.faults));
  const { entry, dims } = result.value;
  const others = [
    ...(options.entry === undefined || options.entry === entry.name ? [] : ["--entry"]),
    ...Object.entries(options.set ?? {}).flatMap(([k, v]) => (dims[k] === v ? [] : [`--set ${k}`])),
    ...(options.direction === undefined || options.direction === entry.direction
      ? []
      : ["--direction"]),
  ];
  if (others.length === 0) return result.value;
  const sizes = Object.entries(dims).map(([k, v]) => `, ${k} = ${v}`);
  throw new Failure(
    `error: ${others.join(", ")}: ${file} is compiled as ${entry.name}, ${entry.direction}${sizes.join("")}; compile the spec again for another`,
    2,
  );
}

/** Diagnostics to stderr, as text or JSON lines; throws a Failure (1) after errors. */
export function report(
  diagnostics: readonly Diagnostic[],
  files: readonly { readonly path: string; readonly text: string }[],
  json: boolean,
): void {
  if (diagnostics.length === 0) return;
  const sources = new Map(files.map((f) => [f.path, f.text]));
  const text = json
    ? `${JSON.stringify({ diagnostics: toJson(diagnostics) })}\n`
    : `${render(diagnostics, sources, { color: colour() })}\n`;
  if (hasErrors(diagnostics)) throw new Failure(text, 1);
  process.stderr.write(text);
}

export function needFile(file: string): void {
  if (!existsSync(file)) throw new Failure(`error: there is no file ${file}`, 1);
  if (!statSync(file).isFile()) throw new Failure(`error: ${file} is not a file`, 1);
}

/** A `.cell` file that is there. */
export function needSpec(file: string): void {
  needFile(file);
  if (!file.endsWith(".cell"))
    throw new Failure(`error: ${file} is no spec: the name of one ends in .cell`, 1);
}

export function readJson(file: string): unknown {
  needFile(file);
  try {
    return JSON.parse(readFileSync(file, "utf8")) as unknown;
  } catch (error) {
    throw new Failure(
      `error: ${file} is not JSON: ${error instanceof Error ? error.message : error}`,
      1,
    );
  }
}

/** `H=64`, added to the dims before it. */
export function setDim(text: string, before: Record<string, number>): Record<string, number> {
  const found = /^([A-Za-z_]\w*)=(\d+)$/.exec(text);
  if (found === null)
    throw new Failure(`error: --set takes DIM=NUMBER, got ${text}; for example --set H=64`, 2);
  return { ...before, [found[1] ?? ""]: Number(found[2]) };
}

function direction(text: string): "forward" | "backward" {
  if (text === "forward" || text === "backward") return text;
  throw new Failure(`error: --direction is forward or backward, got ${text}`, 2);
}
