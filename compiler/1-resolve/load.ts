/** @file The files of a program. In: an entry file and a reader. Out: every file it reaches through
 *  imports, parsed, and what each name means in each file. Never reads a file twice. */
import type {
  CellDecl,
  FnDecl,
  Import,
  Item,
  ModelDecl,
  Name,
  SourceFile,
} from "../../grammar/ast.ts";
import { type Diagnostic, error, warning } from "../../grammar/diagnostic.ts";
import { parse } from "../../grammar/parse.ts";
import type { Span } from "../../grammar/span.ts";

import { didYouMean, type Report } from "./report.ts";
import { expressions, expressionsOf } from "./visit.ts";

/** Text of the file at a path, or null where there is none. */
export type Read = (path: string) => string | null;

export interface Module {
  readonly path: string;
  readonly text: string;
  readonly ast: SourceFile;
  /** It has syntax errors: something that it declares may be missing from the tree. */
  readonly broken: boolean;
}

export type Declaration = FnDecl | CellDecl | ModelDecl;

export interface Library {
  /** The entry first, then in the order of their imports. */
  readonly modules: readonly Module[];
  /** Every fn, cell and model by the name it goes by over all files; the entry's by their own. */
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** The name that a declaration goes by. */
  readonly nameOf: (d: Declaration) => string;
  /** What `name` means in `file`: declared there or imported; undefined where neither. */
  readonly visible: (file: string, name: string) => Declaration | undefined;
  /** Is it imported, but not to be found? That was reported, and its uses are no further mistake. */
  readonly isLost: (file: string, name: string) => boolean;
  /** All names that mean something in `file`. */
  readonly names: (file: string) => readonly string[];
  /** The declarations of the entry file, and all that they use. */
  readonly meant: () => ReadonlySet<Declaration>;
  /** What an import writes to reach the file of a declaration. */
  readonly importPath: (d: Declaration, from: string) => string;
}

/** The closure of `entry` under imports. Paths: see `importedPath`. Never throws on what a user wrote. */
export function load(entry: string, read: Read, report: Report): Library {
  const modules = new Map<string, Module>();
  const open: string[] = [];

  const visit = (path: string, from: Import | null): void => {
    if (open.includes(path)) {
      const cycle = [...open.slice(open.indexOf(path)), path];
      report(
        error("E206", from?.fromSpan ?? top(path), "files import each other in a circle", {
          label: `closes the circle ${cycle.map((p) => `\`${p}\``).join(" → ")}`,
          help: "move what both need to a third file",
        }),
      );
      return;
    }
    if (modules.has(path)) return;
    const text = read(path);
    if (text === null) {
      report(missing(path, from));
      return;
    }
    const { ast, diagnostics } = parse(text, path);
    diagnostics.forEach(report);
    const broken = diagnostics.some((d) => d.severity === "error");
    modules.set(path, { path, text, ast, broken });
    open.push(path);
    for (const i of ast.imports) visit(importedPath(i.from, path), i);
    open.pop();
  };
  visit(entry, null);

  const declarations = declare([...modules.values()], report);
  const scopes = new Map(
    [...modules].map(([path, module]) => [path, scopeOf(module, modules, report)]),
  );
  const names = new Map([...declarations].map(([name, d]) => [d, name]));
  const visible = (file: string, name: string) => scopes.get(file)?.get(name);
  return {
    modules: [...modules.values()],
    declarations,
    nameOf: (d) => names.get(d) ?? d.name.text,
    visible,
    meant: () => meantBy(modules.get(entry)?.ast.items ?? [], visible),
    isLost: (file, name) =>
      !scopes.get(file)?.has(name) &&
      (modules.get(file)?.ast.imports ?? []).some((i) => i.names.some((n) => n.text === name)),
    names: (file) => [...(scopes.get(file)?.keys() ?? [])],
    importPath: (d, from) => importName(d.span.file, from, [...modules.values()]),
  };
}

/**
 * `"./x"` and `"../x"` are relative to the importing file, anything else to the library's root;
 * paths have no extension: `"std/norm"` is `std/norm.cell`.
 */
export function importedPath(from: string, importer: string): string {
  if (!/^\.\.?\//.test(from)) return `${from}.cell`;
  const parts = importer.split(/[\\/]/).slice(0, -1);
  for (const step of from.split("/")) {
    if (step === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (step !== ".") parts.push(step);
  }
  return `${parts.join("/")}.cell`;
}

/** What reaches `path` from `importer`: as it is imported there or elsewhere, else relative. */
function importName(path: string, importer: string, modules: readonly Module[]): string {
  const imports = modules.flatMap((m) =>
    m.ast.imports
      .filter((i) => importedPath(i.from, m.path) === path)
      .map((i) => ({ from: i.from, here: m.path === importer })),
  );
  const known = imports.find((i) => i.here) ?? imports.find((i) => !i.from.startsWith("."));
  if (known !== undefined) return known.from;
  const bare = path.replace(/\.cell$/, "");
  const folder = importer.replace(/[^\\/]*$/, "");
  return bare.startsWith(folder) ? `./${bare.slice(folder.length)}` : bare;
}

/** Names over all files. Where two files declare one name, the later goes by `name@2`. */
function declare(modules: readonly Module[], report: Report): ReadonlyMap<string, Declaration> {
  const all = new Map<string, Declaration>();
  for (const { ast } of modules) {
    const here = new Map<string, Declaration>();
    for (const item of ast.items) {
      if (item.kind === "train") continue;
      const { text, span } = item.name;
      const before = here.get(text);
      if (before !== undefined) report(duplicate(text, span, before.name.span));
      here.set(text, before ?? item);
    }
    for (const [name, item] of here) {
      let unique = name;
      for (let n = 2; all.has(unique); n++) unique = `${name}@${n}`;
      all.set(unique, item);
    }
  }
  return all;
}

function scopeOf(
  module: Module,
  modules: ReadonlyMap<string, Module>,
  report: Report,
): ReadonlyMap<string, Declaration> {
  const scope = new Map<string, Declaration>();
  for (const item of module.ast.items) {
    if (item.kind !== "train" && !scope.has(item.name.text)) scope.set(item.name.text, item);
  }
  const used = mentioned(module.ast.items);
  const imported = new Map<string, Span>();
  for (const i of module.ast.imports) {
    const target = modules.get(importedPath(i.from, module.path));
    for (const { text, span } of i.names) {
      const declared = target?.ast.items.filter((d) => d.kind !== "train") ?? [];
      const found = declared.find((d) => d.name.text === text);
      const before = imported.get(text);
      const own = scope.get(text) === found ? undefined : scope.get(text)?.name.span;
      if (before !== undefined) report(duplicate(text, span, before));
      else if (own !== undefined) report(duplicate(text, own, span));
      else if (!used.has(text) && found !== undefined) {
        const label = "nothing in this file uses it";
        report(warning("W201", span, `unused import \`${text}\``, { label, help: "remove it" }));
      }
      imported.set(text, span);
      if (found !== undefined && !scope.has(text)) scope.set(text, found);
      if (found === undefined && target !== undefined && !target.broken) {
        const names = declared.map((d) => d.name.text);
        report(
          error("E207", span, `\`${i.from}\` does not declare \`${text}\``, {
            label: names.length > 0 ? `it declares ${names.join(", ")}` : "it declares nothing",
            help: didYouMean(text, names),
          }),
        );
      }
    }
  }
  return scope;
}

/** Every name that declarations mention, whatever it means. */
function mentioned(items: readonly Item[]): ReadonlySet<string> {
  const names = new Set<string>();
  const note = (item: Item) => {
    if (item.kind === "train") names.add(item.name.text);
    if (item.kind === "cell" && item.extends !== null) names.add(item.extends.name.text);
    for (const e of expressionsOf(item).flatMap(expressions)) {
      if (e.kind === "ref") names.add(e.name);
      if (e.kind === "call" || e.kind === "apply-dims") names.add(e.callee.text);
    }
  };
  items.forEach(note);
  return names;
}

function meantBy(items: readonly Item[], visible: Library["visible"]): ReadonlySet<Declaration> {
  const found = new Set<Declaration>();
  const add = (item: Item): void => {
    if (item.kind !== "train") {
      if (found.has(item)) return;
      found.add(item);
    }
    for (const name of mentioned([item])) {
      const used = visible(item.span.file, name);
      if (used !== undefined) add(used);
    }
  };
  items.forEach(add);
  return found;
}

export const duplicate = (name: string, span: Span, before: Span, help: string | null = null) =>
  error("E202", span, `\`${name}\` is declared twice`, {
    label: "declared again here",
    help: help ?? "give one of them another name",
    related: [{ span: before, message: "first declared here" }],
  });

/** E204 where another file of the program declares such a fn, cell or model; null where none does. */
export function notImported(
  name: Name,
  kinds: readonly Declaration["kind"][],
  library: Library,
): Diagnostic | null {
  const { text, span } = name;
  const elsewhere = library.declarations.get(text);
  if (elsewhere === undefined || !kinds.includes(elsewhere.kind)) return null;
  return error("E204", span, `\`${text}\` is not imported`, {
    label: "declared in another file",
    help: `add \`import { ${text} } from "${library.importPath(elsewhere, span.file)}"\``,
  });
}

function missing(path: string, from: Import | null) {
  if (from === null) {
    const words = { label: "cannot be read", help: null };
    return error("E205", top(path), `no file \`${path}\``, words);
  }
  return error("E205", from.fromSpan, `no file \`${path}\` to import from`, {
    label: "leads to no file",
    help: from.from.endsWith(".cell")
      ? `leave out the extension: "${from.from.slice(0, -".cell".length)}"`
      : 'a path that starts with "./" is relative to this file, any other to the library',
  });
}

const top = (file: string): Span => ({ file, start: 0, end: 0, line: 1, column: 1 });
