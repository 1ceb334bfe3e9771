/** @file Pages of a whole folder of specs. In: `.cell` files. Out: a page for each cell, model and file of
 *  functions, linked with its relatives, and an index. Never two pages of one name. */
import { mkdirSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { sync as writeAtomic } from "write-file-atomic";
import type { Checked } from "../../compiler/2-check/checked.ts";
import type { FnDecl } from "../../grammar/ast.ts";
import { Failure } from "../fail.ts";
import type { Markup } from "../page/html.ts";
import { sourcePath } from "../source.ts";
import { type FunctionFacts, functionFacts } from "./cell-facts.ts";
import { type Compared, comparison } from "./compare.ts";
import { checkedFile, entryOf } from "./entry.ts";
import { type DocFacts, factsOf } from "./facts.ts";
import { indexPage } from "./index-page.ts";
import { docPage, functionsPage, type Surroundings } from "./page.ts";
import { openPictures } from "./pictures.ts";
import { relativesOf } from "./relatives.ts";
import { scalarsOf, shapesOf } from "./shapes.ts";

/** One page of the gallery, in the order of the files. */
export type Exhibit = EntryExhibit | FunctionsExhibit;

interface Place {
  readonly name: string;
  /** Of the spec, from the folder. */
  readonly file: string;
  /** Of the page, from the gallery's folder. */
  readonly page: string;
}

export interface EntryExhibit extends Place {
  readonly kind: "entry";
  readonly facts: DocFacts;
  readonly compared: Compared | null;
  readonly checked: Checked;
}

export interface FunctionsExhibit extends Place {
  readonly kind: "functions";
  readonly functions: readonly FunctionFacts[];
}

export interface GalleryRequest {
  readonly folder: string;
  readonly out: string;
  readonly set: Readonly<Record<string, number>>;
  readonly json: boolean;
  /** Called before each spec is read, then before each page. */
  readonly progress: (stage: "specs" | "pages", done: number, all: number, name: string) => void;
}

/** Writes the gallery; gives its pages, the index last. */
export async function writeGallery(request: GalleryRequest): Promise<readonly Place[]> {
  const { folder, progress } = request;
  const files = specsIn(folder);
  if (files.length === 0)
    throw new Failure(`error: ${folder} holds no spec: no file that ends in .cell`, 1);
  const exhibits = files.flatMap((file, i) => {
    progress("specs", i, files.length, relative(folder, file));
    return exhibitsOf(file, request);
  });
  needDims(request, exhibits);
  const pictures = await openPictures();
  const thumbnails = new Map<Exhibit, Markup>();
  for (const [i, exhibit] of exhibits.entries()) {
    progress("pages", i, exhibits.length, exhibit.name);
    const around = surroundings(exhibit, exhibits);
    const text = await (async () => {
      if (exhibit.kind === "functions")
        return functionsPage(exhibit.file, exhibit.functions, around);
      const { page, thumbnail } = await pictures.draw(exhibit.facts);
      thumbnails.set(exhibit, thumbnail);
      return docPage(exhibit.facts, page, around);
    })();
    save(join(request.out, exhibit.page), text);
  }
  progress("pages", exhibits.length, exhibits.length, "index");
  save(join(request.out, "index.html"), indexPage(basename(resolve(folder)), exhibits, thumbnails));
  return [...exhibits, { name: "index", file: folder, page: "index.html" }].map(
    ({ name, file, page }) => ({ name, file, page }),
  );
}

function save(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeAtomic(path, text);
}

/** Every `.cell` file below, in one order. */
function specsIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".cell"))
    .sort()
    .map((name) => join(folder, name));
}

function exhibitsOf(file: string, { folder, set, json }: GalleryRequest): readonly Exhibit[] {
  const checked = checkedFile(file, json);
  const path = sourcePath(file);
  const short = relative(folder, file).split(sep).join("/");
  const stem = short.replace(/\.cell$/, "");
  const names = [
    ...[...checked.cells].filter(([, c]) => c.lineage[0]!.span.file === path),
    ...[...checked.models].filter(([, m]) => m.span.file === path),
  ].map(([name]) => name);
  const entries = names.map((name): EntryExhibit => {
    const { entry, examples } = entryOf(checked, file, name, only(set, checked, name), json);
    const facts = factsOf(checked, entry, examples);
    const cell = checked.cells.get(name);
    const compared =
      cell === undefined
        ? null
        : {
            name,
            cell,
            scalars: scalarsOf(cell, shapesOf(checked, cell), Object.keys(entry.dims)),
          };
    return {
      kind: "entry",
      name,
      file: short,
      page: `${stem}.${name}.html`,
      facts,
      compared,
      checked,
    };
  });
  const fns = [...checked.fns.values()].filter((f: FnDecl) => f.span.file === path);
  if (fns.length === 0) return entries;
  const functions = fns.map(functionFacts);
  return [
    ...entries,
    { kind: "functions", name: stem, file: short, page: `${stem}.html`, functions },
  ];
}

/** Sizes that the entry has a dim for: a gallery's are for whoever has them. */
function only(set: GalleryRequest["set"], checked: Checked, name: string): GalleryRequest["set"] {
  const { dims } = (checked.cells.get(name) ?? checked.models.get(name))!;
  const names = new Set(dims.map((d) => d.name.text));
  return Object.fromEntries(Object.entries(set).filter(([d]) => names.has(d)));
}

/** A size for a dim that nothing has is a slip, not a wish. */
function needDims({ folder, set }: GalleryRequest, exhibits: readonly Exhibit[]): void {
  const dims = exhibits.flatMap((e) => (e.kind === "entry" ? e.facts.dims.map((d) => d.name) : []));
  const unknown = Object.keys(set).filter((name) => !dims.includes(name));
  if (unknown.length > 0)
    throw new Failure(`error: --set ${unknown[0]}: no spec in ${folder} has that dim`, 1);
}

function surroundings(me: Exhibit, all: readonly Exhibit[]): Surroundings {
  const to = (page: string): string => relative(dirname(me.page), page).split(sep).join("/");
  const entries = all.filter((e) => e.kind === "entry");
  const linkTo = (name: string): string | null => {
    if (me.kind !== "entry") return null;
    const decl = me.checked.cells.get(name)?.lineage[0] ?? me.checked.models.get(name);
    const there = entries.find(
      (e) => e.name === decl?.name.text && declaredAt(e) === `${decl.span.file}:${decl.span.line}`,
    );
    return there === undefined ? null : to(there.page);
  };
  return { linkTo, index: to("index.html"), relatives: relatives(me, entries, to) };
}

const declaredAt = ({ facts }: EntryExhibit): string => `${facts.file}:${facts.line}`;

function relatives(
  me: Exhibit,
  all: readonly EntryExhibit[],
  to: (page: string) => string,
): readonly Markup[] | null {
  if (me.kind !== "entry" || me.compared === null) return null;
  const cells = all.flatMap(({ compared, page }) =>
    compared === null ? [] : [{ ...compared, page }],
  );
  const self = cells.find((c) => c.page === me.page)!;
  const found = relativesOf(self, cells).map(({ relation, of, likeness }) =>
    comparison(self, of, relation, likeness, to(of.page)),
  );
  return found.length === 0 ? null : found;
}
