/** @file One cell out of a line of `extends`. In: cell declarations. Out: each name once, in the order
 *  of first declaration, replaced by the youngest; dims in the youngest's own names. Never checks
 *  what equations say. */
import type {
  CellDecl,
  CellMember,
  ConstDecl,
  DimExpr,
  DimParam,
  Equation,
  Name,
  ShapeExpr,
} from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import type { Span } from "../../grammar/span.ts";
import type { FlatInput, FlatParam, FlatState } from "../2-check/checked.ts";
import type { Library } from "./load.ts";
import { duplicate, notImported } from "./load.ts";

import { didYouMean, type Report } from "./report.ts";
import {
  type DimMap,
  replaceInArgs,
  replaceInDim,
  replaceInExpr,
  replaceInShape,
} from "./visit.ts";

/** What a declared name is. `own`: declared or replaced in the cell itself, not inherited. */
export type Declared =
  | ({ readonly kind: "input"; readonly own: boolean } & FlatInput)
  | {
      readonly kind: "memory";
      readonly own: boolean;
      readonly name: string;
      readonly shape: ShapeExpr;
      readonly span: Span;
    }
  | ({ readonly kind: "state"; readonly own: boolean } & Omit<FlatState, "lags">)
  | ({ readonly kind: "param"; readonly own: boolean } & FlatParam)
  | {
      readonly kind: "const";
      readonly own: boolean;
      readonly name: string;
      readonly decl: ConstDecl;
      readonly span: Span;
    }
  | {
      readonly kind: "let";
      readonly own: boolean;
      readonly name: string;
      readonly equation: Equation;
      readonly span: Span;
    };

export interface MergedCell {
  readonly decl: CellDecl;
  readonly dims: readonly DimParam[];
  /** Inputs, memories, states, params, consts, and lets (gates, and outputs that have an equation). */
  readonly declared: ReadonlyMap<string, Declared>;
  /** Equations of states, by what stands left of the `=`. */
  readonly updates: ReadonlyMap<string, { readonly equation: Equation; readonly own: boolean }>;
  readonly outputs: readonly { readonly name: string; readonly span: Span }[];
  readonly lineage: readonly CellDecl[];
  /** An ancestor is not known, so neither is what it declares. */
  readonly incomplete: boolean;
}

/** Never throws; a mistake in the line is reported and what can be known is returned. */
export function merge(decl: CellDecl, library: Library, report: Report): MergedCell {
  const cell: Draft = { declared: new Map(), updates: new Map(), outputs: new Map() };
  const { line, incomplete } = lineage(decl, library, report);
  for (const { cell: ancestor, map } of [...line].reverse()) {
    addMembers(cell, ancestor, map, ancestor === decl, report);
  }
  return {
    decl,
    dims: decl.dims,
    ...cell,
    outputs: [...cell.outputs].map(([name, span]) => ({ name, span })),
    lineage: line.map((l) => l.cell),
    incomplete,
  };
}

interface Draft {
  readonly declared: Map<string, Declared>;
  readonly updates: Map<string, { equation: Equation; own: boolean }>;
  readonly outputs: Map<string, Span>;
}

/** The cell and its ancestors, each with its dims in terms of the cell's own. */
function lineage(decl: CellDecl, library: Library, report: Report) {
  const line: { readonly cell: CellDecl; readonly map: DimMap }[] = [
    { cell: decl, map: new Map() },
  ];
  for (;;) {
    const { cell, map } = line.at(-1)!;
    if (cell.extends === null) return { line, incomplete: false };
    const { name, dims, span } = cell.extends;
    const parent = library.visible(cell.span.file, name.text);
    if (parent?.kind !== "cell") {
      if (!library.isLost(cell.span.file, name.text)) {
        report(unknownParent(name, parent?.kind ?? null, cell, library));
      }
      return { line, incomplete: true };
    }
    if (line.some((l) => l.cell === parent)) {
      const names = [...line.map((l) => l.cell.name.text), parent.name.text];
      report(
        error("E208", name.span, `cell \`${cell.name.text}\` extends itself`, {
          label: `closes the circle ${names.map((n) => `\`${n}\``).join(" → ")}`,
        }),
      );
      return { line, incomplete: true };
    }
    const given = dims.map((d) => replaceInDim(d, map));
    const wanted = parent.dims.length;
    if (dims.length > wanted || parent.dims.slice(dims.length).some((d) => d.default === null)) {
      report(wrongDimCount(parent, dims.length, { ...name.span, end: span.end }));
      return { line, incomplete: true };
    }
    line.push({ cell: parent, map: dimMap(parent.dims, given) });
  }
}

/** Dims by name; those not given take their defaults, in which earlier dims may stand. */
function dimMap(dims: readonly DimParam[], given: readonly DimExpr[]): DimMap {
  const map = new Map<string, DimExpr>();
  for (const [i, d] of dims.entries()) {
    const value = given[i] ?? (d.default === null ? undefined : replaceInDim(d.default, map));
    if (value !== undefined) map.set(d.name.text, value);
  }
  return map;
}

function addMembers(cell: Draft, from: CellDecl, map: DimMap, own: boolean, report: Report): void {
  /** Where this declaration names or replaces something, so that a second one is a duplicate. */
  const here = new Map<string, Span>();
  const declare = (d: Declared) => {
    const second = here.get(d.name);
    const before = cell.declared.get(d.name);
    if (second !== undefined) report(duplicate(d.name, d.span, second, twiceHelp(d, before)));
    else if (before !== undefined && !mayReplace(before, d)) report(badReplacement(before, d));
    else cell.declared.set(d.name, d);
    if (second === undefined) here.set(d.name, d.span);
  };
  const equate = (equation: Equation) => {
    const name = equation.name.text;
    if (equation.role !== "state") {
      declare({ kind: "let", own, name, equation, span: equation.name.span });
      return;
    }
    const before = cell.updates.get(name);
    const second = here.get(`${name}[t]`);
    if (second !== undefined) {
      report(
        error("E202", equation.name.span, `\`${name}\` has two equations`, {
          label: "a second equation",
          help: "a state has exactly one; join them, or give one a name of its own",
          related: [{ span: second, message: "the first is here" }],
        }),
      );
    } else cell.updates.set(name, { equation, own: own || (before?.own ?? false) });
    here.set(`${name}[t]`, equation.name.span);
  };
  for (const m of from.members) {
    for (const d of declarations(m, map, own)) declare(d);
    const equation = equationOf(m, map);
    if (equation !== null) equate(equation);
    if (m.kind === "output") for (const n of m.names) cell.outputs.set(n.text, n.span);
  }
}

function declarations(m: CellMember, map: DimMap, own: boolean): readonly Declared[] {
  switch (m.kind) {
    case "input": {
      const of = m.of === null ? null : replaceInDim(m.of, map);
      return each(m.names, { kind: "input", own, shape: replaceInShape(m.shape, map), of });
    }
    case "memory":
      return each(m.names, { kind: "memory", own, shape: replaceInShape(m.shape, map) });
    case "state": {
      const init =
        m.init === null
          ? null
          : m.init.kind === "value"
            ? { ...m.init, expr: replaceInExpr(m.init.expr, map) }
            : { ...m.init, initialiser: replaceInInitialiser(m.init.initialiser, map) };
      return each(m.names, { kind: "state", own, shape: replaceInShape(m.shape, map), init });
    }
    case "param": {
      const initialiser = replaceInInitialiser(m.initialiser, map);
      return each(m.names, {
        kind: "param",
        own,
        shape: replaceInShape(m.shape, map),
        initialiser,
      });
    }
    case "const": {
      const decl = { ...m, value: replaceInExpr(m.value, map) };
      return [{ kind: "const", own, name: m.name.text, decl, span: m.name.span }];
    }
    case "equation":
    case "output":
      return [];
  }
}

/** The equation that a member is or holds; `output y[t] = …` is a let and an output. */
function equationOf(m: CellMember, map: DimMap): Equation | null {
  if (m.kind === "equation") return { ...m, value: replaceInExpr(m.value, map) };
  if (m.kind !== "output" || m.value === null) return null;
  const [name] = m.names;
  if (name === undefined) return null;
  const { doc, timed, span } = m;
  const value = replaceInExpr(m.value, map);
  return { kind: "equation", doc, role: "let", name, timed, value, span };
}

const each = <T extends object>(names: readonly Name[], what: T) =>
  names.map((n) => ({ ...what, name: n.text, span: n.span }));

const replaceInInitialiser = (i: FlatParam["initialiser"], map: DimMap) => ({
  ...i,
  args: replaceInArgs(i.args, map),
});

/** Children replace equations, initial values and initialisers; kind and shape stay. */
function mayReplace(before: Declared, d: Declared): boolean {
  if (before.kind !== d.kind) return false;
  if (d.kind === "let" || d.kind === "const") return true;
  return "shape" in before && "shape" in d && sameShape(before.shape, d.shape);
}

const sameShape = (a: ShapeExpr, b: ShapeExpr): boolean =>
  a.dims.length === b.dims.length && a.dims.every((d, i) => sameDim(d, b.dims[i]!));

function sameDim(a: DimExpr, b: DimExpr): boolean {
  if (a.kind === "dim-number") return b.kind === "dim-number" && a.value === b.value;
  if (a.kind === "dim-name") return b.kind === "dim-name" && a.name === b.name;
  return (
    b.kind === "dim-binary" && a.op === b.op && sameDim(a.left, b.left) && sameDim(a.right, b.right)
  );
}

function badReplacement(before: Declared, d: Declared) {
  return error("E210", d.span, `\`${d.name}\` cannot replace what the cell inherits`, {
    label:
      before.kind === d.kind
        ? "has another shape than the inherited one"
        : `is \`${d.kind}\` here and \`${before.kind}\` in the cell that is extended`,
    help: "equations, initial values and initialisers may be replaced; give anything else a new name",
    related: [{ span: before.span, message: "inherited from here" }],
  });
}

const twiceHelp = (d: Declared, before: Declared | undefined): string | null =>
  d.kind === "let" && before?.kind === "state"
    ? `\`${d.name}\` is a state: write its equation without \`${d.equation.role}\``
    : null;

function unknownParent(name: Name, kind: string | null, cell: CellDecl, library: Library) {
  const here = (n: string) => library.visible(cell.span.file, n)?.kind === "cell";
  const cells = library.names(cell.span.file).filter((n) => here(n) && n !== cell.name.text);
  const elsewhere = kind === null ? notImported(name, ["cell"], library) : null;
  if (elsewhere !== null) return elsewhere;
  return error("E208", name.span, `no cell \`${name.text}\` to extend`, {
    label:
      kind === null ? "is not declared in this file, nor imported" : `is a ${kind}, not a cell`,
    help: didYouMean(name.text, cells) ?? "import it, or declare it in this file",
  });
}

function wrongDimCount(parent: CellDecl, got: number, span: Span) {
  const signature = `${parent.name.text}<${parent.dims.map((d) => d.name.text).join(", ")}>`;
  return error("E209", span, `\`${parent.name.text}\` got a wrong number of dims`, {
    label: `has ${got}, \`${signature}\` takes ${parent.dims.length}`,
    help: `write \`extends ${signature}\` with a dim of this cell for each`,
    related: [{ span: parent.name.span, message: "declared here" }],
  });
}
