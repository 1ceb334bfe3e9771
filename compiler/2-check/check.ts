/** @file The compiler's front. In: an entry file, and a reader of files. Out: every declaration that it
 *  reaches, resolved and proven, and all mistakes. Never throws on what a user wrote. */
import type { FnDecl, ModelDecl, TrainDecl } from "../../grammar/ast.ts";
import type { Code } from "../../grammar/codes.ts";
import type { Diagnostic } from "../../grammar/diagnostic.ts";
import { merge } from "../1-resolve/flatten.ts";
import { duplicate, type Library, load, type Read } from "../1-resolve/load.ts";
import { collector, type Report } from "../1-resolve/report.ts";
import { type CheckedCell, checkCell } from "./check-cell.ts";
import { checkFn } from "./check-fn.ts";
import { type CheckedModel, checkModel } from "./check-model.ts";
import { checkTrain, type Trained } from "./check-train.ts";
import type { Checked, FlatCell } from "./checked.ts";
import type { Type } from "./types.ts";

/**
 * Parses `entryFile` and all it imports, and checks every declaration in them. `read` gives the text
 * of a path or null: the entry's own path, paths relative to it, and `std/norm.cell` of the library.
 * Diagnostics are in the order of files and places; lowering may follow only where none is an error.
 */
export function check(entryFile: string, read: Read): Checked {
  const { report, sorted } = collector();
  const library = load(entryFile, read, report);
  const declared = [...library.declarations.values()];
  const fns = new Map<string, FnDecl>();
  const cells = new Map<string, CheckedCell>();
  const models = new Map<string, CheckedModel>();
  for (const d of declared) {
    if (d.kind !== "fn") continue;
    checkFn(d, library, report);
    fns.set(d.name.text, d);
  }
  for (const d of declared) {
    if (d.kind !== "cell") continue;
    cells.set(d.name.text, checkCell(merge(d, library, report), library, report));
  }
  for (const d of declared) {
    if (d.kind === "model") models.set(d.name.text, checkModel(d, cells, library, report));
  }
  const trains = checkTrains(library, cells, models, report);
  const paths = library.modules.map((m) => m.path);
  return {
    cells: mapValues(cells, (c): FlatCell => c.flat),
    models: mapValues(models, (m): ModelDecl => m.model),
    fns,
    trains,
    files: library.modules.map(({ path, text }) => ({ path, text })),
    diagnostics: withoutEchoes(sorted(paths), library),
  };
}

/** The block nearest to the entry wins: an importer may train an imported model in its own way. */
function checkTrains(
  library: Library,
  cells: ReadonlyMap<string, CheckedCell>,
  models: ReadonlyMap<string, CheckedModel>,
  report: Report,
): ReadonlyMap<string, TrainDecl> {
  const trains = new Map<string, TrainDecl>();
  for (const { ast, path } of library.modules) {
    const here = new Map<string, TrainDecl>();
    for (const train of ast.items) {
      if (train.kind !== "train") continue;
      const name = train.name.text;
      const before = here.get(name);
      if (before !== undefined) report(duplicate(name, train.name.span, before.name.span));
      here.set(name, before ?? train);
      const visible = library.visible(path, name);
      const model = visible?.kind === "model" ? models.get(name) : undefined;
      const cell = visible?.kind === "cell" ? cells.get(name) : undefined;
      const trained = model ? trainedModel(model) : cell ? trainedCell(cell) : undefined;
      if (!library.isLost(path, name)) checkTrain(train, trained, library, report);
      if (!trains.has(name)) trains.set(name, train);
    }
  }
  return trains;
}

const trainedModel = ({ model, outputs, types }: CheckedModel): Trained => ({
  kind: "model",
  dims: new Set(model.dims.map((d) => d.name.text)),
  outputs: new Map(outputs.map((name) => [name, types.get(name) ?? null])),
});

/** A cell is trained as if run over a sequence. */
function trainedCell({ flat, types }: CheckedCell): Trained {
  const overTime = (type: Type | null): Type | null => type && { ...type, seq: "T" };
  return {
    kind: "cell",
    dims: new Set(flat.dims.map((d) => d.name.text)),
    outputs: new Map(flat.outputs.map((o) => [o.name, overTime(types.get(o.name) ?? null)])),
  };
}

/** What may follow from a declaration that the parser could not read. */
const ECHOES: ReadonlySet<Code> = new Set<Code>([
  ...(["E201", "E204", "E207", "E208", "E210", "E214", "E215", "E218", "E219", "E222"] as const),
  ...(["E233", "E235", "E237", "E238", "W201", "W202", "W203"] as const),
]);

/** Without what a file with syntax errors would not have said, had it been read whole. */
function withoutEchoes(
  diagnostics: readonly Diagnostic[],
  library: Library,
): readonly Diagnostic[] {
  const broken = new Set(library.modules.filter((m) => m.broken).map((m) => m.path));
  return diagnostics.filter((d) => !(ECHOES.has(d.code) && broken.has(d.span.file)));
}

const mapValues = <A, B>(map: ReadonlyMap<string, A>, f: (a: A) => B): ReadonlyMap<string, B> =>
  new Map([...map].map(([name, value]) => [name, f(value)]));
