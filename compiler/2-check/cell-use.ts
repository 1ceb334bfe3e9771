/** @file A cell as a layer's argument. In: `GRU<H>`, and the types that its names are given. Out: its
 *  dims: written, inferred, or their defaults. */
import type { CellDecl, Expr, Name } from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import { notImported } from "../1-resolve/load.ts";
import { didYouMean, list } from "../1-resolve/report.ts";
import { suggestion } from "./calls.ts";
import { writtenDims } from "./cell-dims.ts";
import type { FlatCell } from "./checked.ts";
import {
  type Dim,
  dimOf,
  hasLength,
  lengthOf,
  mayBeSize,
  namesOf,
  number,
  showDim,
  substitute,
} from "./dims.ts";
import { cellArgument } from "./layers.ts";
import type { CallExpr, Scope } from "./scope.ts";
import { allOf, readDim } from "./shapes.ts";
import { type Shape, showShape, showType, type Type } from "./types.ts";
import { type Bindings, unify } from "./unify.ts";

/** Checked cells, with the types of their names. */
export type CellTypes = ReadonlyMap<
  CellDecl,
  { readonly flat: FlatCell; readonly types: ReadonlyMap<string, Type | null> }
>;

/** A cell in a layer's arguments, its dims on the way to being known. */
export interface Use {
  readonly name: Name;
  readonly decl: CellDecl;
  readonly flat: FlatCell;
  readonly types: ReadonlyMap<string, Type | null>;
  readonly own: ReadonlySet<string>;
  readonly bindings: Bindings;
  readonly scope: Scope;
}

/** The cell that the first argument names, and its written dims. */
export function cellUse(layer: string, e: CallExpr, scope: Scope, cells: CellTypes): Use | null {
  const [first] = e.args;
  const written = first?.kind === "positional" ? cellArgument(first.value) : null;
  if (written === null) {
    const label = first === undefined ? "is given no cell" : "is no cell";
    const help = `write \`${layer}(Cell<H>)\``;
    const at = first?.span ?? e.span;
    scope.report(error("E220", at, `wrong arguments to \`${layer}\``, { label, help }));
    return null;
  }
  const { name, dims } = written;
  const decl = scope.library.visible(name.span.file, name.text);
  const found = decl?.kind === "cell" ? cells.get(decl) : undefined;
  if (decl?.kind !== "cell" || found === undefined) {
    reportUnknownCell(name, scope);
    return null;
  }
  const { flat, types } = found;
  const names = writtenDims(flat.dims, dims.length);
  const signature = `${flat.name}<${flat.dims.map((d) => d.name.text).join(", ")}>`;
  if (names === null) {
    scope.report(
      error("E209", name.span, `\`${flat.name}\` got a wrong number of dims`, {
        label: `has ${dims.length}, \`${signature}\` takes ${flat.dims.length}`,
        help: "write the last ones; the first follow from what is fed to it",
      }),
    );
    return null;
  }
  const { report, where } = scope;
  const readable = { report, where, known: scope.dims, lengths: new Set<string>() };
  const values = allOf(dims.map((d) => readDim(d, readable)));
  if (values === null) return null;
  const lengths = flat.memories.flatMap((m) =>
    namesOf(types.get(m.name)?.shape[0] ?? lengthOf("")),
  );
  const own = new Set([...flat.dims.map((d) => d.name.text), ...lengths]);
  const bindings = new Map(values.map((v, i) => [names[i]!, v]));
  return { name, decl, flat, types, own, bindings, scope };
}

/** Binds dims so that the cell's `name` is of the given type; reports where it cannot be. */
export function bind(use: Use, name: string, given: Type, at: Expr): boolean {
  const { scope, bindings, own } = use;
  const wanted = use.types.get(name);
  if (wanted === undefined || wanted === null) return false;
  if ((wanted.of === null) !== (given.of === null)) {
    scope.report(
      error("E229", at.span, `\`${use.name.text}\` cannot take what is fed to it`, {
        label: `is ${showType(given)}, but \`${name}\` is ${showType(wanted)}`,
        help: wanted.of === null ? "give each token a vector first: `| embedding(E)`" : null,
      }),
    );
    return false;
  }
  const tokens = wanted.of === null || given.of === null ? [] : [[wanted.of, given.of] as const];
  const pattern = [...wanted.shape, ...tokens.map(([of]) => of)];
  const actual = [...given.shape, ...tokens.map(([, of]) => of)];
  const wrong = unify(pattern, actual, own, bindings);
  if (wrong === null) return true;
  const fits = (s: Shape) => unify(wanted.shape, s, own, new Map(bindings)) === null;
  scope.report(
    error("E203", at.span, `shape mismatch in ${scope.where}`, {
      label: `is ${showShape(given.shape)}${given.seq === null ? "" : " at each step"}, but \`${name}\` of \`${use.name.text}\` is ${wrong.wanted} here`,
      help: suggestion(at, fits, scope),
    }),
  );
  return false;
}

/** Gives dims that nothing said their defaults; reports those that have none. */
export function bindDefaults(use: Use, e: CallExpr): boolean {
  const { flat, bindings, scope } = use;
  for (const d of flat.dims) {
    const fallback = d.default === null ? null : dimOf(d.default, () => {});
    const value = fallback === null ? null : substitute(fallback, bindings);
    if (!bindings.has(d.name.text) && value !== null) bindings.set(d.name.text, value);
  }
  const unbound = flat.dims.filter((d) => !bindings.has(d.name.text)).map((d) => d.name.text);
  const isSize = (d: Dim) => mayBeSize(d) && !hasLength(d);
  const odd = flat.dims.find((d) => !isSize(bindings.get(d.name.text) ?? number(1)));
  if (odd !== undefined) {
    const dim = bindings.get(odd.name.text)!;
    const size = hasLength(dim) ? `${showDim(dim)}, a length` : showDim(dim);
    scope.report(
      error("E234", e.args[0]?.span ?? e.span, `\`${flat.name}\` cannot have these sizes`, {
        label: `\`${odd.name.text}\` would be ${size}: a size is a whole number of at least 1, known before a run`,
      }),
    );
    return false;
  }
  if (unbound.length === 0) return true;
  scope.report(
    error("E230", e.args[0]?.span ?? e.span, `dims of \`${flat.name}\` cannot be inferred`, {
      label: `nothing says what ${list(unbound.map((n) => `\`${n}\``))} would be`,
      help: `write them: \`${flat.name}<${flat.dims.map((d) => d.name.text).join(", ")}>\``,
    }),
  );
  return false;
}

function reportUnknownCell(name: Name, scope: Scope): void {
  const { library, report } = scope;
  const { file } = name.span;
  if (library.isLost(file, name.text)) return;
  const decl = library.visible(file, name.text);
  const elsewhere = decl === undefined ? notImported(name, ["cell"], library) : null;
  const cells = library.names(file).filter((n) => library.visible(file, n)?.kind === "cell");
  const what =
    decl === undefined ? "is not declared or imported in this file" : `is a ${decl.kind}`;
  const unknown = error("E201", name.span, `no cell \`${name.text}\``, {
    label: what,
    help: didYouMean(name.text, cells),
  });
  report(elsewhere ?? unknown);
}
