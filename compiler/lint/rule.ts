/** @file What a rule is. In: nothing. Out: its type, and words that rules share. */
import type { Code } from "../../grammar/codes.ts";
import type { Diagnostic } from "../../grammar/diagnostic.ts";
import type { Equation } from "../../grammar/ast.ts";
import type { Span } from "../../grammar/span.ts";
import { dimNames } from "../1-resolve/visit.ts";
import type { Subject } from "./subject.ts";
import type { Term } from "./term.ts";

/**
 * A code, and the places of a cell that deserve it. Pure; sees only cells without errors. A place may be
 * inherited: then the warning is shown at the cell that made it one.
 */
export interface Rule {
  readonly code: Extract<Code, `W3${string}`>;
  /** Its verdict depends on sizes of dims: another size, another verdict. */
  readonly sized?: true;
  readonly find: (subject: Subject) => readonly Diagnostic[];
}

/** Two or three significant digits. */
export const show = (x: number): string => String(Number(x.toPrecision(x >= 10 ? 3 : 2)));

/** The equation that computes `term`, where one does. */
export function equationOf({ cell, step }: Subject, term: Term): Equation | undefined {
  return cell.equations.find((e) => step.values.get(e.name.text) === term);
}

/** Where the equation of a state, `let` or `gate` writes its name; a state always has one. */
export function placeOf({ cell }: Subject, name: string): Span {
  const equation = cell.equations.find((e) => e.name.text === name);
  const decl = [...cell.params, ...cell.states].find((d) => d.name === name);
  return equation?.name.span ?? decl?.span ?? cell.lineage[0]!.name.span;
}

/** `H = 128` for the sizes that the shape of a parameter depends on; "" where it is fixed. */
export function sizesIn(subject: Subject, param: string): string {
  const shape = subject.cell.params.find((p) => p.name === param)?.shape.dims ?? [];
  const names = [...new Set(shape.flatMap(dimNames))].filter((n) => n in subject.sizes);
  return names.map((n) => `${n} = ${subject.sizes[n]}`).join(", ");
}
