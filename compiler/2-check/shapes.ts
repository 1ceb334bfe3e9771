/** @file Shapes as declared. In: dim expressions and the dims that are known. Out: symbolic shapes,
 *  or a report of what is no dim. Never a shape with an extent below 1. */
import type { DimExpr, DimParam, ShapeExpr } from "../../grammar/ast.ts";
import { error } from "../../grammar/diagnostic.ts";
import { duplicate } from "../1-resolve/load.ts";
import { didYouMean, type Report } from "../1-resolve/report.ts";
import { dimNames } from "../1-resolve/visit.ts";
import { constantOf, type Dim, type DimValues, dimOf, substitute, symbols } from "./dims.ts";
import type { Shape } from "./types.ts";

export interface Dims {
  readonly report: Report;
  /** For messages: "cell `LSTM`". */
  readonly where: string;
  readonly known: DimValues;
  /** Lengths of sequences, which only the sequence itself may have. */
  readonly lengths: ReadonlySet<string>;
  /** What to do about a dim that is not known, where it is not to declare it in `<…>`. */
  readonly help?: string;
}

/** Null where a dim was reported. */
export function shapeOf(s: ShapeExpr, dims: Dims): Shape | null {
  return allOf(s.dims.map((d) => readDim(d, dims)));
}

/** Null where it was reported. */
export function readDim(e: DimExpr, dims: Dims): Dim | null {
  const unknown = unknownName(e, dims);
  if (unknown) return null;
  const symbolic = dimOf(e, (at) => {
    report(at, "does not divide evenly, whatever the dims are", dims);
  });
  if (symbolic === null) return null;
  const dim = substitute(symbolic, dims.known);
  if (dim === null) {
    report(e, "divides by 0", dims);
    return null;
  }
  const value = constantOf(dim);
  if (value !== null && !(Number.isSafeInteger(value) && value >= 1)) {
    report(e, `is ${value}: an extent is a whole number of at least 1`, dims);
    return null;
  }
  return dim;
}

/** Defaults may name dims before them. */
export function checkDimParams(params: readonly DimParam[], dims: Omit<Dims, "known">): void {
  const known = new Map<string, DimParam>();
  for (const p of params) {
    const before = known.get(p.name.text);
    if (before !== undefined) dims.report(duplicate(p.name.text, p.name.span, before.name.span));
    if (p.default !== null) readDim(p.default, { ...dims, known: symbols(known.keys()) });
    known.set(p.name.text, p);
  }
}

export function allOf<T>(items: readonly (T | null)[]): readonly T[] | null {
  return items.every((x): x is T => x !== null) ? items : null;
}

function unknownName(e: DimExpr, dims: Dims): boolean {
  switch (e.kind) {
    case "dim-number":
      return false;
    case "dim-binary":
      return [e.left, e.right].map((d) => unknownName(d, dims)).includes(true);
    case "dim-name":
      if (dims.known.has(e.name)) return false;
      if (dims.lengths.has(e.name)) {
        report(e, `\`${e.name}\` is the length of a sequence, known only in a run`, dims);
        return true;
      }
      dims.report(
        error("E218", e.span, `no dim \`${e.name}\` in ${dims.where}`, {
          label: "is not declared",
          help:
            didYouMean(e.name, dims.known.keys()) ?? dims.help ?? `declare it: \`<…, ${e.name}>\``,
        }),
      );
      return true;
  }
}

function report(at: DimExpr, label: string, dims: Dims): void {
  dims.report(error("E234", at.span, `not a shape in ${dims.where}`, { label }));
}

/** Names of dims in a shape. */
export const namesIn = (s: ShapeExpr): readonly string[] => s.dims.flatMap(dimNames);
