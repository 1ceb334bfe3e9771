/** @file The compiler's front. In: an entry file, and a reader of files. Out: every declaration that it
 *  reaches, resolved and proven, and all mistakes. Never throws on what a user wrote. */
import type { CellDecl, ModelDecl, TrainDecl } from "../../grammar/ast.ts";
import type { Code } from "../../grammar/codes.ts";
import { type Diagnostic, hasErrors } from "../../grammar/diagnostic.ts";
import { merge } from "../1-resolve/flatten.ts";
import { duplicate, type Library, load, type Read } from "../1-resolve/load.ts";
import { collector, type Report } from "../1-resolve/report.ts";
import { type CheckedCell, checkCell } from "./check-cell.ts";
import { checkFn } from "./check-fn.ts";
import { type CheckedModel, checkModel } from "./check-model.ts";
import { checkTrain, type Trained } from "./check-train.ts";
import { type DimValues, number, symbols } from "./dims.ts";
import type { Checked } from "./checked.ts";
import { accept } from "../lint/allow.ts";
import { lint } from "../lint/lint.ts";
import { qualifyCell, qualifyFn, qualifyModel } from "./qualify.ts";
import type { Type } from "./types.ts";

/** What was parsed and proven of a `Checked`: `checkSizes` starts from it. */
interface Proof {
  readonly library: Library;
  readonly cells: ReadonlyMap<CellDecl, CheckedCell>;
}

const proofs = new WeakMap<Checked, Proof>();

/**
 * Parses `entryFile` and all it imports, and checks every declaration in them. `read` gives the text
 * of a path or null: the entry's own path, paths relative to it, and `std/norm.cell` of the library.
 * Diagnostics are in the order of files and places; lowering may follow only where none is an error.
 * Without errors they include what `lint` finds in the file and in what it uses, at `sizes` of dims
 * where those are given; warnings that the author accepts are left out.
 */
export function check(
  entryFile: string,
  read: Read,
  sizes: Readonly<Record<string, number>> = {},
): Checked {
  const { report, sorted } = collector();
  const library = load(entryFile, read, report);
  const { fns, cells, models } = checkLibrary(library, report);
  const trains = checkTrains(library, cells, models, report);
  const paths = library.modules.map((m) => m.path);
  const found = withoutEchoes(sorted(paths), library);
  const checked: Checked = {
    cells: byName(
      [...cells.values()].map((c) => qualifyCell(c.flat, library)),
      (c) => c.name,
    ),
    models: byName(
      [...models].map(([d, m]) => qualifyModel(m.model, library.nameOf(d), library)),
      (m) => m.name.text,
    ),
    fns: byName(
      fns.map((f) => qualifyFn(f, library)),
      (f) => f.name.text,
    ),
    trains,
    files: library.modules.map(({ path, text }) => ({ path, text })),
    diagnostics: found,
  };
  const all = collector();
  const warnings = hasErrors(found) ? [] : lint(checked, library.meant(), sizes);
  accept([...found, ...warnings], checked.files).forEach(all.report);
  const result = { ...checked, diagnostics: all.sorted(paths) };
  proofs.set(result, { library, cells });
  return result;
}

/**
 * What is wrong with a cell or model at these sizes, one for every dim, though right in general:
 * quotients that are not whole, parts that are not there, probabilities made of dims. Follows cells
 * and fns that it uses. `checked` has no errors; an unknown entry has none either.
 */
export function checkSizes(
  checked: Checked,
  entry: string,
  sizes: Readonly<Record<string, number>>,
): readonly Diagnostic[] {
  const { report, sorted } = collector();
  const { library, cells } = proofs.get(checked) ?? proofOf(checked);
  const decl = library.declarations.get(entry);
  const dims = new Map(Object.entries(sizes).map(([name, size]) => [name, number(size)]));
  const instance = (cell: CellDecl, at: DimValues) => {
    checkCell(
      merge(cell, library, () => {}),
      library,
      report,
      at,
    );
  };
  if (decl?.kind === "cell") instance(decl, dims);
  if (decl?.kind === "model") checkModel(decl, cells, library, report, { sizes: dims, instance });
  const found = sorted(library.modules.map((m) => m.path));
  return found.filter((d) => d.severity === "error");
}

/** Of a copy, which `check` did not give. */
function proofOf({ files }: Checked): Proof {
  const texts = new Map(files.map((f) => [f.path, f.text]));
  const quiet = () => {};
  const library = load(files[0]?.path ?? "", (path) => texts.get(path) ?? null, quiet);
  return { library, cells: checkLibrary(library, quiet).cells };
}

function checkLibrary(library: Library, report: Report) {
  const declared = [...library.declarations.values()];
  const fns = declared.filter((d) => d.kind === "fn");
  const cells = new Map<CellDecl, CheckedCell>();
  const models = new Map<ModelDecl, CheckedModel>();
  for (const d of fns) checkFn(d, library, report);
  for (const d of declared) {
    if (d.kind === "cell") cells.set(d, checkCell(merge(d, library, report), library, report));
  }
  for (const d of declared) {
    if (d.kind === "model") models.set(d, checkModel(d, cells, library, report));
  }
  return { fns, cells, models };
}

/** The block nearest to the entry wins: an importer may train an imported model in its own way. */
function checkTrains(
  library: Library,
  cells: ReadonlyMap<CellDecl, CheckedCell>,
  models: ReadonlyMap<ModelDecl, CheckedModel>,
  report: Report,
): ReadonlyMap<string, TrainDecl> {
  const trains = new Map<string, TrainDecl>();
  for (const { ast, path } of library.modules) {
    const here = new Map<string, TrainDecl>();
    for (const train of ast.items) {
      if (train.kind !== "train") continue;
      const name = train.name.text;
      const before = here.get(name);
      if (before !== undefined)
        report(duplicate(name, train.name.span, before.name.span, "keep one block"));
      here.set(name, before ?? train);
      const visible = library.visible(path, name);
      const model = visible?.kind === "model" ? models.get(visible) : undefined;
      const cell = visible?.kind === "cell" ? cells.get(visible) : undefined;
      const trained = model ? trainedModel(model) : cell ? trainedCell(cell) : undefined;
      if (!library.isLost(path, name)) checkTrain(train, trained, library, report);
      const unique = visible === undefined ? name : library.nameOf(visible);
      if (!trains.has(unique)) trains.set(unique, train);
    }
  }
  return trains;
}

const trainedModel = ({ model, outputs, types }: CheckedModel): Trained => ({
  kind: "model",
  dims: symbols(model.dims.map((d) => d.name.text)),
  outputs: new Map(outputs.map((name) => [name, types.get(name) ?? null])),
});

/** A cell is trained as if run over a sequence. */
function trainedCell({ flat, types }: CheckedCell): Trained {
  const overTime = (type: Type | null): Type | null => type && { ...type, seq: "T" };
  return {
    kind: "cell",
    dims: symbols(flat.dims.map((d) => d.name.text)),
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

const byName = <T>(items: readonly T[], name: (item: T) => string): ReadonlyMap<string, T> =>
  new Map(items.map((item) => [name(item), item]));
