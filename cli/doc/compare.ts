/** @file Two cells side by side. In: their equations. Out: rows by name, what differs marked. */
import type { FlatCell } from "../../compiler/2-check/checked.ts";
import type { Equation } from "../../grammar/ast.ts";
import { latexOfEquation, type Scalars } from "../../grammar/latex.ts";
import { html, type Markup } from "../page/html.ts";
import { math } from "../page/math.ts";
import { inOrder } from "./cell-facts.ts";
import { difference } from "./diff.ts";
import type { Relation } from "./relatives.ts";
import { written } from "./text.ts";

export interface Compared {
  readonly name: string;
  readonly cell: FlatCell;
  readonly scalars: Scalars;
}

const WORDS: Readonly<Record<Relation, string>> = {
  extends: "It extends",
  "extended by": "It is extended by",
  near: "Near to it is",
};

/** `link`: to the other's page. */
export function comparison(
  me: Compared,
  other: Compared,
  relation: Relation,
  likeness: number,
  link: string,
): Markup {
  const rows = rowsOf(me.cell, other.cell);
  const changed = rows.filter((r) => !r.same).length;
  const share = `${Math.round(likeness * 100)} % of the operations are common`;
  return html`<div class="comparison" data-other="${other.name}"><h3>${WORDS[relation]} <a href="${link}">${other.name}</a></h3>
<p class="soft">${changed} of ${rows.length} equations ${changed === 1 ? "differs" : "differ"}; ${share}.</p>
<div class="pairs"><p class="head">${me.name}</p><p class="head">${other.name}</p>
${rows.map((r) => row(r, me, other))}</div></div>
`;
}

interface Row {
  readonly left: Equation | null;
  readonly right: Equation | null;
  readonly same: boolean;
}

/** In the order of the first, then what only the second has. */
function rowsOf(a: FlatCell, b: FlatCell): readonly Row[] {
  const [mine, theirs] = [inOrder(a), inOrder(b)];
  const of = (list: readonly Equation[], name: string): Equation | null =>
    list.find((e) => e.name.text === name) ?? null;
  const text = (e: Equation | null): string => (e === null ? "" : `${e.timed} ${written(e.value)}`);
  const names = new Set([...mine, ...theirs].map((e) => e.name.text));
  return [...names].map((name) => {
    const [left, right] = [of(mine, name), of(theirs, name)];
    return { left, right, same: text(left) === text(right) };
  });
}

function row({ left, right, same }: Row, me: Compared, other: Compared): Markup {
  if (same && left !== null)
    return html`<div class="both">${typeset(left, me.scalars, NONE)}</div>\n`;
  const marks = left !== null && right !== null ? difference(left.value, right.value) : null;
  const side = (
    e: Equation | null,
    { name, scalars }: Compared,
    marked: ReadonlySet<Equation["value"]>,
  ): Markup => {
    const who = html`<span class="who soft">${name}</span>`;
    return e === null
      ? html`<div class="side none">${who}–</div>`
      : html`<div class="side differs">${who}${typeset(e, scalars, marked)}</div>`;
  };
  return html`${side(left, me, marks?.left ?? NONE)}${side(right, other, marks?.right ?? NONE)}
`;
}

const NONE: ReadonlySet<never> = new Set();

function typeset(e: Equation, scalars: Scalars, marked: ReadonlySet<Equation["value"]>): Markup {
  const { left, right } = latexOfEquation(e, scalars, marked);
  return math(`${left} = ${right}`);
}
