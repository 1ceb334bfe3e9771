/** @file The step's Jacobian on a page. In: a checked cell with sizes. Out: each block as its paths, with the
 *  equations they pass; markup of them. Never a value. */
import { jacobians } from "../../compiler/analyse/jacobian.ts";
import type { Checked } from "../../compiler/2-check/checked.ts";
import type { Entry } from "../../compiler/3-lower/lower.ts";
import { latexOf } from "../../grammar/latex.ts";
import { latexOfName } from "../../grammar/latex-names.ts";
import { html, type Markup } from "../page/html.ts";
import { math } from "../page/math.ts";
import { scalarsOf, shapesOf } from "./shapes.ts";

export interface DerivationFacts {
  /** ∂of[t]/∂to[t−lag] is the sum of the terms; pairs that do not touch are left out. */
  readonly blocks: readonly {
    readonly of: string;
    readonly to: string;
    readonly lag: number;
    readonly terms: readonly TermFacts[];
    /** Terms beyond those written out. */
    readonly more: number;
  }[];
  /** What short names in the terms stand for. */
  readonly definitions: readonly { readonly text: string; readonly latex: string }[];
}

interface TermFacts {
  readonly text: string;
  readonly latex: string;
  /** Names of the equations that the path passes, from the state that is derived back. */
  readonly through: readonly string[];
  /** Elementwise and linear in the old state: the gradient's straight way. */
  readonly direct: boolean;
}

/** Of a cell. */
export function derivationOf(checked: Checked, entry: Entry): DerivationFacts {
  const cell = checked.cells.get(entry.name)!;
  const scalars = scalarsOf(cell, shapesOf(checked, cell), Object.keys(entry.dims));
  const found = jacobians(checked, entry);
  return {
    blocks: found.flatMap(({ blocks }) =>
      blocks.map(({ of, to, lag, terms, more }) => ({
        of,
        to,
        lag,
        more,
        terms: terms.map(({ text, expression, through, direct }) => ({
          text,
          latex: latexOf(expression, scalars),
          through: through.map((p) => p.name),
          direct,
        })),
      })),
    ),
    definitions: found.flatMap(({ definitions }) =>
      definitions.map(({ name, text, expression }) => ({
        text: `${name} = ${text}`,
        latex: `${latexOfName(name)} = ${latexOf(expression, scalars)}`,
      })),
    ),
  };
}

/** Paths shown at once; the rest unfolds, where it is more than a few. */
const SHOWN = 6;
const FEW = 3;

export function derivationSection({ blocks, definitions }: DerivationFacts): Markup {
  const intro = html`<p class="soft">How a state depends on the states a step before: a term for each path through the equations, the straight ones first. A gradient keeps what is <b>direct</b>; what goes through weights and nonlinearities is scaled by them at every step.</p>`;
  const where =
    definitions.length === 0
      ? null
      : html`<p>Where ${definitions.map((d, i) => html`${i === 0 ? "" : ", "}${math(d.latex)}`)}.</p>`;
  return html`${intro}${blocks.map(block)}${where}`;
}

function block({ of, to, lag, terms, more }: DerivationFacts["blocks"][number]): Markup {
  const sorted = [...terms].sort((a, b) => Number(b.direct) - Number(a.direct));
  const lines = sorted.map(term);
  const shown = lines.length > SHOWN + FEW ? SHOWN : lines.length;
  const rest = lines.slice(shown);
  const folded =
    rest.length === 0
      ? null
      : html`<details><summary>${rest.length} more paths</summary>${rest}</details>`;
  const unwritten = more === 0 ? null : html`<p class="soft">and ${more} paths not written out</p>`;
  const left = `\\frac{\\partial ${latexOfName(of, 0)}}{\\partial ${latexOfName(to, lag)}}`;
  return html`<div class="block" data-block="${of} ${to} ${lag}"><div class="of">${math(`${left} =`)}</div><div class="terms">${lines.slice(0, shown)}${folded}${unwritten}</div></div>
`;
}

function term({ text, latex, through, direct }: TermFacts, i: number): Markup {
  const way = through.map((name, k) => html`${k === 0 ? "" : " ← "}${math(latexOfName(name, 0))}`);
  const note = direct ? html`<b class="direct">direct</b> ` : null;
  return html`<div class="term"><div class="math" title="${text}">${math(`${i === 0 ? "" : "{} + "}${latex}`)}</div><span class="way soft">${note}${way}</span></div>`;
}
