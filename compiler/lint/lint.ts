/** @file What a spec does over time that its author will hardly mean. In: declarations without errors. Out:
 *  warnings, each where the author can act on it. Never an error, never a warning about style. */
import type { CellDecl } from "../../grammar/ast.ts";
import type { Diagnostic } from "../../grammar/diagnostic.ts";
import type { Span } from "../../grammar/span.ts";
import type { Checked, FlatCell } from "../2-check/checked.ts";
import { type Sizes, subjectOf } from "./subject.ts";
import { RULES } from "./table.ts";

/**
 * Of the cells in `meant`; `sizes` of dims, by name, where they are known. A cell is told only what its
 * ancestors are not.
 */
export function lint(
  checked: Checked,
  meant: Pick<ReadonlySet<unknown>, "has">,
  sizes: Sizes,
): readonly Diagnostic[] {
  const told = new Map<CellDecl, ReadonlySet<string>>();
  const cells = [...checked.cells.values()].filter((c) => meant.has(c.lineage[0]));
  return cells.sort(byDepth).flatMap((cell) => {
    const [decl, ...ancestors] = cell.lineage;
    const subject = subjectOf(cell, checked, sizes);
    const found = RULES.flatMap((rule) => rule.find(subject));
    told.set(decl!, new Set(found.map(keyOf)));
    const known = (d: Diagnostic) => ancestors.some((a) => told.get(a)?.has(keyOf(d)));
    return found.filter((d) => !known(d)).map((d) => atHome(d, decl!));
  });
}

const byDepth = (a: FlatCell, b: FlatCell): number => a.lineage.length - b.lineage.length;

const keyOf = ({ code, span }: Diagnostic): string => `${code} ${span.file} ${span.start}`;

/** What is inherited, and became a mistake by what the cell changed, is told at the cell's name. */
function atHome(d: Diagnostic, { name, span }: CellDecl): Diagnostic {
  if (isInside(d.span, span)) return d;
  const message = `${d.message}, in what \`${name.text}\` inherits`;
  return {
    ...d,
    message,
    span: name.span,
    related: [{ span: d.span, message: "inherited from here" }, ...d.related],
  };
}

const isInside = (inner: Span, outer: Span): boolean =>
  inner.file === outer.file && inner.start >= outer.start && inner.end <= outer.end;
