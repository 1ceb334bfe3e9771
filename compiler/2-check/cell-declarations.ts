/** @file The declarations of a cell. In: a merged cell. Out: the type of every input, memory, state,
 *  param and const, with initial values and initialisers checked. Never looks at equations. */
import type { Expr, ShapeExpr, StateInit } from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import type { Declared, MergedCell } from "../1-resolve/flatten.ts";
import { duplicate, type Library } from "../1-resolve/load.ts";
import type { Report } from "../1-resolve/report.ts";
import { type CellNames, cellScope } from "./cell-scope.ts";
import { constBounds } from "./consts.ts";
import { type DimValues, lengthOf, symbols } from "./dims.ts";
import { typeOf } from "./expr.ts";
import { checkInitialiser } from "./initialisers.ts";
import { checkDimParams, type Dims, readDim, shapeOf } from "./shapes.ts";
import { real, SCALAR, type Shape, sameShape, showShape, type Type } from "./types.ts";

/** The names of a cell, all but its equations' typed. */
export function declareNames(
  merged: MergedCell,
  library: Library,
  report: Report,
  sizes?: DimValues,
): CellNames {
  const where = `cell \`${merged.decl.name.text}\``;
  const known = sizes ?? symbols(merged.dims.map((d) => d.name.text));
  const lengths = new Set<string>();
  const dims: Dims = { report, where, known, lengths };
  checkDimParams(merged.dims, dims);
  for (const d of merged.declared.values()) {
    if (d.kind === "memory") readLength(d.shape, dims, lengths);
    const clash = merged.dims.find((p) => p.name.text === d.name);
    if (clash !== undefined) report(duplicate(d.name, d.span, clash.name.span));
  }
  const types = new Map<string, Type | null>();
  for (const d of merged.declared.values()) {
    const type = declaredType(d, dims);
    if (type !== undefined) types.set(d.name, type);
  }
  const decls = [...merged.declared.values()].flatMap((d) =>
    d.kind === "const" ? [[d.name, d.decl] as const] : [],
  );
  const other = (name: string) => merged.declared.has(name) || merged.incomplete;
  const consts = constBounds({ consts: new Map(decls), dims: known, other, report });
  return { merged, library, report, where, dims: known, lengths, types, consts };
}

/** Initial values, initialisers and consts; names must be typed, untimed equations too. */
export function checkDeclarations(cell: CellNames): void {
  for (const d of cell.merged.declared.values()) {
    const scope = cellScope(cell, `${d.kind} \`${d.name}\``, false);
    const shape = cell.types.get(d.name)?.shape ?? null;
    if (d.kind === "const") cell.consts(d.name);
    if (d.kind === "param") checkInitialiser(d.initialiser, shape, scope);
    if (d.kind === "state" && d.init !== null) {
      if (d.init.kind === "learn") checkInitialiser(d.init.initialiser, shape, scope);
      else checkInitial(cell, d.name, d.init, shape);
    }
  }
}

/** `state h: [H] = zeros` is a number in words: 0 or 1; null for any other initial value. */
export function fillOf(e: Expr): number | null {
  if (e.kind !== "ref" || e.lag !== null) return null;
  return e.name === "zeros" ? 0 : e.name === "ones" ? 1 : null;
}

function checkInitial(
  cell: CellNames,
  name: string,
  init: Extract<StateInit, { kind: "value" }>,
  shape: Shape | null,
): void {
  if (fillOf(init.expr) !== null && !cell.merged.declared.has(nameOf(init.expr))) return;
  const type = typeOf(init.expr, cellScope(cell, `the initial value of \`${name}\``, false));
  if (type === null || shape === null) return;
  const fills = sameShape(type.shape, shape.slice(shape.length - type.shape.length));
  if (fills && type.shape.length <= shape.length) return;
  cell.report(
    error("E203", init.expr.span, `shape mismatch in the initial value of \`${name}\``, {
      label: `is ${showShape(type.shape)}, but \`${name}\` is ${showShape(shape)}`,
      help: "give a number, or a value of the state's shape",
    }),
  );
}

const nameOf = (e: Expr): string => (e.kind === "ref" ? e.name : "");

/** Undefined for equations, whose type follows from what they say. */
function declaredType(d: Declared, dims: Dims): Type | null | undefined {
  switch (d.kind) {
    case "input": {
      const shape = shapeOf(d.shape, dims);
      const of = d.of === null ? null : readDim(d.of, dims);
      return shape === null || (d.of !== null && of === null) ? null : { ...real(shape), of };
    }
    case "memory": {
      const [length] = d.shape.dims;
      const rest = shapeOf({ ...d.shape, dims: d.shape.dims.slice(1) }, dims);
      if (rest === null || length?.kind !== "dim-name" || dims.known.has(length.name)) return null;
      return real([lengthOf(length.name), ...rest]);
    }
    case "state":
    case "param": {
      const shape = shapeOf(d.shape, dims);
      return shape === null ? null : real(shape);
    }
    case "const":
      return SCALAR;
    case "let":
      return undefined;
  }
}

/** Notes a memory's length, a name of its own. */
function readLength(shape: ShapeExpr, dims: Dims, lengths: Set<string>): void {
  const [first] = shape.dims;
  if (first?.kind === "dim-name" && !dims.known.has(first.name)) {
    lengths.add(first.name);
    return;
  }
  dims.report(
    error("E234", first?.span ?? shape.span, `not the shape of a memory in ${dims.where}`, {
      label:
        first?.kind === "dim-name"
          ? `\`${first.name}\` is a dim of the cell, and a memory has a length of its own`
          : "a memory has steps: its first extent is the name of its length",
      help: "write `memory m: [S, M]` with an `S` that is no dim",
    }),
  );
}
